"""
smtplib and swaks before aiosmtpd, with a proxy between them that does nothing.
"""

from __future__ import annotations

import random
import smtplib

from tests.integration.ruling import fault, rule
from tests.integration.servers import missing
from tests.integration.smtpd import NOBODY, PASSWORD, USER, SMTPCase
from tests.integration.support import inThread, run

#: A rule that no exchange of these tests matches.
NEVER = fault({"sender": "never@*"}, code=451)


class SMTPThroughTests(SMTPCase):
    """
    With nothing asked, or nothing that matches, everything passes as it is.
    """

    @inThread
    def test_mails(self) -> None:
        """
        A hundred mails arrive byte for byte, dots and all, over one connection.
        """
        generator = random.Random(7)
        alphabet = [b".", b"..", b"\r\n", b"\r\n.", b"text", bytes(range(128, 256))]
        for rules in ([], [NEVER]):
            rule(self, *rules)
            client = self.connect()
            sent = []
            for number in range(100):
                text = b"Subject: %d\r\n\r\n" % number
                text += b"".join(generator.choices(alphabet, k=50)) + b"\r\n"
                sent.append(text)
                client.sendmail("a@example.org", ["b@example.org", "c@example.org"], text)
            client.quit()
            self.assertEqual([mail.content for mail in self.mailbox.mails], sent)
            self.mailbox.mails.clear()
        self.assertEqual((self.opaque(), self.effects()), ([], []))

    @inThread
    def test_big(self) -> None:
        """
        A mail of megabytes, with credentials.
        """
        client = self.connect()
        client.login(USER, PASSWORD)
        text = b"Subject: big\r\n\r\n" + b"." * 70 + b"\r\n" + (b"x" * 76 + b"\r\n") * 50_000
        client.sendmail("a@example.org", ["b@example.org"], text)
        self.assertEqual(self.mailbox.mails[0].content, text)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.connect().login(USER, "wrong")
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_serverErrors(self) -> None:
        """
        The server's own refusals pass, and the session goes on.
        """
        client = self.connect()
        with self.assertRaises(smtplib.SMTPRecipientsRefused) as caught:
            self.send(client, NOBODY)
        self.assertEqual(caught.exception.recipients[NOBODY], (550, b"5.1.1 no such user"))
        self.send(client, "b@example.org", NOBODY)
        self.assertEqual([mail.rcpt_tos for mail in self.mailbox.mails], [["b@example.org"]])


class SwaksTests(SMTPCase):
    """
    The same with C{swaks}.
    """

    skip = SMTPCase.skip or missing("swaks")

    @inThread
    def test_mail(self) -> None:
        """
        One mail, whole and with its commands sent at once.
        """
        for rules, more in (([], []), ([NEVER], ["--pipeline"])):
            rule(self, *rules)
            words = ["--server", "127.0.0.1", "--port", str(self.proxy.port), *more]
            words += ["--from", "a@example.org", "--to", "b@example.org,c@example.org"]
            ended = run("swaks", *words, "--body", ".\n..\nend")
            self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        for mail in self.mailbox.mails:
            self.assertEqual(mail.rcpt_tos, ["b@example.org", "c@example.org"])
            self.assertIn(b"\r\n.\r\n..\r\nend\r\n", mail.content)
        self.assertEqual(len(self.mailbox.mails), 2)
        self.assertEqual((self.opaque(), self.effects()), ([], []))

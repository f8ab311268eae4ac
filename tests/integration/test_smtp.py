"""
smtplib and swaks before aiosmtpd, with a proxy between them that does nothing.
"""

from __future__ import annotations

import random
import re
import smtplib
import ssl

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SkipTest

from tests.integration.authority import papers
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
            together = re.search(
                r"(?m)^ -> MAIL .*\n -> RCPT .*\n -> RCPT .*\n -> DATA$", ended.stdout
            )
            self.assertEqual(together is not None, bool(more), ended.stdout)
        for mail in self.mailbox.mails:
            self.assertEqual(mail.rcpt_tos, ["b@example.org", "c@example.org"])
            self.assertIn(b"\r\n.\r\n..\r\nend\r\n", mail.content)
        self.assertEqual(len(self.mailbox.mails), 2)
        self.assertEqual((self.opaque(), self.effects()), ([], []))


class STARTTLSTests(SMTPCase):
    """
    Sessions that go on in TLS.
    """

    speaksTLS = True

    def startTLS(self, client: smtplib.SMTP) -> None:
        """
        Go on in TLS, with the server whose certificate is known.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(papers().authority.certificate)
        client.starttls(context=context)

    @inThread
    def test_smtplib(self) -> None:
        """
        The client checks the server's certificate, logs in and sends, in TLS with the server
        itself; the log says that the connection cannot be read on, and no rule strikes.
        """
        rule(self, fault({"command": ["MAIL", "RCPT", "DATA", "AUTH", "MESSAGE"]}, code=451))
        client = self.connect()
        client.ehlo()
        with capturedLogs() as captured:
            self.startTLS(client)
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: TLS", lines)
        client.login(USER, PASSWORD)
        self.send(client)
        client.quit()
        [mail] = self.mailbox.mails
        self.assertEqual(mail.rcpt_tos, ["b@example.org"])
        self.assertIn(b"some text", mail.content)
        self.assertEqual((self.opaque(), self.effects()), (["TLS"], []))

    @inThread
    def test_clear(self) -> None:
        """
        A client that does not ask for TLS is read as ever.
        """
        rule(self, fault({"command": "MAIL"}, code=451))
        with self.assertRaises(smtplib.SMTPSenderRefused):
            self.send(self.connect())
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_refused(self) -> None:
        """
        STARTTLS itself can be refused: the session stays in the clear and goes on.
        """
        rule(self, fault({"command": "STARTTLS"}, code=454))
        client = self.connect()
        client.ehlo()
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.startTLS(client)
        self.assertEqual(caught.exception.smtp_code, 454)
        self.send(client)
        self.assertEqual(len(self.mailbox.mails), 1)
        self.assertEqual((self.opaque(), self.effects()), ([], ["error 454"]))

    @inThread
    def test_swaks(self) -> None:
        """
        So it is with C{swaks}, also with its commands sent at once; where it may do without
        TLS it does.
        """
        if missing("swaks") or "=== TLS supported" not in run("swaks", "--support").stdout:
            raise SkipTest("not installed: swaks with TLS (Perl's Net::SSLeay)")
        words = ["--server", "127.0.0.1", "--port", str(self.proxy.port)]
        words += ["--from", "a@example.org", "--to", "b@example.org"]
        for more in ([], ["--pipeline"]):
            ended = run("swaks", *words, "--tls", *more)
            self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
            self.assertIn("=== TLS started", ended.stdout)
            self.assertIn("\n ~> ", ended.stdout)
        self.assertEqual((len(self.mailbox.mails), self.opaque()), (2, ["TLS", "TLS"]))
        rule(self, fault({"command": "STARTTLS"}, code=454))
        # swaks(1), "EXIT CODES": TLS was wanted and not to be had.
        self.assertEqual(run("swaks", *words, "--tls").returncode, 29)
        ended = run("swaks", *words, "--tls-optional")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertEqual((len(self.mailbox.mails), self.opaque()), (3, ["TLS", "TLS"]))

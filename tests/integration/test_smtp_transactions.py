"""
Mail transactions of aiosmtpd on which errors are injected: what is delivered, and to whom.
"""

from __future__ import annotations

import smtplib

from tests.integration.ruling import fault, rule
from tests.integration.servers import missing
from tests.integration.smtpd import SMTPCase
from tests.integration.support import inThread, run

PLACES = ("request", "reply")


class TransactionTests(SMTPCase):
    """
    What is left of a mail.
    """

    @property
    def delivered(self) -> list[list[str]]:
        """
        The recipients of each mail.
        """
        return [mail.rcpt_tos for mail in self.mailbox.mails]

    @inThread
    def test_recipient_pitfall22(self) -> None:
        """
        A recipient that was refused, before or after the server took it, gets no mail; the
        others of the same mail do.
        """
        for at in PLACES:
            client = self.connect()
            rule(self, fault({"command": "RCPT", "recipient": "b@*"}, code=450, at=at))
            self.send(client, "a@example.org", "b@example.org", "c@example.org")
            self.assertEqual(self.delivered.pop(), ["a@example.org", "c@example.org"], at)
            # And the envelopes of later mails are their own.
            rule(self)
            self.send(client, "d@example.org")
            self.assertEqual(self.delivered[-1], ["d@example.org"])

    @inThread
    def test_sender_pitfall22(self) -> None:
        """
        After a MAIL that was refused the next one is no second one.
        """
        for at in PLACES:
            client = self.connect()
            client.ehlo()
            rule(self, fault({"command": "MAIL"}, code=451, at=at))
            self.assertEqual(client.mail("a@example.org")[0], 451)
            rule(self)
            self.assertEqual(client.rcpt("b@example.org")[0], 503, at)
            self.assertEqual(client.mail("a@example.org")[0], 250, at)
            client.close()
        self.assertEqual(self.delivered, [])

    @inThread
    def test_data_pitfall22(self) -> None:
        """
        A DATA that was refused changes nothing: it can be asked again, or reset; a mail that
        was refused before it reached the server is not delivered.
        """
        client = self.connect()
        client.ehlo()
        rule(self, {**fault({"command": "DATA"}, code=452), "times": 1})
        client.mail("a@example.org")
        client.rcpt("b@example.org")
        with self.assertRaises(smtplib.SMTPDataError):
            client.data(b"one\r\n")
        self.assertEqual(client.data(b"two\r\n")[0], 250)
        self.assertEqual([mail.content for mail in self.mailbox.mails], [b"two\r\n"])
        rule(self, fault({"command": "MESSAGE"}, code=452))
        with self.assertRaises(smtplib.SMTPDataError):
            self.send(client)
        self.assertEqual(len(self.mailbox.mails), 1)


class SwaksTests(SMTPCase):
    """
    What C{swaks} sends, all at once.
    """

    skip = SMTPCase.skip or missing("swaks")

    @inThread
    def test_pipelined_pitfall22(self) -> None:
        """
        Of two recipients the one that was refused gets no mail, in a pipeline too.
        """
        words = ["--server", "127.0.0.1", "--port", str(self.proxy.port), "--pipeline"]
        words += ["--from", "a@example.org", "--to", "b@example.org,c@example.org"]
        for at in PLACES:
            rule(self, fault({"command": "RCPT", "recipient": "b@*"}, code=450, at=at))
            ended = run("swaks", *words)
            self.assertIn("<** 450 ", ended.stdout)
            self.assertEqual(ended.returncode, 0, ended.stdout)
            [mail] = self.mailbox.mails
            self.assertEqual(mail.rcpt_tos, ["c@example.org"])
            self.mailbox.mails.clear()

"""
aiosmtpd behind a proxy that answers in its place: what clients make of it.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing
from tests.integration.smtpd import PASSWORD, USER, SMTPCase
from tests.integration.support import inThread, run
from vaurien_twisted.wire.smtp.errors import CATALOG

ERRORS = CATALOG.presets

#: What smtplib raises, by the command that is refused.
RAISED: dict[str, type[smtplib.SMTPException]] = {
    "EHLO": smtplib.SMTPHeloError,
    "AUTH": smtplib.SMTPAuthenticationError,
    "MAIL": smtplib.SMTPSenderRefused,
    "RCPT": smtplib.SMTPRecipientsRefused,
    "DATA": smtplib.SMTPDataError,
    "MESSAGE": smtplib.SMTPDataError,
}


def told(refused: smtplib.SMTPException) -> tuple[int, bytes]:
    """
    The code and the words of a refusal.
    """
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        [(code, words)] = refused.recipients.values()
        return code, words
    if isinstance(refused, smtplib.SMTPResponseException):
        words = refused.smtp_error
        return refused.smtp_code, words if isinstance(words, bytes) else words.encode()
    raise refused


#: How swaks ends, by the command that is refused (swaks(1), "EXIT CODES").
ENDS = {"MAIL": 23, "RCPT": 24, "DATA": 25, "MESSAGE": 26}


class PresetTests(SMTPCase):
    """
    What smtplib raises.
    """

    @inThread
    def test_eachVerb(self) -> None:
        """
        Each preset at each verb raises that verb's class with the server's words; the
        same session then sends a mail, unless it has ended as a server would end it.
        """
        for code, error in ERRORS.items():
            for verb, raised in RAISED.items():
                client = self.connect()
                when = {"command": ["EHLO", "HELO"] if verb == "EHLO" else verb}
                rule(self, fault(when, code=int(code)))
                if code == "421" and verb in ("EHLO", "AUTH"):
                    # It tries HELO, or another mechanism, and finds nobody there.
                    with self.assertRaises(smtplib.SMTPServerDisconnected):
                        self.task(verb)(client)
                    continue
                with self.assertRaises(raised) as caught:
                    self.task(verb)(client)
                enhanced = "" if verb == "EHLO" else error.state + " "
                self.assertEqual(
                    told(caught.exception), (int(code), f"{enhanced}{error.message}".encode()), verb
                )
                rule(self)
                if code == "421" or verb == "MESSAGE":
                    with self.assertRaises(smtplib.SMTPServerDisconnected):
                        client.noop()
                else:
                    # The server knows of the mail that was not sent.
                    client.ehlo()
                    client.rset()
                    self.send(client)
        sent = len(ERRORS) * len(RAISED) - len(ERRORS) - len(RAISED) + 1
        self.assertEqual(len(self.mailbox.mails), sent)

    def task(self, verb: str) -> Callable[[smtplib.SMTP], object]:
        """
        What makes a client say this.
        """
        if verb == "EHLO":
            return smtplib.SMTP.ehlo_or_helo_if_needed
        if verb == "AUTH":
            return lambda client: client.login(USER, PASSWORD)
        return self.send

    @inThread
    def test_greeting(self) -> None:
        """
        Each preset refuses the connection.
        """
        for code, error in ERRORS.items():
            rule(self, fault(code=code, at="greeting"))
            with self.assertRaises(smtplib.SMTPConnectError) as caught:
                self.connect()
            self.assertEqual(told(caught.exception), (int(code), error.message.encode()))

    @inThread
    def test_withoutCode(self) -> None:
        """
        Without a code it is one that fits the verb.
        """
        rule(self, fault({"command": "RCPT"}))
        client = self.connect()
        codes = set()
        for _ in range(20):
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as caught:
                self.send(client)
            codes.add(told(caught.exception)[0])
        self.assertEqual(codes, {450, 451, 452})
        self.assertEqual(self.mailbox.mails, [])


class AimTests(SMTPCase):
    """
    Which commands are met, and where.
    """

    @inThread
    def test_addresses(self) -> None:
        """
        Mail of a sender, or to a recipient, is met; other mail of the same session is not.
        """
        client = self.connect()
        rule(
            self,
            fault({"command": "MAIL", "sender": "*@spam.example"}, code=550),
            fault({"command": "RCPT", "recipient": "full@*"}, code=452),
            fault({"command": "DATA", "recipient": "slow@*"}, code=451),
        )
        self.send(client)
        with self.assertRaises(smtplib.SMTPSenderRefused):
            self.send(client, sender="me@spam.example")
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send(client, "full@example.org")
        self.send(client, "full@example.org", "b@example.org")
        with self.assertRaises(smtplib.SMTPDataError):
            self.send(client, "b@example.org", "slow@example.org")
        client.rset()
        self.send(client)
        recipients = [mail.rcpt_tos for mail in self.mailbox.mails]
        self.assertEqual(recipients, [["b@example.org"]] * 3)
        wanted = ["MAIL me@spam.example", "RCPT full@example.org", "RCPT full@example.org"]
        wanted.append("DATA a@example.org b@example.org slow@example.org")
        self.assertEqual(decided(self), wanted)

    @inThread
    def test_replied(self) -> None:
        """
        At C{reply} the server has the mail, its client is told otherwise, and the session
        goes on.
        """
        client = self.connect()
        rule(self, {**fault({"command": "MESSAGE"}, code=451, at="reply"), "times": 1})
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.send(client)
        self.assertEqual(told(caught.exception)[0], 451)
        self.assertEqual(len(self.mailbox.mails), 1)
        self.send(client)
        self.assertEqual(len(self.mailbox.mails), 2)
        rule(self, fault({"command": "DATA"}, code=451, at="reply"))
        with self.assertRaises(smtplib.SMTPDataError):
            self.send(client)
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.noop()
        self.assertEqual(len(self.mailbox.mails), 2)

    @inThread
    def test_cut(self) -> None:
        """
        At C{partial} a reply ends after so many lines or bytes, and with it the session.
        """
        for options, raised in (
            ({"count": 2, "unit": "units"}, smtplib.SMTPServerDisconnected),
            ({"count": 0, "unit": "units"}, smtplib.SMTPServerDisconnected),
            ({"count": 30}, smtplib.SMTPServerDisconnected),
            ({"count": 30, "then": "reset"}, smtplib.SMTPServerDisconnected),
        ):
            client = self.connect()
            rule(self, fault({"command": "EHLO"}, at="partial", **options))
            with self.assertRaises(raised):
                client.ehlo()
            rule(self)
        self.send(self.connect())
        self.assertEqual(len(self.mailbox.mails), 1)


class SwaksTests(SMTPCase):
    """
    What C{swaks} says.
    """

    skip = SMTPCase.skip or missing("swaks")

    @inThread
    def test_eachVerb(self) -> None:
        """
        It prints the refusal and ends with the code for that command, with its commands
        sent one by one and at once.
        """
        words = ["--server", "127.0.0.1", "--port", str(self.proxy.port)]
        words += ["--from", "a@example.org", "--to", "b@example.org"]
        for verb, status in ENDS.items():
            rule(self, fault({"command": verb}, code=451))
            ended = run("swaks", *words)
            self.assertIn(f"<** 451 4.3.0 {ERRORS['451'].message}", ended.stdout)
            self.assertEqual(ended.returncode, status, ended.stdout)
        rule(self, fault({"command": "RCPT", "recipient": "b@*"}, code=450))
        ended = run("swaks", *words, "--pipeline")
        self.assertIn(f"<** 450 4.2.0 {ERRORS['450'].message}", ended.stdout)
        # What was sent behind it has the server's own answers, in their places.
        self.assertRegex(ended.stdout, r"(?s)<- +250 .*<\*\* 450 .*<\*\* 503 ")
        self.assertEqual(self.mailbox.mails, [])
        rule(self, fault(code=421, at="greeting"))
        ended = run("swaks", *words)
        self.assertIn("<** 421 " + ERRORS["421"].message, ended.stdout)
        self.assertEqual(ended.returncode, 21)

"""
Tests for what rules ask of L{vaurien_twisted.wire.smtp.protocol}: targets, codes and cuts.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.cutting import Cut, cutReply, matches
from tests.wire.smtp.test_protocol import greeted
from tests.wire.smtp.test_requests import GO, GREETING, OK, session
from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.smtp.protocol import SMTP

#: A mail to two, of whom one is refused.
MAIL = (
    ("client", b"EHLO x\r\nMAIL FROM:<Bob@x.org>\r\nRCPT TO:<ann@y.org>\r\nRCPT TO:<no@z.org>\r\n"),
    ("backend", OK + OK + OK + b"550 no\r\n"),
    ("client", b"DATA\r\n"),
    ("backend", GO),
    ("client", b"text\r\n.\r\n"),
    ("backend", OK),
    ("client", b"BDAT 2 LAST\r\nhi"),
)


class TargetTests(SynchronousTestCase):
    """
    L{SMTP.targets}.
    """

    def found(self, **when: object) -> list[str]:
        """
        The commands of L{MAIL} that match.
        """
        heard = session(*MAIL)
        every = [heard.exchanges[number] for number in sorted(heard.exchanges)]
        return [each.command for each in every if matches(SMTP.targets, each, **when)]

    def test_sender(self) -> None:
        """
        The sender's address at every command of the mail.
        """
        wanted = ["MAIL", "RCPT", "RCPT", "DATA", "MESSAGE"]
        for pattern in ("Bob@x.org", "bob@*", "*@x.org", ["no", "B?b@*"]):
            self.assertEqual(self.found(sender=pattern), wanted, pattern)
        self.assertEqual(self.found(sender="BOB@*"), [])

    def test_noSender(self) -> None:
        """
        Where there is no sender the address is empty.
        """
        self.assertEqual(self.found(sender=""), ["BDAT"])

    def test_missed(self) -> None:
        """
        An exchange that a rule has missed is judged without its envelope, which is not kept.
        """
        for command in ("RCPT", "DATA", "BDAT", "MESSAGE"):
            missed = Exchange(1, command)
            self.assertFalse(matches(SMTP.targets, missed, sender="ann@*"), command)
            self.assertFalse(matches(SMTP.targets, missed, recipient="ann@*"), command)

    def test_recipient(self) -> None:
        """
        At RCPT its own address, later any that was not refused.
        """
        self.assertEqual(self.found(recipient="ann@*"), ["RCPT", "DATA", "MESSAGE"])
        self.assertEqual(self.found(recipient="no@z.org"), ["RCPT"])
        self.assertEqual(self.found(recipient="bob@x.org"), [])

    def test_command(self) -> None:
        """
        The verb.
        """
        self.assertEqual(self.found(command="rcpt"), ["RCPT", "RCPT"])
        self.assertEqual(self.found(command="MESSAGE", sender="*"), ["MESSAGE"])

    def test_severalRecipients(self) -> None:
        """
        One of the recipients is enough.
        """
        turns = (
            ("client", b"MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"),
            ("backend", OK + OK + OK + GO),
        )
        data = session(*turns).exchanges[4]
        for pattern in ("a@x", "b@y"):
            self.assertTrue(matches(SMTP.targets, data, recipient=pattern, sender=""))
        self.assertFalse(matches(SMTP.targets, data, recipient="c@z"))


class CodeTests(SynchronousTestCase):
    """
    L{SMTP.named}.
    """

    def test_known(self) -> None:
        """
        Presets, and any code of an error.
        """
        wire = SMTP()
        self.assertEqual(wire.parseError("451", ""), wire.errors["451"])
        self.assertEqual(wire.parseError("451", "mine").message, "mine")
        self.assertEqual(wire.parseError("459", "").message, "Transient negative completion")
        self.assertEqual(wire.parseError("559", "").message, "Permanent negative completion")
        self.assertEqual(wire.parseError("559", "mine").message, "mine")

    def test_refused(self) -> None:
        """
        Others are refused with the nearest preset.
        """
        for code, words in (
            ("45", "did you mean '45"),
            ("250", "a reply code from 400 to 459 or from 500 to 559"),
            ("460", "400 to 459"),
            ("4510", "did you mean '451'"),
            ("busy", "pick one of"),
        ):
            refused = self.assertRaises(Refused, SMTP().parseError, code, "")
            self.assertIn(words, str(refused))

    def test_late(self) -> None:
        """
        In place of a reply the session goes on; in place of a mail, for which the backend
        waits, it ends.
        """
        for command, now, later in (
            ("RCPT", ConnectionFate.KEEP, ConnectionFate.KEEP),
            ("BDAT", ConnectionFate.KEEP, ConnectionFate.KEEP),
            ("MESSAGE", ConnectionFate.CLOSE, ConnectionFate.KEEP),
            ("DATA", ConnectionFate.KEEP, ConnectionFate.KEEP),
            ("AUTH", ConnectionFate.KEEP, ConnectionFate.KEEP),
            ("STARTTLS", ConnectionFate.KEEP, ConnectionFate.KEEP),
        ):
            for late, then in ((False, now), (True, later)):
                error = WireError("451", "m", "", late=late)
                reply = SMTP().encodeError(Exchange(3, command), error)
                assert reply is not None
                self.assertIs(reply.then, then, command)

    def test_words(self) -> None:
        """
        A text with an enhanced code keeps that; 454 speaks of TLS to STARTTLS.
        """
        wire = SMTP()
        policy = wire.parseError("550", "5.7.1 blocked")
        self.assertEqual(
            wire.encodeError(Exchange(3, "RCPT"), policy), Reply(b"550 5.7.1 blocked\r\n")
        )
        late = wire.parseError("454", "")
        reply = wire.encodeError(Exchange(3, "STARTTLS"), late)
        self.assertEqual(reply, Reply(b"454 4.7.0 TLS not available due to temporary reason\r\n"))
        mine = wire.parseError("454", "mine")
        self.assertEqual(
            wire.encodeError(Exchange(3, "STARTTLS"), mine), Reply(b"454 4.7.0 mine\r\n")
        )


class CutTests(SynchronousTestCase):
    """
    Replies that are cut after so many lines.
    """

    def test_lines(self) -> None:
        """
        So many lines pass, and nothing behind them.
        """
        lines = [b"250-a\r\n", b"250-b\r\n", b"250 c\r\n"]
        for size in (0, 1):
            for count in range(5):
                framer, heard = greeted()
                converse(framer, [GREETING], heard=heard)
                [cut] = cutReply(framer, b"EHLO x\r\n", b"".join(lines), count, size).values()
                self.assertEqual(cut, Cut(b"".join(lines[:count]), count <= 3))

    def test_each(self) -> None:
        """
        Each reply is counted for itself.
        """
        framer, heard = greeted()
        converse(framer, [GREETING], heard=heard)
        passed = cutReply(framer, b"NOOP\r\nHELP\r\n", OK + b"214-a\r\n214 b\r\n", 1)
        self.assertEqual(passed, {1: Cut(OK, True), 2: Cut(b"214-a\r\n", True)})

"""
Tests for L{vaurien_twisted.wire.smtp.errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.smtp.protocol import SMTP


def codes(number: int, command: str) -> list[str]:
    """
    The codes that fit such an exchange.
    """
    return [error.code for error in SMTP().transientErrors(Exchange(number, command))]


class ErrorTests(SynchronousTestCase):
    """
    Presets and refusals.
    """

    def test_presets(self) -> None:
        """
        Each is listed under its code; enhanced codes are of the same class; those that
        fit are transient.
        """
        wire = SMTP()
        wanted = "421 450 451 452 454 455 530 535 550 552 553 554"
        self.assertEqual(sorted(wire.errors), wanted.split())
        for code, error in wire.errors.items():
            self.assertEqual(error.code, code)
            self.assertEqual(error.state[:2], code[0] + ".")
        for verb in ("MAIL", "RCPT", "DATA", "MESSAGE", "BDAT", "AUTH", "STARTTLS", "QUIT"):
            self.assertTrue(
                all(error.transient for error in wire.transientErrors(Exchange(1, verb)))
            )

    def test_fitting(self) -> None:
        """
        They fit the verb.
        """
        self.assertEqual(codes(0, "connect"), ["421"])
        self.assertEqual(codes(1, "RCPT"), ["450", "451", "452"])
        self.assertEqual(codes(1, "MESSAGE"), ["451", "452"])
        self.assertEqual(codes(1, "AUTH"), ["454"])
        self.assertEqual(codes(1, "NOOP"), ["421"])

    def test_bytes(self) -> None:
        """
        The line that a server writes; enhanced codes only once they are agreed upon.
        """
        busy = SMTP().errors["450"]
        text = b"Requested mail action not taken: mailbox unavailable\r\n"
        reply = SMTP().encodeError(Exchange(3, "RCPT"), busy)
        self.assertEqual(reply, Reply(b"450 4.2.0 " + text))
        self.assertEqual(SMTP().encodeError(Exchange(1, "EHLO"), busy), Reply(b"450 " + text))
        reply = SMTP().encodeError(Exchange(0, "connect"), busy)
        self.assertEqual(reply, Reply(b"450 " + text, ConnectionFate.CLOSE))

    def test_closes(self) -> None:
        """
        It closes with 421, and amid a mail with anything.
        """
        for command, code, then in (
            ("RCPT", "421", ConnectionFate.CLOSE),
            ("MESSAGE", "452", ConnectionFate.CLOSE),
            ("DATA", "452", ConnectionFate.KEEP),
        ):
            reply = SMTP().encodeError(Exchange(3, command), SMTP().errors[code])
            assert reply is not None
            self.assertIs(reply.then, then)

    def test_freeCode(self) -> None:
        """
        Any 4xx or 5xx can be said, on several lines too; nothing else can.
        """
        error = WireError("599", "one\r\ncaf\xe9", "")
        reply = SMTP().encodeError(Exchange(3, "RCPT"), error)
        self.assertEqual(reply, Reply(b"599-one\r\n599 caf\xc3\xa9\r\n"))
        reply = SMTP().encodeError(Exchange(3, "RCPT"), WireError("450", "", ""))
        self.assertEqual(reply, Reply(b"450 \r\n"))
        for code in ("250", "4500", "4x0", "40001", ""):
            self.assertIsNone(SMTP().encodeError(Exchange(3, "RCPT"), WireError(code, "no", "")))

    def test_unread(self) -> None:
        """
        Within TLS there is no way to say anything.
        """
        turn = Exchange(3)
        self.assertEqual(SMTP().transientErrors(turn), ())
        self.assertIsNone(SMTP().encodeError(turn, SMTP().errors["451"]))

"""
Tests for L{vaurien_twisted.wire.starttls}: framers in whose protocols both ends can agree
to go on in TLS.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.mysql.conversation import PYMYSQL
from tests.wire.support import Heard, converse, take
from vaurien_twisted.interfaces import IFramer, IStartTLS
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, build
from vaurien_twisted.wire.mysql.packets import CLIENT_SSL, packet
from vaurien_twisted.wire.mysql.protocol import MySQLFramer
from vaurien_twisted.wire.postgresql.protocol import PostgreSQLFramer
from vaurien_twisted.wire.smtp.protocol import SMTPFramer
from vaurien_twisted.wire.starttls import TLSOptions

#: The beginning of what TLS says, as far as anybody cares here.
HELLO = b"\x16\x03\x01\x02\x00and so on"

SIZES = (0, 1, 3)


class OptionsTests(SynchronousTestCase):
    """
    What can be said.
    """

    def test_together(self) -> None:
        """
        The other files say nothing without a certificate.
        """
        for name in ("tls_key", "tls_ca", "tls_name", "tls_client"):
            refused = self.assertRaises(Refused, build, TLSOptions, {name: "x"}, "it")
            self.assertEqual(refused.name, name)
            self.assertIn("tls_certificate", refused.description)
            options = build(TLSOptions, {name: "x", "tls_certificate": "y"}, "it")
            self.assertEqual(getattr(options, name), "x")

    def test_refuse(self) -> None:
        """
        It is read with a certificate, or refused: not both.
        """
        self.assertFalse(build(TLSOptions, {}, "it").refuses)
        self.assertTrue(build(TLSOptions, {"tls": "refuse"}, "it").refuses)
        both = {"tls": "refuse", "tls_certificate": "y"}
        refused = self.assertRaises(Refused, build, TLSOptions, both, "it")
        self.assertEqual(refused.name, "tls")
        self.assertIn("tls_certificate", refused.description)


class UpgradingCase(SynchronousTestCase):
    """
    A framer up to the agreement, and beyond it.
    """

    def agreed(self, framer: Any, heard: Heard, early: tuple[bytes, bytes] = (b"", b"")) -> None:
        """
        TLS begins, with these bytes of it from client and backend.
        """
        self.assertTrue(verifyObject(IStartTLS, framer))
        self.assertTrue(verifyObject(IFramer, framer))
        self.assertEqual((framer.upgrading, framer.opaque, heard.error), (True, "", ""))
        self.assertEqual(framer.upgrade(), early)
        self.assertFalse(framer.upgrading)


class MySQLTests(UpgradingCase):
    """
    The client asks in answer to the greeting, and goes on at once.
    """

    def setUp(self) -> None:
        greeting, answer, verdict, command = (bytes.fromhex(data) for _, data in PYMYSQL[:4])
        payload = bytearray(answer[4:])
        payload[1] |= CLIENT_SSL >> 8
        self.greeting = greeting
        self.asked = packet(1, bytes(payload[:32]))
        self.answer = packet(2, bytes(payload))
        self.verdict = packet(3, verdict[4:])
        self.command = command

    def begun(self, size: int, tls: bool = True) -> tuple[MySQLFramer, Heard]:
        """
        A framer that has heard the greeting, as the link announces it.
        """
        framer = MySQLFramer(tls)
        heard = Heard()
        greeting = Exchange(0, "connect", unasked=True)
        heard.exchanges[0] = greeting
        framer.expect(greeting)
        converse(framer, [("backend", self.greeting)], size, heard)
        return framer, heard

    def test_within(self) -> None:
        """
        What is said within TLS is read; the numbers of packets go on.
        """
        for size in SIZES:
            framer, heard = self.begun(size)
            converse(framer, [("client", self.asked + HELLO)], size, heard)
            self.assertEqual(heard.requests, {0: self.asked})
            converse(framer, [("client", b"more")], size, heard)
            self.agreed(framer, heard, (HELLO + b"more", b""))
            turns = [("client", self.answer), ("backend", self.verdict), ("client", self.command)]
            converse(framer, turns, size, heard)
            self.assertEqual(heard.requests[0], self.asked + self.answer)
            self.assertEqual(heard.exchanges[1].command, "COM_QUERY")
            self.assertEqual((heard.ended[1], heard.error, framer.opaque), ([0], "", ""))

    def test_unread(self) -> None:
        """
        Where TLS is not read all of it passes.
        """
        framer, heard = self.begun(0, False)
        converse(framer, [("client", self.asked + HELLO)], 0, heard)
        self.assertEqual((framer.opaque, framer.upgrading), ("TLS", False))
        self.assertEqual(heard.loose[0], self.asked + HELLO)

    def test_numbers(self) -> None:
        """
        Within TLS the answer's number is the one after that of the wish.
        """
        framer, heard = self.begun(0)
        converse(framer, [("client", self.asked)], 0, heard)
        self.agreed(framer, heard)
        converse(framer, [("client", packet(1, self.answer[4:]))], 0, heard)
        self.assertIn("has the wrong number, 1", heard.error)

    def test_refused(self) -> None:
        """
        The greeting offers everything but TLS, however it comes, and the rest is read.
        """
        offer = bytearray(self.greeting)
        place = offer.index(0, 5) + 14
        offer[place + 1] |= CLIENT_SSL >> 8
        for size in SIZES:
            framer, heard = MySQLFramer(refuses=True), Heard()
            heard.exchanges[0] = Exchange(0, "connect", unasked=True)
            framer.expect(heard.exchanges[0])
            converse(framer, [("backend", bytes(offer))], size, heard)
            told = bytearray(heard.replies[0])
            self.assertEqual(told[place + 1] & CLIENT_SSL >> 8, 0)
            told[place + 1] |= CLIENT_SSL >> 8
            self.assertEqual(told, offer)
            converse(
                framer, [(who, bytes.fromhex(said)) for who, said in PYMYSQL[1:4]], size, heard
            )
            self.assertEqual(heard.exchanges[1].command, "COM_QUERY")
            self.assertEqual((heard.error, framer.opaque, framer.refusal()), ("", "", b""))

    def test_refusedWithoutGreeting(self) -> None:
        """
        An error in its place passes, and so does whatever else cannot be one, at once; the
        beginning of one passes when there comes no more.
        """
        error = packet(0, b"\xff\x10\x04Too many connections")
        for said, waits in (
            (error, False),
            (b"220 not MySQL\r\n", False),
            (b"\0\x20\0\0\x0a" + b"x" * 5, False),
            (self.greeting[:30], True),
            (b"\x0a\0", True),
            (b"\x0a\0\0\0\x0a5", True),
        ):
            framer, heard = MySQLFramer(refuses=True), Heard()
            heard.exchanges[0] = Exchange(0, "connect", unasked=True)
            framer.expect(heard.exchanges[0])
            converse(framer, [("backend", said)], 0, heard)
            passed = heard.replies.get(0, b"") + heard.loose[1]
            self.assertEqual(passed, b"" if waits else said)
            take(heard, framer, framer.backendEnded(), True)
            self.assertEqual(heard.replies.get(0, b"") + heard.loose[1], said)


class PostgreSQLTests(UpgradingCase):
    """
    The client asks, and the backend answers with a letter.
    """

    ASKED = bytes.fromhex("0000000804d2162f")
    STARTUP = b"\0\0\0\x10\0\x03\0\0user\0a\0\0"

    def test_within(self) -> None:
        """
        What is said within TLS is read, from the start-up on.
        """
        for size in SIZES:
            framer = PostgreSQLFramer(True)
            heard = converse(framer, [("client", self.ASKED), ("backend", b"S" + HELLO)], size)
            self.assertEqual(heard.loose, [self.ASKED, b"S"])
            converse(framer, [("client", HELLO)], size, heard)
            self.agreed(framer, heard, (HELLO, HELLO))
            converse(framer, [("client", self.STARTUP)], size, heard)
            self.assertEqual(heard.exchanges[1].command, "STARTUP")
            self.assertEqual(heard.error, "")

    def test_others(self) -> None:
        """
        A backend that speaks no TLS, or another encryption; and TLS that is not read.
        """
        asked = self.ASKED
        for tls, answer, opaque in ((True, b"N", ""), (True, b"G", "GSS"), (False, b"S", "TLS")):
            framer = PostgreSQLFramer(tls)
            converse(framer, [("client", asked), ("backend", answer)])
            self.assertEqual((framer.opaque, framer.upgrading), (opaque, False))

    def test_tooEarly(self) -> None:
        """
        With a client that did not wait for the letter there is no agreement; what it has
        begun to say is forgotten.
        """
        framer = PostgreSQLFramer(True)
        converse(framer, [("client", self.ASKED + self.STARTUP), ("backend", b"S")])
        self.assertEqual((framer.opaque, framer.upgrading), ("TLS", False))
        framer = PostgreSQLFramer(True)
        heard = converse(framer, [("client", self.ASKED + self.STARTUP[:9]), ("backend", b"S")])
        self.agreed(framer, heard)
        converse(framer, [("client", self.STARTUP)], 0, heard)
        self.assertEqual(heard.requests, {1: self.STARTUP})

    def test_refused(self) -> None:
        """
        What asks for TLS or for GSS goes no further; the client is told no, and goes on.
        """
        asked = self.ASKED + bytes.fromhex("0000000804d21630")
        for size in SIZES:
            framer = PostgreSQLFramer(refuses=True)
            heard = converse(framer, [("client", asked[:8])], size)
            self.assertEqual(
                (heard.loose, framer.refusal(), framer.refusal()), ([b"", b""], b"N", b"")
            )
            converse(framer, [("client", asked[8:])], size, heard)
            self.assertEqual((heard.loose, framer.refusal()), ([b"", b""], b"N"))
            converse(framer, [("client", self.STARTUP)], size, heard)
            self.assertEqual((heard.requests, framer.opaque), ({1: self.STARTUP}, ""))

    def test_refusedAtOnce(self) -> None:
        """
        A client that does not wait for the answer is answered all the same.
        """
        framer = PostgreSQLFramer(refuses=True)
        heard = converse(framer, [("client", self.ASKED + self.STARTUP)])
        self.assertEqual((heard.requests, framer.refusal()), ({1: self.STARTUP}, b"N"))


class SMTPTests(UpgradingCase):
    """
    STARTTLS.
    """

    TURNS = (
        ("client", b"EHLO client.example\r\n"),
        ("backend", b"250-server\r\n250 STARTTLS\r\n"),
        ("client", b"MAIL FROM:<a@example.org>\r\n"),
        ("backend", b"250 OK\r\n"),
    )

    def test_within(self) -> None:
        """
        What is said within TLS is read, and what was said before is forgotten.
        """
        for size in SIZES:
            framer = SMTPFramer(True)
            turns = (*self.TURNS, ("client", b"STARTTLS\r\n"), ("backend", b"220 go\r\n" + HELLO))
            heard = converse(framer, turns, size)
            self.assertEqual((heard.loose, heard.replies[3]), ([b"", b""], b"220 go\r\n"))
            converse(framer, [("client", HELLO)], size, heard)
            self.agreed(framer, heard, (HELLO, HELLO))
            converse(framer, [("client", b"DATA\r\n"), ("backend", b"503 no\r\n")], size, heard)
            self.assertEqual(heard.exchanges[4].context.sender, "")
            self.assertEqual((heard.replies[4], heard.error), (b"503 no\r\n", ""))

    def test_others(self) -> None:
        """
        A backend that will not; TLS that is not read; a client that says more than that.
        """
        for tls, said, answer, opaque in (
            (True, b"STARTTLS\r\n", b"454 no\r\n", ""),
            (False, b"STARTTLS\r\n", b"220 go\r\n", "TLS"),
            (True, b"STARTTLS\r\nNOOP\r\n", b"220 go\r\n", "TLS"),
        ):
            framer = SMTPFramer(tls)
            converse(framer, [*self.TURNS, ("client", said), ("backend", answer)])
            self.assertEqual((framer.opaque, framer.upgrading), (opaque, False))

    def test_begun(self) -> None:
        """
        A line that was begun in the clear is not ended within TLS.
        """
        framer = SMTPFramer(True)
        turns = (*self.TURNS, ("client", b"STARTTLS\r\nRCPT TO:<b@"), ("backend", b"220 go\r\n"))
        heard = converse(framer, turns)
        self.agreed(framer, heard)
        converse(framer, [("client", b"NOOP\r\n")], 0, heard)
        self.assertEqual((heard.exchanges[4].command, heard.requests[4]), ("NOOP", b"NOOP\r\n"))

    def test_twice(self) -> None:
        """
        A second time, within TLS, it is not read.
        """
        framer = SMTPFramer(True)
        secure = [("client", b"STARTTLS\r\n"), ("backend", b"220 go\r\n")]
        heard = converse(framer, secure)
        self.agreed(framer, heard)
        converse(framer, secure, 0, heard)
        self.assertEqual(framer.opaque, "TLS")

    def test_refused(self) -> None:
        """
        It is not offered, in whatever case and place; what the client asks for all the same
        no server knows.  A mail may speak of it.
        """
        turns = (
            ("client", b"EHLO client.example\r\n"),
            ("backend", b"250-server\r\n250-StartTLS\r\n250-SIZE 5 STARTTLS\r\n250 STARTTLS\r\n"),
            ("client", b"starttls\r\n"),
            ("backend", b"500 unknown\r\n"),
            ("client", b"HELP STARTTLS\r\n"),
            ("backend", b"214-STARTTLS\r\n214 STARTTLS\r\n"),
            ("client", b"DATA\r\n"),
            ("backend", b"354 go on\r\n"),
            ("client", b"STARTTLS\r\n.\r\n"),
            ("backend", b"250 STARTTLS\r\n"),
        )
        masked = b"250-server\r\n250-XXXXXXXX\r\n250-SIZE 5 STARTTLS\r\n250 XXXXXXXX\r\n"
        for size in SIZES:
            framer = SMTPFramer(refuses=True)
            heard = converse(framer, turns, size)
            self.assertEqual(heard.replies[1], masked)
            self.assertEqual(
                (heard.exchanges[2].command, heard.requests[2]), ("STARTTLS", b"XXXXXXXX\r\n")
            )
            self.assertEqual(heard.replies[3], b"214-STARTTLS\r\n214 STARTTLS\r\n")
            self.assertEqual(heard.requests[5], b"STARTTLS\r\n.\r\n")
            self.assertEqual(heard.replies[5], b"250 STARTTLS\r\n")
            self.assertEqual((heard.error, framer.opaque, framer.refusal()), ("", "", b""))

    def test_refusedLongLine(self) -> None:
        """
        A line too long to be an offer passes before it has ended.
        """
        framer = SMTPFramer(refuses=True)
        turns = (("client", b"EHLO client.example\r\n"), ("backend", b"250-" + b"x" * 4000))
        heard = converse(framer, turns)
        self.assertEqual(heard.replies[1], b"250-" + b"x" * 4000)

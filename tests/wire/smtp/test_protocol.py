"""
Tests for L{vaurien_twisted.wire.smtp.protocol}: whole conversations.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.smtp.conversation import CONVERSATION
from tests.wire.support import Heard, chunks, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.smtp.protocol import SMTP, SMTPFramer
from vaurien_twisted.wire.starttls import TLSOptions

#: What the recorded session asks, in order.
ASKED = [
    "EHLO client.example",
    "AUTH PLAIN",
    "MAIL a@example.org",
    "RCPT b@example.org",
    "RCPT nobody@example.org",
    "DATA a@example.org b@example.org",
    "MESSAGE a@example.org b@example.org",
    "MAIL a@example.org",
    "RCPT nobody@example.org",
    "RSET",
    "MAIL a@example.org",
    "RCPT b@example.org",
    "DATA a@example.org b@example.org",
    "MESSAGE a@example.org b@example.org",
    "QUIT",
]


def greeted() -> tuple[SMTPFramer, Heard]:
    """
    A framer that awaits the greeting, as exchange 0.
    """
    framer, heard = SMTPFramer(), Heard()
    greeting = heard.exchanges[0] = Exchange(0, "connect")
    framer.expect(greeting)
    return framer, heard


class ProtocolTests(SynchronousTestCase):
    """
    The protocol as a provider.
    """

    def test_provides(self) -> None:
        """
        Protocol and framer provide their interfaces; the backend speaks first.
        """
        wire = SMTP()
        verifyObject(IWireProtocol, wire)
        verifyObject(IFramer, wire.framer(TLSOptions(), "localhost:25"))
        self.assertTrue(wire.greets)


class RecordedTests(SynchronousTestCase):
    """
    A recorded session of smtplib.
    """

    def check(self, heard: Heard) -> None:
        """
        The session was understood and no byte lost.
        """
        self.assertEqual(heard.error, "")
        numbers = list(range(1, len(ASKED) + 1))
        self.assertEqual([heard.exchanges[n].description for n in numbers], ASKED)
        self.assertEqual(heard.ended, (numbers, [0, *numbers]))
        self.assertEqual(heard.replies[0], CONVERSATION[0][1])
        self.assertEqual(heard.loose, [b"", b""])
        for parts, who in ((heard.requests, "client"), (heard.replies, "backend")):
            said = b"".join(data for speaker, data in CONVERSATION if speaker == who)
            self.assertEqual(b"".join(parts[n] for n in sorted(parts)), said)

    def test_parts(self) -> None:
        """
        Whole, byte by byte, and in parts of sizes that cut lines.
        """
        for size in (0, 1, 2, 3, 7):
            framer, heard = greeted()
            self.check(converse(framer, CONVERSATION, size, heard))

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1, 60), max_size=12))
    def test_cuts(self, cuts: list[int]) -> None:
        """
        Wherever the reads are cut, it is the same session.
        """
        framer, heard = greeted()
        for who, data in CONVERSATION:
            for part in chunks(data, cuts):
                give = framer.fromBackend if who == "backend" else framer.fromClient
                take(heard, framer, give(part), who == "backend")
        self.check(heard)

    def test_sameBytesObject(self) -> None:
        """
        What is one piece is passed on without a copy, in both directions.
        """
        framer, heard = greeted()
        converse(framer, [("backend", b"220 hi\r\n")], heard=heard)
        request, answer = b"NOOP\r\n", b"250 fine\r\n"
        ((exchange, data, _),) = framer.fromClient(request)
        assert exchange is not None
        framer.expect(exchange)
        self.assertIs(data, request)
        ((same, data, ends),) = framer.fromBackend(answer)
        self.assertIs(same, exchange)
        self.assertIs(data, answer)
        self.assertTrue(ends)


class GarbageTests(SynchronousTestCase):
    """
    Bytes of something else.
    """

    @settings(max_examples=80, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.booleans(),
                st.binary(max_size=40)
                | st.sampled_from((b"DATA\r\n", b"\r\n.\r\n", b"AUTH X\r\n", b"BDAT 5\r\n"))
                | st.sampled_from((b"354 go\r\n", b"334 \r\n", b"250-a\r\n", b"250 b\r\n")),
            ),
            max_size=12,
        )
    )
    def test_nothingLost(self, parts: list[tuple[bool, bytes]]) -> None:
        """
        Whatever comes, each byte is passed on, kept or handed back, and nothing but a
        framing error is raised.
        """
        framer, heard = greeted()
        sent = [b"", b""]
        sides = [False, True]
        for backend, data in parts:
            sent[backend] += data
            give = framer.fromBackend if backend else framer.fromClient
            take(heard, framer, give(data), backend)
            if heard.error:
                sides = [backend]
                break
        else:
            take(heard, framer, framer.clientEnded(), False)
            take(heard, framer, framer.backendEnded(), True)
        for side in sides:
            pieces = (heard.requests, heard.replies)[side]
            passed = sum(len(piece) for piece in pieces.values()) + len(heard.loose[side])
            self.assertEqual(passed, len(sent[side]))

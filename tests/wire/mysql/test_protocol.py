"""
Tests for L{vaurien_twisted.wire.mysql.protocol}: whole connections.
"""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.mysql.script import (
    BASE,
    DEPRECATE_EOF,
    begun,
    err,
    expecting,
    greeting,
    hello,
    ok,
    opening,
    query,
    table,
)
from tests.wire.support import chunks, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import FramingError
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.mysql.protocol import MySQL, MySQLFramer
from vaurien_twisted.wire.mysql.session import STATEMENT_BYTES, STATEMENTS, Statements


class OpeningTests(SynchronousTestCase):
    """
    Exchange 0.
    """

    def test_interfaces(self) -> None:
        """
        The protocol and its framer provide what they say.
        """
        verifyObject(IWireProtocol, MySQL())
        framer, _ = begun()
        verifyObject(IFramer, framer)
        framer.renew()
        self.assertEqual(list(framer.backendEnded()), [])

    def test_dialog(self) -> None:
        """
        Another plugin, more data in both directions, and the final OK all belong to
        the greeting; the next command is exchange 1.
        """
        turns = [
            ("backend", greeting()),
            ("client", hello()),
            ("backend", packet(2, b"\xfecaching_sha2_password\0salt\0")),
            ("client", packet(3, b"x" * 32)),
            ("backend", packet(4, b"\x01\x04")),
            ("client", packet(5, b"\x02")),
            ("backend", packet(6, b"\x01-----BEGIN PUBLIC KEY-----")),
            ("client", packet(7, b"")),
            ("backend", packet(8, b"a plugin's own words")),
            ("client", packet(9, b"z" * 256)),
            ("backend", ok(10)),
            ("client", query()),
            ("backend", table()),
        ]
        for size in (0, 1, 3):
            framer, heard = expecting()
            converse(framer, turns, size, heard)
            self.assertEqual(heard.ended[1], [0, 1])
            self.assertEqual(heard.requests[0], b"".join(d for w, d in turns[:11] if w == "client"))
            self.assertEqual(heard.requests[1], query())
            self.assertEqual(heard.error, "")

    def test_refused(self) -> None:
        """
        An ERR ends exchange 0: in place of the greeting, and after the answer to it.
        """
        framer, heard = expecting()
        converse(framer, [("backend", packet(0, b"\xff\x10\x04Too many connections"))], 1, heard)
        self.assertEqual(heard.ended[1], [0])
        framer, heard = expecting()
        converse(framer, [*opening()[:2], ("backend", err(2, 1045))], heard=heard)
        self.assertEqual(heard.ended[1], [0])
        self.assertEqual(heard.error, "")

    def test_impatient(self) -> None:
        """
        Commands sent before the authentication is over are exchanges of their own.
        """
        framer, heard = expecting()
        turns = [
            ("backend", greeting()),
            ("client", hello() + query(b"select 7")),
            ("backend", packet(2, b"\xfemysql_native_password\0salt\0")),
            ("client", packet(3, b"y" * 20) + query(b"select 8")),
            ("backend", ok(4) + table() + table()),
        ]
        converse(framer, turns, heard=heard)
        self.assertEqual(heard.ended[1], [0, 1, 2])
        self.assertEqual(heard.requests[0], hello() + packet(3, b"y" * 20))
        self.assertEqual(heard.exchanges[2].subject, "select 8")

    def test_tls(self) -> None:
        """
        From a client's wish for TLS on nothing is read in either direction.
        """
        wish = packet(1, struct.pack("<IIB23x", BASE | 0x800, 1 << 24, 45))
        for size in (0, 1):
            framer, heard = expecting()
            turns = [
                ("backend", greeting()),
                ("client", wish + b"\x16\x03\x01"),
                ("backend", b"\x16\x03\x03hello"),
            ]
            converse(framer, turns, size, heard)
            self.assertEqual(framer.opaque, "TLS")
            self.assertEqual(heard.loose, [wish + b"\x16\x03\x01", b"\x16\x03\x03hello"])

    def test_compression(self) -> None:
        """
        Agreed upon, compression begins after the OK; wanted by one side it does not.
        """
        for flag in (1 << 5, 1 << 26):
            framer, heard = begun(flag)
            self.assertEqual(framer.opaque, "compression")
            self.assertEqual(heard.ended[1], [0])
            converse(framer, [("client", b"\x09zz"), ("backend", b"\x08yy")], heard=heard)
            self.assertEqual(heard.loose, [b"\x09zz", b"\x08yy"])
            framer, heard = begun(flag, offered=0xFFFFFFFE & ~flag)
            self.assertEqual(framer.opaque, "")
        framer, heard = expecting()
        turns = opening(1 << 5)
        converse(framer, [*turns[:2], ("backend", turns[2][1] + b"\x08yy")], heard=heard)
        self.assertEqual((heard.replies[0][-11:], heard.loose[1]), (ok(2), b"\x08yy"))

    def test_old(self) -> None:
        """
        A client from before MySQL 4.1 is passed on unread.
        """
        framer, heard = expecting()
        old = packet(1, b"\x85\x24\0\0\0app\0")
        converse(framer, [("backend", greeting()), ("client", old)], heard=heard)
        self.assertIn("4.1", framer.opaque)
        self.assertEqual(heard.loose[0], old)

    def test_nonsense(self) -> None:
        """
        Greetings and answers that are none raise, and lose nothing.
        """
        for data in (
            packet(0, b"\x0a8.0"),
            packet(0, b"\x09old\0"),
            packet(0, b"\x0a" + b"v" * 5000),
            packet(0, b""),
            b"SSH-2.0-OpenSSH_9.2\r\n" + b"x" * 5000,
        ):
            framer, heard = expecting()
            converse(framer, [("backend", data)], heard=heard)
            self.assertNotEqual(heard.error, "", data)
            self.assertEqual(heard.replies.get(0, b"") + heard.loose[1], data)
            converse(framer, [("backend", b"more"), ("client", b"mo")], heard=heard)
            self.assertEqual(heard.loose[0], b"mo")
        for data in (
            packet(1, b"\0"),
            packet(1, struct.pack("<I", BASE)),
            packet(0, b"\3do 1"),
            packet(2, b"x" * 40),
        ):
            framer, heard = expecting()
            converse(framer, [("backend", greeting()), ("client", data)], heard=heard)
            self.assertNotEqual(heard.error, "", data)
            self.assertEqual(heard.loose[0], data)

    def test_farewell(self) -> None:
        """
        A server may say goodbye unasked; anything else that it says unasked is garbage.
        """
        for size in (0, 1):
            framer, heard = begun()
            converse(framer, [("backend", err(0, 4031))], size, heard)
            self.assertEqual((heard.loose[1], heard.error), (err(0, 4031), ""))
        framer, heard = begun()
        converse(framer, [("backend", ok(1))], heard=heard)
        self.assertIn("replies to no command", heard.error)
        self.assertEqual(heard.loose[1], ok(1))


class StatementsTests(SynchronousTestCase):
    """
    L{Statements}.
    """

    def test_count(self) -> None:
        """
        No more than the bound are remembered, and the oldest is forgotten.
        """
        known = Statements()
        for number in range(STATEMENTS + 1):
            known.add(number, f"select {number}")
        self.assertEqual((known.text(0), known.text(1)), ("", "select 1"))
        known.add(1, "select one")
        self.assertEqual((known.text(1), known.text(2)), ("select one", "select 2"))

    def test_bytes(self) -> None:
        """
        Nor more than the bytes allowed, however wide the characters.
        """
        known = Statements()
        text = "\U0001f600" * 16384
        for number in range(50):
            known.add(number, text + str(number))
        kept = [number for number in range(50) if known.text(number)]
        self.assertTrue(kept)
        self.assertLessEqual(len(kept) * 4 * len(text), STATEMENT_BYTES)
        self.assertEqual(kept[-1], 49)


TURNS = [
    *opening(DEPRECATE_EOF),
    ("client", query(b"select 1; select 2") + query(b"do 1")),
    ("backend", table(1, 3, 10, True) + table(7, 300, 2, True) + ok(1)),
    ("client", packet(0, b"\x19\x01\0\0\0") + query(b"load data local infile 'x'")),
    ("backend", packet(1, b"\xfbx")),
    ("client", packet(2, b"1,2,3\n") + packet(3, b"")),
    ("backend", ok(4)),
    ("client", packet(0, b"\x16select ?")),
    ("backend", packet(1, b"\0\5\0\0\0\0\0\0\0\0\0\0")),
    ("client", packet(0, b"\x17\5\0\0\0\0\1\0\0\0") + packet(0, b"\x01")),
    ("backend", table(1, 1, 2, True)),
]


class RandomTests(SynchronousTestCase):
    """
    Cuts and bytes that nobody chose.
    """

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 400), max_size=12))
    def test_cuts(self, cuts: list[int]) -> None:
        """
        Wherever the streams are cut, the same exchanges come out.
        """
        framer, heard = expecting()
        for who, data in TURNS:
            for part in chunks(data, cuts):
                backend = who == "backend"
                give = framer.fromBackend if backend else framer.fromClient
                take(heard, framer, give(part), backend)
        self.assertEqual(heard.error, "")
        self.assertEqual(heard.loose, [b"", b""])
        self.assertEqual(heard.ended[1], [0, 1, 2, 4, 5, 6])
        self.assertEqual(sorted(set(heard.ended[0])), list(range(8)))
        self.assertEqual(heard.exchanges[6].subject, "select ?")
        self.assertEqual(len(heard.replies[1]), len(table(1, 3, 10, True) + table(7, 300, 2, True)))

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["client", "backend"]),
                st.one_of(
                    st.binary(min_size=1, max_size=60),
                    st.builds(packet, st.integers(0, 4), st.binary(max_size=30)),
                    st.sampled_from([query(), table(), ok(1), err(1), packet(0, b"\x16a")]),
                ),
            ),
            max_size=12,
        ),
        st.sampled_from([0, 1, 5]),
        st.sampled_from([0, DEPRECATE_EOF, 1 << 25, 1 << 27]),
    )
    def test_garbage(self, turns: list[tuple[str, bytes]], size: int, capabilities: int) -> None:
        """
        Whatever either side says after the opening, nothing is raised but the error
        for it, and every byte comes out, in order.
        """
        framer, _ = begun(capabilities)
        said = {"client": b"", "backend": b""}
        out = {"client": b"", "backend": b""}
        for who, data in turns:
            said[who] += data
            for part in chunks(data, size=size):
                out[who] += _passed(framer, who, part)
        out["client"] += b"".join(data for _, data, _ in framer.clientEnded())
        self.assertEqual(out, said)


def _passed(framer: MySQLFramer, who: str, part: bytes) -> bytes:
    """
    Everything that comes out, in order, every new request being let through.
    """
    out = b""
    try:
        for exchange, data, _ in (
            framer.fromClient(part) if who == "client" else framer.fromBackend(part)
        ):
            out += data
            if exchange is not None and who == "client" and exchange.decision is None:
                exchange.decision = NOTHING
                if exchange.number:
                    framer.expect(exchange)
    except FramingError as error:
        out += error.rest
    return out

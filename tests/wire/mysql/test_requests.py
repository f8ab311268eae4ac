"""
Tests for L{vaurien_twisted.wire.mysql.requests} and what it reads with.
"""

from __future__ import annotations

import struct

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.script import begun, ok, query, table
from tests.wire.support import converse
from vaurien_twisted.model.exchange import SUBJECT_LIMIT
from vaurien_twisted.wire.mysql.commands import COMMANDS
from vaurien_twisted.wire.mysql.packets import FULL, Malformed, packet, readLength
from vaurien_twisted.wire.mysql.requests import skipAttributes

ATTRIBUTES = 1 << 27


class CommandTests(SynchronousTestCase):
    """
    What is known of a command.
    """

    def test_subjects(self) -> None:
        """
        Names and texts become subjects; a text that is not UTF-8 is escaped.
        """
        wanted = {
            b"\x02shop": ("COM_INIT_DB", "shop"),
            b"\x04items\0i%": ("COM_FIELD_LIST", "items"),
            b"\x03select '\xc3\xa9\xff'": ("COM_QUERY", "select 'é\\xff'"),
            b"\x11root\0\0": ("COM_CHANGE_USER", "root"),
            b"\x0e": ("COM_PING", ""),
            b"\x17\x09\0\0\0\0\1\0\0\0": ("COM_STMT_EXECUTE", ""),
            b"\x17\x09": ("COM_STMT_EXECUTE", ""),
            b"\xe0zz": ("COM_0xE0", ""),
            b"\x03": ("COM_QUERY", ""),
            b"": ("COM_SLEEP", ""),
        }
        for payload, (command, subject) in wanted.items():
            for size in (0, 1):
                framer, heard = begun()
                converse(framer, [("client", packet(0, payload))], size, heard)
                made = heard.exchanges[1]
                self.assertEqual((made.command, made.subject), (command, subject))
                self.assertEqual(heard.ended[0][-1], 1)
                self.assertEqual(heard.requests[1], packet(0, payload))
                self.assertTrue(made.replies)

    def test_table(self) -> None:
        """
        Each entry stands at its own byte, and only three commands have no reply.
        """
        self.assertEqual([request.code for request in COMMANDS], list(range(256)))
        self.assertEqual(
            [request.name for request in COMMANDS if not request.replies],
            ["COM_QUIT", "COM_STMT_SEND_LONG_DATA", "COM_STMT_CLOSE"],
        )

    def test_same(self) -> None:
        """
        A chunk that is one command is passed on as the very same object.
        """
        framer, _ = begun()
        data = query()
        self.assertIdentical(next(iter(framer.fromClient(data)))[1], data)

    def test_long(self) -> None:
        """
        Of a long text the beginning is the subject, in whole characters; it is waited
        for, but not for the rest, which is not kept.
        """
        framer, heard = begun()
        text = b"s" * (SUBJECT_LIMIT - 1) + "é".encode()
        data = query(text + b"t" * 100000)
        part = data[: SUBJECT_LIMIT + 4]
        converse(framer, [("client", part)], 1000, heard)
        self.assertNotIn(1, heard.exchanges)
        converse(framer, [("client", data[len(part) : len(part) + 1])], heard=heard)
        self.assertEqual(heard.exchanges[1].subject, "s" * (SUBJECT_LIMIT - 1))
        self.assertEqual(heard.requests[1], data[: len(part) + 1])
        converse(framer, [("client", data[len(part) + 1 :] + query())], heard=heard)
        self.assertEqual((heard.requests[1], heard.ended[0][-2:]), (data, [1, 2]))

    def test_escaped(self) -> None:
        """
        Escapes do not make a subject longer than its limit.
        """
        framer, heard = begun()
        converse(framer, [("client", query(b"\xff" * 20000))], heard=heard)
        self.assertEqual(len(heard.exchanges[1].subject), SUBJECT_LIMIT)

    def test_several(self) -> None:
        """
        A command of several packets ends with the first that is not full, even if
        that is empty.
        """
        for tail in (b"", b"tail"):
            framer, heard = begun()
            parts = [b"\xff\xff\xff\0\x03" + b"x" * (FULL - 1), packet(1, tail), query()]
            data = b"".join(parts)
            converse(framer, [("client", data)], 1 << 20, heard)
            self.assertEqual(len(heard.requests[1]), len(parts[0] + parts[1]))
            self.assertEqual(heard.ended[0][-2:], [1, 2])
            self.assertEqual(heard.requests[2], query())

    def test_order(self) -> None:
        """
        A command that does not begin with number 0 is garbage; what came before it
        has been read.
        """
        framer, heard = begun()
        converse(framer, [("client", query() + packet(1, b"\x0e") + b"zz")], heard=heard)
        self.assertIn("packet number 1", heard.error)
        self.assertEqual(heard.requests[1], query())
        self.assertEqual(heard.loose[0], packet(1, b"\x0e") + b"zz")

    def test_ended(self) -> None:
        """
        The beginning of a command passes when the client ends.
        """
        framer, _ = begun()
        self.assertEqual(list(framer.fromClient(query()[:9])), [])
        self.assertEqual(list(framer.clientEnded()), [(None, query()[:9], False)])
        self.assertEqual(list(framer.clientEnded()), [])

    def test_replication(self) -> None:
        """
        With a command of replication the connection is no longer read.
        """
        for code in (0x12, 0x1E, 0x20):
            framer, heard = begun()
            dump = packet(0, bytes([code]) + b"\4\0\0\0\0\0\1\0\0\0bin")
            converse(framer, [("client", query()), ("backend", table())], heard=heard)
            converse(framer, [("client", dump), ("backend", b"\0events")], heard=heard)
            self.assertEqual(heard.loose, [dump, b"\0events"])
            self.assertEqual(framer.opaque, COMMANDS[code].name)


class FileTests(SynchronousTestCase):
    """
    C{LOCAL INFILE}.
    """

    def _asked(self, wanted: bytes = b"\xfbname") -> tuple:
        framer, heard = begun()
        turns = [("client", query(b"load data")), ("backend", packet(1, wanted))]
        converse(framer, turns, heard=heard)
        return framer, heard

    def test_many(self) -> None:
        """
        A file may take more packets than there are numbers; all belong to the query.
        """
        framer, heard = self._asked()
        file = b"".join(packet(n & 0xFF, b"line\n") for n in range(2, 600))
        turns = [
            ("client", file + packet(600 & 0xFF, b"")),
            ("backend", ok(601 & 0xFF)),
            ("client", query()),
        ]
        converse(framer, turns, heard=heard)
        self.assertEqual(heard.error, "")
        self.assertEqual(heard.requests[1][-len(turns[0][1]) :], turns[0][1])
        self.assertEqual(heard.ended, ([0, 1, 1, 2], [0, 1]))
        self.assertEqual(heard.requests[2], query())

    def test_full(self) -> None:
        """
        The empty packet that ends a full one does not end the file.
        """
        framer, heard = self._asked()
        full = b"\xff\xff\xff\x02" + bytes(FULL)
        converse(framer, [("client", full + packet(3, b""))], heard=heard)
        self.assertEqual(heard.ended[0], [0, 1])
        converse(framer, [("client", packet(4, b"x") + packet(5, b""))], heard=heard)
        self.assertEqual(heard.ended[0], [0, 1, 1])

    def test_given_up(self) -> None:
        """
        A client that sends a command instead of the file has begun another exchange.
        """
        framer, heard = self._asked()
        converse(framer, [("client", query(b"select 2"))], heard=heard)
        self.assertEqual(heard.exchanges[2].subject, "select 2")

    def test_further(self) -> None:
        """
        After the file may follow reports of progress, and further results.
        """
        framer, heard = self._asked()
        converse(framer, [("client", packet(2, b""))], heard=heard)
        report = packet(3, b"\xff\xff\xff\1\1\2\x10\x27\0\4load")
        converse(framer, [("backend", report + ok(4, 10))], heard=heard)
        self.assertEqual(heard.ended[1], [0])
        converse(framer, [("backend", table(5))], heard=heard)
        self.assertEqual(heard.ended[1], [0, 1])


class AttributeTests(SynchronousTestCase):
    """
    Query attributes.
    """

    def test_framer(self) -> None:
        """
        Where they were agreed upon they are not part of the SQL.
        """
        parseError = (
            b"\x06\x01\x20\x01"
            + b"\xfe\0\1s"
            + b"\x0c\0\1d"
            + b"\x03\0\1i"
            + b"\x08\0\1l"
            + b"\x01\0\1t"
            + b"\x06\0\1n"
            + b"\x03abc"
            + b"\x04\xe7\7\1\2"
            + b"\1\0\0\0"
            + b"\2\0\0\0\0\0\0\0"
            + b"\x07"
        )
        for attributes in (b"\x00\x01", parseError):
            framer, heard = begun(ATTRIBUTES)
            converse(framer, [("client", query(attributes + b"select 1"))], heard=heard)
            self.assertEqual(heard.exchanges[1].subject, "select 1")
        framer, heard = begun()
        converse(framer, [("client", query(b"\x00\x01select 1"))], heard=heard)
        self.assertEqual(heard.exchanges[1].subject, "\0\1select 1")

    def test_nonsense(self) -> None:
        """
        What cannot be skipped leaves no SQL.
        """
        for data in (
            b"",
            b"\xff",
            b"\x01",
            b"\xfc\x01",
            b"\x01\x01\0\0\xfe\0\0",
            b"\x01\x01\0\x01\xfe",
            b"\x01\x01\0\x01\xfe\0\xff",
            b"\xfe" + b"\xff" * 7 + b"\x7f\x01",
            b"\x01\x01\0\x01\xfe\0\0\xfe" + b"\xff" * 8,
        ):
            self.assertEqual(skipAttributes(data, 0, len(data)), len(data))

    def test_lengths(self) -> None:
        """
        Integers take 1, 3, 4 or 9 bytes.
        """
        self.assertEqual(readLength(b"\xfa", 0), (250, 1))
        self.assertEqual(readLength(b"\xfc\x01\x02", 0), (513, 3))
        self.assertEqual(readLength(b"\xfd\0\0\1", 0), (65536, 4))
        self.assertEqual(readLength(b"\xfe" + struct.pack("<Q", 2**40), 0), (2**40, 9))
        self.assertRaises(Malformed, readLength, b"\xfb", 0)
        self.assertRaises(IndexError, readLength, b"\xfc\x01", 0)

"""
Tests for what rules ask of L{vaurien_twisted.wire.mysql.protocol}: targets, codes and cuts.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.cutting import Cut, cutReply, matches
from tests.wire.mysql.script import DEPRECATE_EOF, begun, define, eof, err, ok, query, table
from tests.wire.mysql.test_errors import asked
from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.mysql.protocol import MySQL

UPDATE = b"\n  update orders\nset paid = 1"
EXECUTE = packet(0, b"\x17\7\0\0\0\0\1\0\0\0")


class TargetTests(SynchronousTestCase):
    """
    L{MySQL.targets}.
    """

    def test_queries(self) -> None:
        """
        C{sql} is found in the text of queries and prepared statements, in any case and
        behind any space; other commands have no such text.
        """
        wanted = {
            query(UPDATE): True,
            query(b"SELECT 'UPDATE orders'"): False,
            packet(0, b"\x16" + UPDATE): True,
            packet(0, b"\x02update"): False,
            packet(0, b"\x0e"): False,
        }
        for data, found in wanted.items():
            exchange = asked(data)
            self.assertIs(matches(MySQL.targets, exchange, sql="^UPDATE"), found, exchange)
        self.assertFalse(matches(MySQL.targets, Exchange(0, "connect"), sql=""))

    def test_executed(self) -> None:
        """
        What is executed has the text that it was prepared with.
        """
        framer, heard = begun()
        prepared = packet(1, b"\0\7\0\0\0\0\0\0\0\0\0\0")
        turns = [("client", packet(0, b"\x16" + UPDATE)), ("backend", prepared)]
        turns += [("client", EXECUTE), ("client", packet(0, b"\x19\7\0\0\0"))]
        converse(framer, turns, heard=heard)
        self.assertTrue(matches(MySQL.targets, heard.exchanges[2], sql="^update orders"))
        self.assertFalse(matches(MySQL.targets, heard.exchanges[2], sql="^delete"))
        self.assertEqual(heard.exchanges[3].command, "COM_STMT_CLOSE")
        self.assertFalse(matches(MySQL.targets, heard.exchanges[3], sql="^update orders"))

    def test_command(self) -> None:
        """
        C{command} is the command's name.
        """
        self.assertTrue(matches(MySQL.targets, asked(query()), command="com_query"))
        self.assertFalse(matches(MySQL.targets, asked(EXECUTE), command="com_query"))


class CodeTests(SynchronousTestCase):
    """
    L{MySQL.named}.
    """

    def test_presets(self) -> None:
        """
        A preset has the server's words, or those given.
        """
        deadlock = MySQL().parseError("1213", "")
        self.assertEqual(deadlock, MySQL().errors["1213"])
        self.assertEqual((deadlock.state, deadlock.transient), ("40001", True))
        self.assertEqual(MySQL().parseError("1213", "mine").message, "mine")

    def test_free(self) -> None:
        """
        Any number that a server may send.
        """
        for code in ("1", "1146", "1999", "3000", "65534"):
            self.assertEqual(MySQL().parseError(code, "").message, "Unknown error")
            self.assertEqual(MySQL().parseError(code, "mine").message, "mine")

    def test_refused(self) -> None:
        """
        Another code is refused, with the nearest preset; the client's own with what to
        do instead.
        """
        for code, words in (
            ("0", "a number from 1 to 65534"),
            ("01213", "did you mean '1213'"),
            ("65535", "a number from 1 to 65534"),
            ("121a", "did you mean '121"),
            ("\uff11\uff12\uff11\uff13", "a number"),
            ("deadlock", "pick one of"),
            ("2013", "blackout"),
            ("2006", "no server sends 2006"),
        ):
            refused = self.assertRaises(Refused, MySQL().parseError, code, "")
            self.assertIn(words, str(refused))

    def test_late(self) -> None:
        """
        In place of a reply it is as in place of the request, even where that asks for a file
        or a password.
        """
        wire = MySQL()
        late = WireError("1213", "m", "", late=True)
        load = query(b"LOAD DATA\nLOCAL INFILE 'x' INTO TABLE t")
        for data, then in (
            (query(), ConnectionFate.KEEP),
            (query(b"LOAD DATA INFILE 'x' INTO TABLE t"), ConnectionFate.KEEP),
            (load, ConnectionFate.KEEP),
            (packet(0, b"\x11app\0"), ConnectionFate.KEEP),
        ):
            reply = wire.encodeError(asked(data), late)
            assert reply is not None
            self.assertIs(reply.then, then)
        reply = wire.encodeError(asked(load), WireError("1213", "m", ""))
        assert reply is not None
        self.assertIs(reply.then, ConnectionFate.KEEP)


class CutTests(SynchronousTestCase):
    """
    Replies that are cut after so many rows.
    """

    def cut(
        self, reply: bytes, count: int, request: bytes = b"", capabilities: int = 0
    ) -> dict[int, Cut]:
        """
        What passes, the same whole and byte by byte.
        """
        whole, bytewise = (
            cutReply(begun(capabilities)[0], request or query(), reply, count, size)
            for size in (0, 1)
        )
        self.assertEqual(whole, bytewise)
        return whole

    def test_rows(self) -> None:
        """
        The definitions and so many rows pass, and nothing behind them.
        """
        row = len(packet(0, b"\x02ab"))
        for capabilities in (0, DEPRECATE_EOF):
            reply = table(rows=300, deprecated=bool(capabilities))
            head = len(table(rows=0, deprecated=bool(capabilities)))
            head -= len(ok(0, header=0xFE)) if capabilities else len(eof(0))
            for count in (0, 1, 2, 299, 300):
                [cut] = self.cut(reply, count, capabilities=capabilities).values()
                self.assertEqual(cut, Cut(reply[: head + count * row], True))
            [cut] = self.cut(reply, 301, capabilities=capabilities).values()
            self.assertEqual(cut, Cut(reply, False))

    def test_others(self) -> None:
        """
        What has no rows passes whole, whatever the count; the next reply is cut anew.
        """
        request = query(b"update") + query(b"bad") + query()
        reply = ok(1) + err(1) + table(rows=3)
        one, two, three = self.cut(reply, 0, request).values()
        self.assertEqual((one, two), (Cut(ok(1), False), Cut(err(1), False)))
        self.assertTrue(three.over)
        self.assertLess(len(three.data), len(table(rows=3)))

    def test_severalResults(self) -> None:
        """
        The rows of all results count together.
        """
        first = table(rows=2, status=10)
        reply = first + table(7, rows=2)
        [cut] = self.cut(reply, 3).values()
        self.assertTrue(cut.over)
        self.assertEqual(cut.data, reply[: len(reply) - len(eof(0)) - len(packet(0, b"\x02ab"))])

    def test_fetched(self) -> None:
        """
        Rows that are fetched begin at once.
        """
        fetch = packet(0, b"\x1c\7\0\0\0\2\0\0\0")
        rows = packet(1, b"\x02ab") + packet(2, b"\x02cd")
        for count, passed in ((0, b""), (1, packet(1, b"\x02ab")), (2, rows)):
            [cut] = self.cut(rows + eof(3), count, fetch).values()
            self.assertEqual(cut, Cut(passed, True))

    def test_bigRow(self) -> None:
        """
        A row of two packets is one.
        """
        big = b"\xff\xff\xff\3" + b"\xfd" + bytes(2**24 - 2) + packet(4, b"end")
        head = packet(1, b"\x01") + define(2)
        reply = head + big + packet(5, b"\x02ab") + ok(6, header=0xFE)
        framer, _ = begun(DEPRECATE_EOF)
        [cut] = cutReply(framer, query(), reply, 1).values()
        self.assertEqual(cut, Cut(head + big, True))

    def test_progress(self) -> None:
        """
        A report of progress is no row.
        """
        progress = packet(4, b"\xff\xff\xff\1\1\1\0\0\0\3abc")
        head = packet(1, b"\x01") + define(2) + eof(3)
        reply = head + progress + packet(5, b"\x02ab") + packet(6, b"\x02cd") + eof(7)
        [cut] = self.cut(reply, 1).values()
        self.assertEqual(cut, Cut(head + progress + packet(5, b"\x02ab"), True))

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 80))
    def test_anyParts(self, rows: int, count: int, size: int) -> None:
        """
        However the reply arrives, what passes is its beginning, whole rows of it.
        """
        reply = table(rows=rows)
        [cut] = cutReply(begun()[0], query(), reply, count, size).values()
        end = len(reply) - len(eof(0)) - (rows - count) * len(packet(0, b"\x02ab"))
        self.assertEqual(cut, Cut(reply[:end], True) if count <= rows else Cut(reply, False))

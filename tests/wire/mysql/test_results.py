"""
Tests for L{vaurien_twisted.wire.mysql.results} and L{vaurien_twisted.wire.mysql.replies}.
"""

from __future__ import annotations

import struct

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.script import DEPRECATE_EOF, begun, define, eof, err, ok, query, table
from tests.wire.support import Heard, converse
from vaurien_twisted.wire.mysql.packets import FULL, packet

OPTIONAL = 1 << 25


def prepared(columns: int, parameters: int, flag: bytes = b"") -> bytes:
    """
    The announcement of a prepared statement, number 9.
    """
    return packet(1, b"\0" + struct.pack("<IHHBH", 9, columns, parameters, 0, 0) + flag)


class ReplyTests(SynchronousTestCase):
    """
    Where replies end.
    """

    def _reply(
        self, request: bytes, reply: bytes, capabilities: int = 0, extended: int = 0
    ) -> Heard:
        """
        The reply must end with its last byte, neither sooner nor later, however cut.
        """
        for size in (0, 1, 4, 9):
            framer, heard = begun(capabilities, extended)
            turns = [("client", request + query(b"select 2")), ("backend", reply[:-1])]
            converse(framer, turns, size, heard)
            self.assertEqual((heard.ended[1], heard.error), ([0], ""))
            converse(framer, [("backend", reply[-1:] + ok(1))], size, heard)
            self.assertEqual((heard.ended[1], heard.error), ([0, 1, 2], ""))
            self.assertEqual((heard.replies[1], heard.replies[2]), (reply, ok(1)))
        return heard

    def test_single(self) -> None:
        """
        Commands with one packet in reply, whatever it is.
        """
        for command in (b"\x02db", b"\x0e", b"\x1b\0\0", b"\x0d", b"\x1f", b"\x1a\1\0\0\0"):
            for reply in (ok(1), ok(1, 10), eof(1), err(1)):
                self._reply(packet(0, command), reply)
        self._reply(packet(0, b"\x09"), packet(1, b"Uptime: 7"))
        self._reply(packet(0, b"\x09"), packet(1, b""))

    def test_results(self) -> None:
        """
        OK, ERR, and results, with and without an end of the definitions.
        """
        for reply in (ok(1), err(1), eof(1), table(), table(1, 0), table(1, 600)):
            self._reply(query(), reply)
        for reply in (table(1, 0, deprecated=True), table(1, 600, deprecated=True)):
            self._reply(query(), reply, DEPRECATE_EOF)
        for command in (b"\x0a", b"\x17\1\0\0\0\0\1\0\0\0", b"\xfa\1\0\0\0", b"\xe0"):
            self._reply(packet(0, command), table())

    def test_further(self) -> None:
        """
        Results follow while the server says there are more.
        """
        reply = table(1, 2, 10) + ok(7, 10) + table(8, 1, 10) + err(13)
        self._reply(query(), reply)
        old = table(1, 2, 10, True) + ok(6, 10) + table(7, 1, 10, True) + ok(11)
        self._reply(query(), old, DEPRECATE_EOF)

    def test_wide(self) -> None:
        """
        Counts of affected rows and columns may take more bytes.
        """
        many = packet(1, b"\0\xfc\1\1\xfe" + b"\1" * 8 + b"\x0a\0\0\0")
        self._reply(query(), many + ok(2))
        reply = packet(1, b"\xfc\x2c\1") + b"".join(define((2 + n) & 0xFF) for n in range(300))
        self._reply(query(), reply + eof(302 & 0xFF) + eof(303 & 0xFF))

    def test_failed(self) -> None:
        """
        An ERR ends a reply among its definitions and among its rows.
        """
        self._reply(query(), packet(1, b"\2") + define(2) + err(3))
        self._reply(query(), table()[:-9] + err(6))
        self._reply(query(), table()[:-9] + err(0, 1927))

    def test_progress(self) -> None:
        """
        Reports of progress end nothing.
        """
        report = packet(1, b"\xff\xff\xff\1\1\2\x10\x27\0\4copy")
        self._reply(query(), report + report.replace(b"\0\1\xff", b"\0\2\xff", 1) + ok(3))
        self._reply(packet(0, b"\x07\1"), report + ok(2))

    def test_prepared(self) -> None:
        """
        Parameters, then columns, each group with its end where there is one.
        """
        request = packet(0, b"\x16select ?")
        self._reply(request, prepared(0, 0))
        self._reply(request, prepared(1, 0) + define(2) + eof(3))
        self._reply(request, prepared(0, 2) + define(2) + define(3) + eof(4))
        self._reply(request, prepared(1, 1) + define(2) + eof(3) + define(4) + eof(5))
        self._reply(request, err(1))
        self._reply(request, prepared(1, 1) + define(2) + define(3), DEPRECATE_EOF)

    def test_skipped(self) -> None:
        """
        Definitions that the server leaves out are not waited for.
        """
        request = packet(0, b"\x16select ?")
        both = DEPRECATE_EOF | OPTIONAL
        self._reply(request, prepared(1, 1, b"\0"), both)
        self._reply(request, prepared(1, 1, b"\1") + define(2) + define(3), both)
        self._reply(request, prepared(1, 1, b"\0") + eof(2) + eof(3), OPTIONAL)
        row = packet(2, b"\1x")
        self._reply(query(), packet(1, b"\1\0") + row + ok(3, 2, 0xFE), both)
        known = packet(1, b"\1\1") + define(2) + packet(3, b"\1x") + ok(4, 2, 0xFE)
        self._reply(query(), known, both)
        self._reply(query(), packet(1, b"\1\0") + row + ok(3, 2, 0xFE), DEPRECATE_EOF, 16)
        self._reply(query(), packet(1, b"\1\0") + eof(2) + packet(3, b"\1x") + eof(4), 0, 16)

    def test_cursor(self) -> None:
        """
        Where a cursor was opened the rows are another exchange.
        """
        execute = packet(0, b"\x17\1\0\0\0\1\1\0\0\0")
        self._reply(execute, packet(1, b"\1") + define(2) + eof(3, 0x42))
        closed = packet(1, b"\1") + define(2) + ok(3, 0x42, 0xFE)
        self._reply(execute, closed, DEPRECATE_EOF)
        fetch = packet(0, b"\x1c\1\0\0\0\1\0\0\0")
        rows = packet(1, b"\0\0\1x") + packet(2, b"\0\0\1y")
        self._reply(fetch, rows + eof(3, 0x42))
        self._reply(fetch, rows + ok(3, 0x82, 0xFE), DEPRECATE_EOF)
        self._reply(fetch, err(1))
        self._reply(packet(0, b"\x04f\0"), define(1) + define(2) + eof(3))

    def test_pitfall27_cursorOfAProcedure(self) -> None:
        """
        A procedure whose own cursor is open as it selects sets the flag of a cursor that
        the request did not ask for: the rows follow.
        """
        execute = b"\x17\1\0\0\0%c\1\0\0\0"
        reply = packet(1, b"\1") + define(2) + eof(3, 0x4A)
        reply += packet(4, b"\x01x") + eof(5, 0x4A) + ok(6, 2)
        requests = (query(b"CALL p()"), *(packet(0, execute % flags) for flags in (0, 8)))
        for request in requests:
            self._reply(request, reply)
        # Even where a cursor was asked for: further results follow none.
        self._reply(packet(0, execute % 1), reply)
        fetched = packet(1, b"\1") + define(2) + eof(3, 0x42)
        for flags in (1, 2, 4, 9):
            self._reply(packet(0, execute % flags), fetched)
        # With the last flag alone no result follows.
        self._reply(requests[0], table(1, 2, 0x42))

    def test_pitfall27_errorThatIsNoProgress(self) -> None:
        """
        An error whose code is that of a report of progress ends the reply: what stands
        behind the code tells them apart.
        """
        self._reply(query(), err(1, 65535))
        self._reply(query(), packet(1, b"\xff\xff\xff"))
        self._reply(query(), packet(1, b"\xff\xff\xff\1\1\1\0\0\0\0") + err(2))

    def test_changed(self) -> None:
        """
        A change of user is a dialog within one exchange.
        """
        framer, heard = begun()
        turns = [
            ("client", packet(0, b"\x11app\0\0")),
            ("backend", packet(1, b"\xfeplugin\0salt")),
            ("client", packet(2, b"secret")),
            ("backend", packet(3, b"\1more")),
            ("client", packet(4, b"again")),
            ("backend", packet(5, b"")),
            ("backend", ok(6)),
            ("client", query()),
        ]
        converse(framer, turns, 1, heard)
        self.assertEqual((heard.ended[1], heard.error), ([0, 1], ""))
        self.assertEqual(heard.requests[1], turns[0][1] + turns[2][1] + turns[4][1])
        self.assertEqual(heard.requests[2], query())

    def test_same(self) -> None:
        """
        A chunk that is one reply is passed on as the very same object.
        """
        framer, heard = begun()
        converse(framer, [("client", query())], heard=heard)
        reply = table()
        pieces = list(framer.fromBackend(reply))
        self.assertEqual([(data, ends) for _, data, ends in pieces], [(reply, True)])
        self.assertIdentical(pieces[0][1], reply)


class StatementTests(SynchronousTestCase):
    """
    What is known of prepared statements.
    """

    def _subject(self, framer: object, heard: Heard, number: int = 9) -> str:
        execute = packet(0, b"\x17" + struct.pack("<IBI", number, 0, 1))
        converse(framer, [("client", execute), ("backend", ok(1))], heard=heard)
        return heard.exchanges[max(heard.exchanges)].subject

    def test_life(self) -> None:
        """
        A statement has its text from the server's announcement until it is closed.
        """
        framer, heard = begun()
        turns = [("client", packet(0, b"\x16select ?")), ("backend", prepared(0, 0))]
        converse(framer, turns, heard=heard)
        self.assertEqual(self._subject(framer, heard), "select ?")
        close = packet(0, b"\x19\x09\0\0\0")
        dropped = list(framer.fromClient(close))
        self.assertEqual(dropped[0][0].subject, "select ?")
        self.assertEqual(self._subject(framer, heard), "select ?")
        converse(framer, [("client", close)], heard=heard)
        self.assertEqual(self._subject(framer, heard), "")

    def test_failed(self) -> None:
        """
        A statement that the server refused, or that never reached it, is not known.
        """
        framer, heard = begun()
        request = packet(0, b"\x16select ?")
        list(framer.fromClient(request))
        self.assertEqual(self._subject(framer, heard, 0xFFFFFFFF), "")
        converse(framer, [("client", request), ("backend", err(1))], heard=heard)
        self.assertEqual(self._subject(framer, heard), "")

    def test_latest(self) -> None:
        """
        MariaDB's number for the last one works before the announcement is there.
        """
        framer, heard = begun()
        execute = packet(0, b"\x17\xff\xff\xff\xff\0\1\0\0\0")
        converse(framer, [("client", packet(0, b"\x16do ?") + execute)], heard=heard)
        self.assertEqual(heard.exchanges[2].subject, "do ?")

    def test_forgotten(self) -> None:
        """
        A reset of the connection and a change of user forget all, if they succeed.
        """
        for command in (b"\x1f", b"\x11app\0\0"):
            framer, heard = begun()
            turns = [("client", packet(0, b"\x16select ?")), ("backend", prepared(0, 0))]
            converse(framer, turns, heard=heard)
            converse(framer, [("client", packet(0, command)), ("backend", err(1))], heard=heard)
            self.assertEqual(self._subject(framer, heard), "select ?")
            converse(framer, [("client", packet(0, command)), ("backend", ok(1))], heard=heard)
            self.assertEqual(self._subject(framer, heard), "")


class HostileTests(SynchronousTestCase):
    """
    Replies that no server gives.
    """

    def test_nonsense(self) -> None:
        """
        Each is refused where it is; what came before belongs to the reply.
        """
        for good, bad in (
            (b"", packet(1, b"")),
            (b"", packet(1, b"\xff")),
            (b"", packet(1, b"\0\1")),
            (b"", packet(1, b"\0\0\0\1")),
            (b"", packet(1, b"\0\xff\0\0\0\0\0")),
            (b"", packet(1, b"\0\xfe" + b"\1" * 8 + b"\xfe" + b"\1" * 8)),
            (b"", packet(1, b"\xfe" + b"\xff" * 8)),
            (b"", packet(1, b"\xfd\xff\xff\xff")),
            (b"", packet(1, b"\xfc\0\0")),
            (b"", packet(1, b"\1\0")),
            (b"", packet(1, b"HTTP/1.1 400")),
            (packet(1, b"\1"), packet(2, b"\xfd")),
            (packet(1, b"\1"), define(4)),
            (packet(1, b"\1") + define(2), define(3)),
            (packet(1, b"\1") + define(2) + eof(3), packet(5, b"\1x")),
            (packet(1, b"\1") + define(2) + eof(3), packet(4, b"")),
        ):
            for size in (0, 1):
                framer, heard = begun()
                turns = [("client", query()), ("backend", good + bad + b"zz")]
                converse(framer, turns, size, heard)
                self.assertNotEqual(heard.error, "", bad)
                replies = heard.replies.get(1, b"")
                self.assertEqual(replies + heard.loose[1], good + bad + b"zz")
                self.assertEqual(heard.ended[1], [0])
                self.assertIn("garbage", framer.opaque)
                if size == 0:
                    self.assertEqual(replies, good)

    def test_file(self) -> None:
        """
        After a file comes no table, and a statement's announcement is an OK.
        """
        framer, heard = begun()
        turns = [("client", query()), ("backend", packet(1, b"\xfbx")), ("backend", table(3))]
        converse(framer, turns, heard=heard)
        self.assertIn("file", heard.error)
        for reply in (packet(1, b"\5" * 12), packet(1, b"\0\0")):
            framer, heard = begun()
            converse(framer, [("client", packet(0, b"\x16x")), ("backend", reply)], heard=heard)
            self.assertIn("is not a prepared statement", heard.error)

    def test_many(self) -> None:
        """
        A result of more columns than there can be is refused, one of the most that
        there can be is only counted.
        """
        framer, heard = begun()
        many = packet(1, b"\xfd" + (100000).to_bytes(3, "little"))
        converse(framer, [("client", query()), ("backend", many)], heard=heard)
        self.assertIn("100000 columns", heard.error)
        framer, heard = begun()
        columns = b"".join(define((2 + n) & 0xFF) for n in range(65535))
        reply = packet(1, b"\xfc\xff\xff") + columns + eof(1) + eof(2)
        converse(framer, [("client", query()), ("backend", reply)], 65536, heard)
        self.assertEqual((heard.ended[1], heard.error), ([0, 1], ""))

    def test_flood(self) -> None:
        """
        Rows of 16 MiB and more pass as they come, nothing of them is kept, and what
        they contain is not read.
        """
        framer, heard = begun()
        begin = table()[: -(9 + 14)]
        converse(framer, [("client", query()), ("backend", begin)], heard=heard)
        full = b"\xfe" + eof(0) * ((FULL - 1) // 9)
        row = b"\xff\xff\xff\x04" + full + bytes(FULL - len(full))
        out = 0
        for start in range(0, len(row), 1 << 18):
            part = row[start : start + (1 << 18)]
            for exchange, data, ends in framer.fromBackend(part):
                self.assertEqual((exchange.number, ends), (1, False))
                self.assertIdentical(data, part)
                out += len(data)
        self.assertEqual(out, len(row))
        rest = packet(5, b"\xfe\0\0\2\0") + packet(6, b"\1x") + eof(7)
        converse(framer, [("backend", rest)], heard=heard)
        self.assertEqual((heard.ended[1], heard.error), ([0, 1], ""))

    def test_early(self) -> None:
        """
        A text of 16 MiB begins as an end does, but its length tells it apart.
        """
        framer, heard = begun(DEPRECATE_EOF)
        begin = packet(1, b"\1") + define(2)
        row = b"\xff\xff\xff\x03\xfe" + bytes(FULL - 1) + packet(4, b"")
        reply = begin + row + ok(5, 2, 0xFE)
        converse(framer, [("client", query()), ("backend", reply)], heard=heard)
        self.assertEqual((heard.ended[1], heard.error), ([0, 1], ""))
        self.assertEqual(len(heard.replies[1]), len(reply))

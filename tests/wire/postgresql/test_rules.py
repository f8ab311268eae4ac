"""
Tests for what rules ask of L{vaurien_twisted.wire.postgresql.protocol}: targets, codes and cuts.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.cutting import Cut, cutReply, matches
from tests.wire.postgresql.conversation_parts import (
    COPY_IN,
    DONE,
    FAILED,
    FLUSH,
    READY,
    SYNC,
    begun,
    bind,
    execute,
    message,
    parse,
    query,
    session,
)
from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.decision import Decision, Step
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.postgresql.extended_query import TEXTS
from vaurien_twisted.wire.postgresql.messages import errorResponse
from vaurien_twisted.wire.postgresql.protocol import PostgreSQL
from vaurien_twisted.wire.postgresql.session import Context, Form

HEAD = message("T", b"\0\1a\0" + bytes(18))
ROW = message("D", b"\0\1\0\0\0\2ab")
END = message("C", b"SELECT 3\0") + READY


def last(*turns: tuple[str, bytes]) -> Exchange:
    """
    The last exchange of a session that goes on so.
    """
    heard = session(*turns)
    return heard.exchanges[max(heard.exchanges)]


class TargetTests(SynchronousTestCase):
    """
    L{PostgreSQL.targets}.
    """

    def found(self, sql: object, *turns: tuple[str, bytes]) -> bool:
        """
        Whether the pattern is found in the last exchange.
        """
        return matches(PostgreSQL.targets, last(*turns), sql=sql)

    def test_simple(self) -> None:
        """
        In a query, in any case and behind any space.
        """
        self.assertTrue(self.found("^UPDATE", ("client", query("\n update orders"))))
        self.assertFalse(self.found("^UPDATE", ("client", query("SELECT 'UPDATE'"))))
        self.assertFalse(self.found(""))
        self.assertFalse(matches(PostgreSQL.targets, Exchange(0, "connect"), sql=""))

    def test_prepared(self) -> None:
        """
        In what is prepared, and in what was prepared before.
        """
        first = parse("UPDATE orders", "s") + SYNC
        self.assertTrue(self.found("^UPDATE", ("client", first)))
        run = bind("s") + execute() + SYNC
        turns = (("client", first), ("backend", message("1") + READY), ("client", run))
        self.assertTrue(self.found("^UPDATE", *turns))
        self.assertTrue(matches(PostgreSQL.targets, last(*turns), command="execute"))
        self.assertFalse(self.found("^DELETE", *turns))

    def test_described(self) -> None:
        """
        What is only described or closed is not run.
        """
        first = ("client", parse("UPDATE orders", "s") + SYNC)
        done = ("backend", message("1") + READY)
        for kind in "DC":
            asks = ("client", message(kind, b"Ss\0") + SYNC)
            self.assertFalse(self.found("UPDATE", first, done, asks))

    def test_several(self) -> None:
        """
        Of several statements in a group each is looked at, up to a bound.
        """
        group = parse("BEGIN") + bind() + execute() + parse("SELECT 1") + bind() + execute()
        group += parse("UPDATE orders") + bind() + execute() + SYNC
        for sql in ("^BEGIN", "^SELECT", "^UPDATE"):
            self.assertTrue(self.found(sql, ("client", group)))
        many = b"".join(parse(f"SELECT {n};") for n in range(TEXTS + 1)) + SYNC
        self.assertTrue(self.found(f"^SELECT {TEXTS - 1};", ("client", many)))
        self.assertFalse(self.found(f"^SELECT {TEXTS};", ("client", many)))

    def test_copy(self) -> None:
        """
        The data of a COPY have its text.
        """
        turns = (
            ("client", query("COPY t FROM STDIN")),
            ("backend", COPY_IN),
            ("client", message("d", b"1\n")),
        )
        self.assertTrue(self.found("^COPY t", *turns))
        self.assertTrue(matches(PostgreSQL.targets, last(*turns), command="CopyData"))


class CodeTests(SynchronousTestCase):
    """
    L{PostgreSQL.named}.
    """

    def test_known(self) -> None:
        """
        Presets, and any SQLSTATE of an error.
        """
        wire = PostgreSQL()
        self.assertEqual(wire.parseError("40001", ""), wire.errors["40001"])
        self.assertEqual(wire.parseError("40001", "mine").message, "mine")
        self.assertEqual(wire.parseError("42P01", "").message, "missing error text")
        self.assertEqual(wire.parseError("03000", "mine").message, "mine")

    def test_refused(self) -> None:
        """
        Others are refused with the nearest preset.
        """
        for code, words in (
            ("4000", "'40001'"),
            ("40p01", "did you mean '40P01'"),
            ("00000", "classes 00 to 02"),
            ("01000", "classes 00 to 02"),
            ("02000", "classes 00 to 02"),
            ("deadlock", "pick one of"),
        ):
            refused = self.assertRaises(Refused, PostgreSQL().parseError, code, "")
            self.assertIn(words, str(refused))

    def test_late(self) -> None:
        """
        In place of a reply the error stands alone, whatever was asked: the backend's
        ReadyForQuery comes behind it.
        """
        late = WireError("40001", "m", "", late=True)
        for form, text, then in (
            (Form.SIMPLE, "SELECT 1", ConnectionFate.KEEP),
            (Form.SIMPLE, "copy t\nfrom stdin (format csv)", ConnectionFate.KEEP),
            (Form.SYNCED, "COPY t FROM STDIN", ConnectionFate.KEEP),
            (Form.COPY, "COPY t FROM STDIN", ConnectionFate.KEEP),
            (Form.STARTUP, "", ConnectionFate.CLOSE),
        ):
            exchange = Exchange(2, context=Context(form, "I", (text,)))
            reply = PostgreSQL().encodeError(exchange, late)
            assert reply is not None
            self.assertIs(reply.then, then)
            severity = "FATAL" if then is ConnectionFate.CLOSE else "ERROR"
            self.assertEqual(reply.data, errorResponse(severity, "40001", "m"))

    def test_lateBehindFlush(self) -> None:
        """
        Where an error stands in place of what answers a Flush, the Sync's answer passes.
        """
        for size in (0, 1):
            framer, heard = begun()
            turns = [("client", parse("A", "s") + FLUSH)]
            converse(framer, turns, heard=heard)
            reply = Step(Reply(FAILED), None)
            heard.exchanges[2].decision = Decision(reply=(reply,))
            turns = [("backend", message("1")), ("client", SYNC), ("backend", READY)]
            converse(framer, turns, size, heard)
            self.assertEqual(heard.loose[1], READY)
            self.assertEqual(heard.replies[2], message("1"))
            self.assertEqual(heard.ended[1], [1, 2])
            converse(framer, [("client", query("B")), ("backend", DONE)], heard=heard)
            self.assertEqual(heard.replies[3], DONE)


class CutTests(SynchronousTestCase):
    """
    Replies that are cut after so many rows.
    """

    def cut(self, reply: bytes, count: int, request: bytes = b"") -> dict[int, Cut]:
        """
        What passes, the same whole and byte by byte.
        """
        whole, bytewise = (
            cutReply(begun()[0], request or query("SELECT"), reply, count, size) for size in (0, 1)
        )
        self.assertEqual(whole, bytewise)
        return whole

    def test_rows(self) -> None:
        """
        The description and so many rows pass, and nothing behind them.
        """
        reply = HEAD + ROW * 3 + END
        for count in range(4):
            [cut] = self.cut(reply, count).values()
            self.assertEqual(cut, Cut(HEAD + ROW * count, True))
        [cut] = self.cut(reply, 4).values()
        self.assertEqual(cut, Cut(reply, False))

    def test_extended(self) -> None:
        """
        What precedes the rows passes in the extended protocol, too.
        """
        before = message("1") + message("2")
        request = parse("A") + bind() + execute() + SYNC
        [cut] = self.cut(before + ROW * 2 + END, 1, request).values()
        self.assertEqual(cut, Cut(before + ROW, True))

    def test_copyOut(self) -> None:
        """
        The rows of COPY TO STDOUT are rows.
        """
        before, row = message("H", b"\0\0\0"), message("d", b"1\n")
        [cut] = self.cut(before + row * 3 + message("c") + DONE, 2).values()
        self.assertEqual(cut, Cut(before + row * 2, True))

    def test_others(self) -> None:
        """
        What has no rows passes whole, whatever the count; the next reply is cut anew.
        """
        request = query("UPDATE") + query("bad") + query("SELECT")
        reply = DONE + FAILED + READY + HEAD + ROW + END
        one, two, three = self.cut(reply, 0, request).values()
        self.assertEqual((one, two), (Cut(DONE, False), Cut(FAILED + READY, False)))
        self.assertEqual(three, Cut(HEAD, True))

    def test_uncutAfter(self) -> None:
        """
        A reply that was too short to be cut leaves the next one as it is.
        """
        for size in (0, 1):
            framer, _ = begun()
            reply = HEAD + ROW + END
            cutReply(framer, query("A"), reply, 5, size)
            heard = converse(framer, [("client", query("B")), ("backend", HEAD + ROW * 9 + END)])
            self.assertEqual(heard.replies, {3: HEAD + ROW * 9 + END})

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 80))
    def test_anyParts(self, rows: int, count: int, size: int) -> None:
        """
        However the reply arrives, what passes is its beginning, whole rows of it.
        """
        reply = HEAD + ROW * rows + END
        [cut] = cutReply(begun()[0], query("A"), reply, count, size).values()
        if count <= rows and rows:
            self.assertEqual(cut, Cut(HEAD + ROW * count, True))
        else:
            self.assertEqual(cut, Cut(reply, False))

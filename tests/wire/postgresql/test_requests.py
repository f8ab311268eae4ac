"""
Tests for L{vaurien_twisted.wire.postgresql.requests}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import (
    BEGINNING,
    DONE,
    FLUSH,
    INSIDE,
    READY,
    STARTUP,
    SYNC,
    TERMINATE,
    asked,
    begun,
    bind,
    both,
    execute,
    message,
    parse,
    query,
    refuse,
    session,
)
from tests.wire.support import chunks, converse, take
from vaurien_twisted.model.exchange import SUBJECT_LIMIT, FramingError
from vaurien_twisted.wire.postgresql.protocol import PostgreSQLFramer
from vaurien_twisted.wire.postgresql.session import Form


class QueryTests(SynchronousTestCase):
    """
    Simple queries and function calls.
    """

    def test_pipelined(self) -> None:
        """
        Queries sent at once are exchanges with replies of their own.
        """
        heard = both(("client", query("A") + query("B")), ("backend", DONE + DONE))
        self.assertEqual(asked(heard), ["Query A", "Query B"])
        self.assertEqual(heard.replies[2], DONE)
        self.assertEqual(heard.replies[3], DONE)
        self.assertEqual(heard.ended, ([1, 2, 3], [1, 2, 3]))

    def test_long(self) -> None:
        """
        A long query is passed on once enough of it is known to ask about it.
        """
        framer, _ = begun()
        data = query("x" * 100000)
        head = SUBJECT_LIMIT + 5
        self.assertEqual([piece[1] for piece in framer.fromClient(data[: head - 1])], [b""])
        ((exchange, part, ends),) = framer.fromClient(data[head - 1 : head])
        assert exchange is not None
        self.assertEqual((part, ends), (data[:head], False))
        self.assertEqual(exchange.subject, "x" * SUBJECT_LIMIT)
        framer.expect(exchange)
        rest = data[head:]
        ((same, part, ends),) = framer.fromClient(rest)
        self.assertIs(same, exchange)
        self.assertIs(part, rest)
        self.assertTrue(ends)

    def test_function(self) -> None:
        """
        A function call is named by the number of its function.
        """
        call = message("F", b"\0\0\1\0" + b"\0" * 6)
        heard = both(("client", call), ("backend", message("V", b"\xff" * 4) + READY))
        self.assertEqual(asked(heard), ["FunctionCall 256"])
        self.assertEqual(heard.ended[1], [1, 2])

    def test_terminate(self) -> None:
        """
        The goodbye has no reply.
        """
        heard = both(("client", TERMINATE))
        self.assertFalse(heard.exchanges[2].replies)
        self.assertEqual(heard.ended[0], [1, 2])

    def test_impossible(self) -> None:
        """
        Lengths and types that cannot be are refused behind what was good, and handed back.
        """
        for bad in (
            b"Q\0\0\0\3",
            b"Q\x7f\xff\xff\xff",
            b"z\0\0\0\4",
            message("p", b"x\0"),
            b"P\0\0\0\0",
        ):
            heard = session(("client", query("A") + bad))
            self.assertNotEqual(heard.error, "")
            self.assertEqual(heard.loose[0], bad)
            self.assertEqual(heard.requests[2], query("A"))


class ExtendedTests(SynchronousTestCase):
    """
    Groups of extended query messages.
    """

    def test_synced(self) -> None:
        """
        All up to the Sync is one exchange, one more begins behind it.
        """
        group = parse("SELECT $1") + bind() + execute() + SYNC
        heard = both(("client", group + group), ("backend", DONE + DONE))
        self.assertEqual(asked(heard), ["Execute SELECT $1"] * 2)
        self.assertEqual(heard.requests[2], group)
        self.assertIs(heard.exchanges[2].context.form, Form.SYNCED)
        self.assertEqual(heard.ended, ([1, 2, 3], [1, 2, 3]))

    def test_flushed(self) -> None:
        """
        A Flush lets the reply begin before the request has ended.
        """
        framer, heard = begun()
        converse(framer, [("client", parse("SELECT 1", "s") + FLUSH)], heard=heard)
        converse(framer, [("backend", message("1"))], heard=heard)
        self.assertEqual(heard.replies[2], message("1"))
        self.assertEqual(heard.ended, ([1], [1]))
        converse(framer, [("client", bind("s") + execute() + SYNC), ("backend", DONE)], heard=heard)
        self.assertEqual(heard.ended, ([1, 2], [1, 2]))
        self.assertIs(heard.exchanges[2].context.form, Form.UNSYNCED)

    def test_flushAlone(self) -> None:
        """
        A Flush behind a Sync asks nothing, so it belongs to no exchange.
        """
        heard = both(("client", query("A") + FLUSH + query("B")), ("backend", DONE + DONE))
        self.assertEqual(heard.loose[0], FLUSH)
        self.assertEqual(heard.ended[1], [1, 2, 3])

    def test_prepared(self) -> None:
        """
        What runs a prepared statement is known by its text, whether that was prepared
        in the head of a group or behind it.
        """
        for first in (
            parse("SELECT 1", "s") + SYNC,
            parse("X") + FLUSH + parse("SELECT 1", "s") + SYNC,
        ):
            heard = both(
                ("client", first), ("backend", DONE), ("client", bind("s") + execute() + SYNC)
            )
            self.assertEqual(asked(heard)[1], "Execute SELECT 1")

    def test_preparedInVain(self) -> None:
        """
        A Parse that did not go to the backend has no effect.
        """
        framer, _ = begun()
        refuse(framer, parse("SELECT 1", "s") + SYNC)
        described = refuse(framer, bind("s") + execute() + SYNC)
        self.assertEqual(described, [("Execute", bind("s") + execute() + SYNC, True)])

    def test_refused(self) -> None:
        """
        Where a group with a Flush is answered in the backend's place, its Sync is left
        for the backend, and what comes before the Sync is not.
        """
        for size in (0, 1):
            framer, _ = begun()
            group = parse("SELECT 1") + FLUSH + bind() + execute() + FLUSH
            pieces = refuse(framer, group + SYNC, size)[1:]
            end = [ends for _, _, ends in pieces].index(True)
            self.assertEqual({what for what, _, _ in pieces[: end + 1]}, {"Parse SELECT 1"})
            self.assertEqual(b"".join(data for _, data, _ in pieces[: end + 1]), group)
            self.assertEqual(pieces[end + 1 :], [("Sync", SYNC, True)])

    def test_streamed(self) -> None:
        """
        A parameter of any size is passed on as it arrives, once the bound is reached.
        """
        framer, heard = begun()
        group = parse("INSERT") + bind(value=b"v" * 500000) + execute() + SYNC
        held = 0
        for part in chunks(group, size=4096):
            before = len(heard.requests.get(2, b""))
            take(heard, framer, framer.fromClient(part), False)
            held = held + len(part) - (len(heard.requests.get(2, b"")) - before)
            self.assertLessEqual(held, 65536)
        self.assertEqual(heard.requests[2], group)
        self.assertEqual(asked(heard), ["Execute INSERT"])
        self.assertEqual(heard.ended[0], [1, 2])

    def test_manySmall(self) -> None:
        """
        A head of more messages than its bound allows is passed on in parts.
        """
        framer, heard = begun()
        group = message("D", b"S\0") * 20000 + SYNC
        for part in chunks(group, size=100):
            take(heard, framer, framer.fromClient(part), False)
        self.assertEqual(heard.requests[2], group)
        self.assertEqual(heard.ended[0], [1, 2])

    def test_cutShort(self) -> None:
        """
        A client that ends within a group leaves what it sent to the backend.
        """
        framer, heard = begun()
        converse(framer, [("client", parse("A") + bind())], heard=heard)
        take(heard, framer, framer.clientEnded(), False)
        self.assertEqual(heard.loose[0], parse("A") + bind())


class StartupTests(SynchronousTestCase):
    """
    The start-up as an exchange.
    """

    def test_passwords(self) -> None:
        """
        All that authentication takes belongs to exchange 1 in both directions.
        """
        password = message("p", b"secret\0")
        heard = both(("client", query("A")), ("backend", DONE))
        self.assertEqual(heard.requests[1], STARTUP)
        framer = PostgreSQLFramer()
        heard = converse(
            framer,
            [
                ("client", STARTUP),
                ("backend", message("R", b"\0\0\0\3")),
                ("client", password),
                *BEGINNING[1:],
                ("client", query("A")),
            ],
        )
        self.assertEqual(heard.requests[1], STARTUP + password)
        self.assertEqual(heard.exchanges[1].description, "STARTUP app/shop")
        self.assertEqual(heard.ended, ([1, 2], [1]))

    def test_refused(self) -> None:
        """
        A start-up that is answered in the backend's place ends at once.
        """
        framer = PostgreSQLFramer()
        pieces = refuse(framer, STARTUP)
        self.assertEqual(
            pieces, [("STARTUP app/shop", STARTUP, False), ("STARTUP app/shop", b"", True)]
        )
        with self.assertRaises(FramingError):
            refuse(framer, message("p", b"secret\0"))

    def test_status(self) -> None:
        """
        A request knows whether a transaction is open.
        """
        heard = both(
            ("client", query("BEGIN")), ("backend", message("C") + INSIDE), ("client", query("A"))
        )
        self.assertEqual(heard.exchanges[2].context.status, "I")
        self.assertEqual(heard.exchanges[3].context.status, "T")

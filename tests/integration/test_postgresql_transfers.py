"""
PostgreSQL asks for data of which the client does not know: the session goes on.
"""

from __future__ import annotations

import re
from typing import Any

from tests.integration.conversation_postgresql import (
    FLUSH,
    SYNC,
    RawSession,
    bind,
    execute,
    kinds,
    parse,
    query,
)
from tests.integration.postgres_case import PostgreSQLCase, psycopg
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread

#: How a COPY FROM STDIN may begin and what may stand around it.
COPIES = (
    "COPY {0} FROM STDIN",
    "/* app */ COPY {0} FROM STDIN",
    "-- app\n  copy\n{0} from /* here */ stdin with (format csv)",
    "/* a /* nested */ one */ COPY {0} (id) FROM STDIN",
    "SELECT 1; COPY {0} FROM STDIN",
    "SELECT 1; COPY {0} FROM STDIN; SELECT 2",
    "SELECT repeat('x', 100) FROM generate_series(1, 1000); COPY {0} FROM STDIN",
    "COPY {0} FROM STDIN; COPY {0} FROM STDIN",
)

#: Statements whose replies ask for nothing, though they speak of it.
OTHERS = (
    "/* app */ COPY {0} TO STDOUT",
    "SELECT 'COPY {0} FROM STDIN'",
    "WITH copied AS (SELECT 1) SELECT * FROM copied",
    "EXPLAIN SELECT 1",
    "COPY nowhere FROM STDIN",
)

LATE = {"code": "40001", "at": "reply"}


class TransferTests(PostgreSQLCase):
    """
    With C{error} at C{reply}.
    """

    def raw(self, port: int = 0, **more: Any) -> RawSession:
        """
        A session of which every byte is seen.
        """
        connection = self.connect(port, **more)
        session = RawSession(connection)
        self.addCleanup(session.close)
        return session

    @inThread
    def test_pitfall23_copies(self) -> None:
        """
        However COPY is said, the error comes, nothing is stored, and the same connection
        goes on.
        """
        self.table("wanted")
        rule(self, fault({"sql": "(?i)copy|copied|explain"}, **LATE))
        session = self.raw()
        for text in (*COPIES, *OTHERS):
            reply = session.ask(query(text.format("wanted")))
            self.assertEqual(kinds(reply), "EZ", text)
            self.assertEqual(reply[-1:], b"I", text)
            self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ", text)
        for text in (*COPIES[:4], *OTHERS[:4]):
            reply = session.ask(parse(text.format("wanted")) + bind() + execute() + SYNC)
            self.assertEqual(kinds(reply), "EZ", text)
            self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ", text)
        for text in COPIES[:4]:
            group = parse(text.format("wanted")) + bind() + execute() + FLUSH
            self.assertEqual(kinds(session.ask(group, "E")), "E")
            self.assertEqual(kinds(session.ask(SYNC)), "Z")
            self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ", text)
        [[count]] = self.ask(self.connect(), "SELECT count(*) FROM wanted")
        self.assertEqual((count, self.opaque()), (1, []))

    @inThread
    def test_pitfall23_transaction(self) -> None:
        """
        What the client is told of the transaction is what the server knows of it.
        """
        self.table("begun")
        rule(self, fault({"sql": "COPY"}, **LATE))
        session = self.raw()
        reply = session.ask(query("BEGIN; COPY begun FROM STDIN"))
        self.assertEqual((kinds(reply), reply[-1:]), ("EZ", b"E"))
        self.assertEqual(kinds(session.ask(query("SELECT 7"))), "EZ")
        self.assertEqual(session.ask(query("ROLLBACK"))[-1:], b"I")
        self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ")

    @inThread
    def test_pitfall23_psycopg(self) -> None:
        """
        psycopg's connection goes on.
        """
        self.table("loaded")
        rule(self, fault({"sql": "COPY"}, **LATE))
        connection = self.connect()
        for text in COPIES[:4]:
            with (
                self.assertRaises(psycopg.errors.SerializationFailure),
                connection.cursor() as cursor,
                cursor.copy(text.format("loaded")) as copy,
            ):
                copy.write("2\t2\n")
            self.assertEqual(self.ask(connection, "SELECT count(*) FROM loaded"), [(1,)])

    @inThread
    def test_pitfall23_replication(self) -> None:
        """
        A stream of replication that was not to begin is ended, and the session goes on.
        """
        session = RawSession(psycopg.connect(self.address() + " replication=true"))
        self.addCleanup(session.close)
        rule(self, fault({"sql": "START_REPLICATION"}, **LATE))
        system = session.ask(query("IDENTIFY_SYSTEM"))
        self.assertEqual(kinds(system), "TDCZ")
        [place] = re.findall("[0-9A-F]+/[0-9A-F]{4,}", system.decode("latin-1"))
        reply = session.ask(query(f"START_REPLICATION PHYSICAL {place}"))
        self.assertEqual(kinds(reply), "EZ")
        self.assertEqual(kinds(session.ask(query("IDENTIFY_SYSTEM"))), "TDCZ")
        self.assertEqual(self.opaque(), [])

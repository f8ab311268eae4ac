"""
PostgreSQL clients that wait for answers though they have sent neither Sync nor Flush.
"""

from __future__ import annotations

from typing import Any

from tests.integration.conversation_postgresql import (
    SYNC,
    RawSession,
    bind,
    execute,
    kinds,
    parse,
    query,
)
from tests.integration.postgres_case import PostgreSQLCase, psycopg
from tests.integration.ruling import decided, fault, rule
from tests.integration.support import inThread

#: More than the server keeps in its buffer.
MANY = "SELECT repeat('x', 1000) FROM generate_series(1, 100)"

#: Rules by which nothing happens to the statements here.
UNMET: tuple[list[dict[str, Any]], ...] = (
    [],
    [fault({"sql": "^REPLACE INTO nowhere"}, code="40001")],
    [fault({"command": "FunctionCall"}, code="40001")],
    [{"behavior": "delay", "options": {"sleep": 0}}],
)


class PausingTests(PostgreSQLCase):
    """
    Whole messages are not kept back.
    """

    @inThread
    def test_pitfall26_errors(self) -> None:
        """
        An error comes without a Sync, and so do rows that fill the server's buffer.
        """
        for rules in UNMET:
            rule(self, *rules)
            session = RawSession(self.connect())
            self.addCleanup(session.close)
            for _ in range(3):
                reply = session.ask(parse("SELECT 1/0") + bind() + execute(), "E")
                self.assertEqual(kinds(reply)[-1:], "E", rules)
                self.assertEqual(kinds(session.ask(SYNC)), "Z")
                reply = session.ask(parse(MANY) + bind() + execute(), "D")
                self.assertEqual(kinds(reply), "12D")
                self.assertEqual(kinds(session.ask(SYNC)), "DCZ")
                self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ")
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_pitfall26_pipeline(self) -> None:
        """
        psycopg reads on within a pipeline.
        """
        for rules in UNMET:
            rule(self, *rules)
            connection = self.connect()
            with self.assertRaises(psycopg.errors.DivisionByZero), connection.pipeline():
                connection.execute("SELECT 1/0")
                for _ in range(50):
                    connection.execute(MANY)
            self.assertEqual(self.ask(connection, "SELECT 7"), [(7,)])

    @inThread
    def test_pitfall26_refused(self) -> None:
        """
        Where a rule meets the statement its error comes without a Sync.
        """
        rule(self, fault({"sql": "fault"}, code="40001"))
        session = RawSession(self.connect())
        self.addCleanup(session.close)
        reply = session.ask(parse("SELECT 'fault'") + bind() + execute(), "E")
        self.assertEqual(kinds(reply), "E")
        self.assertEqual(kinds(session.ask(SYNC)), "Z")
        self.assertEqual(kinds(session.ask(query("SELECT 7"))), "TDCZ")
        self.assertEqual(decided(self), ["Execute SELECT 'fault'"])

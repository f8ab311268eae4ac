"""
Transactions of PostgreSQL on which errors are injected: what the server is left with, asked
of the server itself.
"""

from __future__ import annotations

from typing import Any

from tests.integration.postgres_case import PostgreSQLCase, psycopg
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread

if psycopg is not None:
    from psycopg.pq import TransactionStatus


class TransactionTests(PostgreSQLCase):
    """
    What is left of a transaction.
    """

    def failed(self, connection: Any, sql: str, *arguments: Any) -> str:
        """
        The SQLSTATE of the error that C{sql} meets.
        """
        with self.assertRaises(psycopg.Error) as caught:
            self.ask(connection, sql, *arguments)
        return str(caught.exception.sqlstate)

    def status(self, connection: Any) -> str:
        """
        The state of the transaction, as the client knows it.
        """
        return str(TransactionStatus(connection.info.transaction_status).name)

    @inThread
    def test_block_pitfall22(self) -> None:
        """
        An error within a block, at the request or at the reply, in the simple and in the
        extended protocol: the server itself refuses what follows with 25P02 until ROLLBACK.
        """
        self.table("t22_block")
        update = "UPDATE t22_block SET value = value + %s"
        for where in ("request", "reply"):
            for simple in (True, False):
                connection = self.connect()
                if simple:
                    connection = self.connect(cursor_factory=psycopg.ClientCursor)
                self.ask(connection, "BEGIN")
                self.ask(connection, update, 1)
                rule(self, fault({"sql": "UPDATE .*"}, code="40001", at=where))
                self.assertEqual(self.failed(connection, update, 10), "40001")
                self.assertEqual(self.status(connection), "INERROR")
                rule(self)
                self.assertEqual(self.failed(connection, "SELECT 1"), "25P02", (where, simple))
                self.ask(connection, "COMMIT")
                self.assertEqual(self.status(connection), "IDLE")
                self.assertEqual(self.value("t22_block"), 0, (where, simple))
                self.ask(connection, "BEGIN")
                self.assertEqual(self.failed(connection, "wrong"), "42601")
                self.ask(connection, "ROLLBACK")
                self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])

    @inThread
    def test_savepoint_pitfall22(self) -> None:
        """
        Rolling back to a savepoint revives the transaction.
        """
        self.table("t22_save")
        for where in ("request", "reply"):
            connection = self.connect()
            self.ask(connection, "BEGIN")
            self.ask(connection, "UPDATE t22_save SET value = value + 1")
            self.ask(connection, "SAVEPOINT here")
            rule(self, fault({"sql": "UPDATE .*"}, code="40P01", at=where))
            more = "UPDATE t22_save SET value = value + 10"
            self.assertEqual(self.failed(connection, more), "40P01")
            rule(self)
            self.assertEqual(self.failed(connection, "SELECT 1"), "25P02")
            self.ask(connection, "ROLLBACK TO here")
            self.assertEqual(self.status(connection), "INTRANS")
            self.ask(connection, "COMMIT")
        self.assertEqual(self.value("t22_save"), 2)

    @inThread
    def test_commit_pitfall22(self) -> None:
        """
        A COMMIT that fails has rolled back, and its locks are gone; one that failed at the
        reply has committed.
        """
        self.table("t22_done")
        for simple in (True, False):
            connection = self.connect()
            if simple:
                connection = self.connect(cursor_factory=psycopg.ClientCursor)
            for sql in ("COMMIT", "commit work;", "/* traced */ END -- trace=1"):
                rule(self, fault({"sql": "(?i).*(commit work|commit$|end --).*"}, code="40001"))
                self.ask(connection, "BEGIN")
                self.ask(connection, "UPDATE t22_done SET value = value + 1")
                self.assertEqual(self.failed(connection, sql), "40001")
                self.assertEqual(self.status(connection), "IDLE")
                rule(self)
                other = self.connect(self.server.port)
                self.ask(other, "SET lock_timeout = '10s'")
                self.ask(other, "SELECT value FROM t22_done FOR UPDATE NOWAIT")
                self.assertEqual(self.value("t22_done"), 0, sql)
        rule(self, fault({"sql": "COMMIT"}, code="40001", at="reply"))
        self.ask(connection, "BEGIN")
        self.ask(connection, "UPDATE t22_done SET value = value + 1")
        self.assertEqual(self.failed(connection, "COMMIT"), "40001")
        self.assertEqual(self.value("t22_done"), 1)

    @inThread
    def test_begin_pitfall22(self) -> None:
        """
        A BEGIN that failed has begun nothing that could be committed.
        """
        self.table("t22_begin")
        for where in ("request", "reply"):
            connection = self.connect()
            rule(self, fault({"sql": "BEGIN"}, code="53200", at=where))
            self.assertEqual(self.failed(connection, "BEGIN"), "53200")
            rule(self)
            if self.status(connection) != "IDLE":
                self.ask(connection, "ROLLBACK")
            self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
        self.assertEqual(self.value("t22_begin"), 0)

    @inThread
    def test_outside(self) -> None:
        """
        Outside of a block there is nothing to fail, and the connection goes on.
        """
        self.table("t22_out")
        for where, value in (("request", 0), ("reply", 1)):
            connection = self.connect()
            rule(self, fault({"sql": "UPDATE .*"}, code="40001", at=where))
            update = "UPDATE t22_out SET value = value + 1"
            self.assertEqual(self.failed(connection, update), "40001")
            self.assertEqual(self.status(connection), "IDLE")
            rule(self)
            self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
            self.assertEqual(self.value("t22_out"), value)

    @inThread
    def test_pipeline_pitfall22(self) -> None:
        """
        In a pipeline the state is not known as the error strikes: what was sent before it is
        not answered. It is right nevertheless, for the client and for the server.
        """
        self.table("t22_pipe")
        connection = self.connect()
        rule(self, fault({"sql": ".*value \\+ 10"}, code="40001"))
        with self.assertRaises(psycopg.Error) as caught, connection.pipeline() as pipeline:
            connection.execute("BEGIN")
            pipeline.sync()
            connection.execute("UPDATE t22_pipe SET value = value + 1")
            pipeline.sync()
            connection.execute("UPDATE t22_pipe SET value = value + 10")
            pipeline.sync()
        self.assertEqual(caught.exception.sqlstate, "40001")
        self.assertEqual(self.status(connection), "INERROR")
        rule(self)
        self.assertEqual(self.failed(connection, "SELECT 1"), "25P02")
        self.ask(connection, "COMMIT")
        self.assertEqual(self.value("t22_pipe"), 0)
        # All in one group: nothing of it reaches the server.
        rule(self, fault({"sql": ".*value \\+ 10"}, code="40001"))
        with self.assertRaises(psycopg.Error), connection.pipeline():
            connection.execute("UPDATE t22_pipe SET value = value + 1")
            connection.execute("UPDATE t22_pipe SET value = value + 10")
        rule(self)
        self.assertEqual(self.status(connection), "IDLE")
        self.assertEqual(self.value("t22_pipe"), 0)

    @inThread
    def test_context_pitfall22(self) -> None:
        """
        psycopg's own transactions: whichever statement or COMMIT fails, all or nothing.
        """
        self.table("t22_both", 0)
        connection = self.connect()
        # Real errors do not strike as it rolls back.
        rule(self, {**fault({"sql": "BEGIN|UPDATE.*|COMMIT"}), "percent": 20})
        done = 0
        for _ in range(60):
            try:
                with connection.transaction():
                    connection.execute("UPDATE t22_both SET value = value + 1")
                    connection.execute("UPDATE t22_both SET value = value + 1000")
            except psycopg.Error:
                continue
            done += 1
        rule(self)
        self.assertEqual(self.value("t22_both"), done * 1001)
        self.assertGreater(done, 5)

    @inThread
    def test_fatal(self) -> None:
        """
        An error that ends the session ends its transaction.
        """
        self.table("t22_fatal")
        connection = self.connect()
        self.ask(connection, "BEGIN")
        self.ask(connection, "UPDATE t22_fatal SET value = 1")
        rule(self, fault({"sql": "SELECT 1"}, code="57P01"))
        self.assertEqual(self.failed(connection, "SELECT 1"), "57P01")
        other = self.connect(self.server.port)
        self.ask(other, "SET lock_timeout = '30s'")
        self.ask(other, "SELECT value FROM t22_fatal FOR UPDATE")
        self.assertEqual(self.value("t22_fatal"), 0)

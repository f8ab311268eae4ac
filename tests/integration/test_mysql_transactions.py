"""
Transactions of MariaDB on which errors are injected: what the server is left with, asked of
the server itself.
"""

from __future__ import annotations

from typing import Any

from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread


class TransactionTests(MySQLCase):
    """
    What is left of a transaction.
    """

    def table(self, name: str) -> Any:
        """
        A table with one row of the value 0, until the end of the test.
        """
        direct = self.connect(self.server.port)
        self.ask(direct, f"CREATE OR REPLACE TABLE {name} (value int) ENGINE=InnoDB")
        self.ask(direct, f"INSERT INTO {name} VALUES (0)")
        self.addCleanup(self.ask, direct, f"DROP TABLE {name}")

    def value(self, name: str) -> int:
        """
        What the server says that was committed; nobody holds a lock on it.
        """
        direct = self.connect(self.server.port)
        self.ask(direct, "SET innodb_lock_wait_timeout = 30")
        [[value]] = self.ask(direct, f"SELECT value FROM {name} FOR UPDATE")
        return int(value)

    def failed(self, connection: Any, sql: str) -> int:
        """
        The number of the error that C{sql} meets.
        """
        with self.assertRaises(pymysql.err.MySQLError) as caught:
            self.ask(connection, sql)
        return int(caught.exception.args[0])

    def begun(self, name: str, *opening: str) -> Any:
        """
        A connection that has begun a transaction and added 1.
        """
        connection = self.connect()
        for sql in opening or ("BEGIN",):
            self.ask(connection, sql)
        self.ask(connection, f"UPDATE {name} SET value = value + 1")
        return connection

    @inThread
    def test_deadlock_pitfall22(self) -> None:
        """
        A deadlock rolls back what came before it: at once, and whatever the client does then.
        """
        self.table("t22_dead")
        for opening in (("BEGIN",), ("SET autocommit = 0",), ("START TRANSACTION",)):
            for where in ("request", "reply"):
                for code in (1213, 1180, 1206):
                    connection = self.begun("t22_dead", *opening)
                    rule(self, fault({"sql": "UPDATE .*"}, code=code, at=where))
                    more = "UPDATE t22_dead SET value = value + 10"
                    self.assertEqual(self.failed(connection, more), code)
                    rule(self)
                    self.assertEqual(self.value("t22_dead"), 0, (opening, where, code))
                    self.ask(connection, "COMMIT")
                    self.assertEqual(self.value("t22_dead"), 0, (opening, where, code))
                    self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
                    self.ask(connection, "COMMIT")

    @inThread
    def test_timeout_pitfall22(self) -> None:
        """
        A lock that is waited for too long, and other errors, undo the statement alone.
        """
        self.table("t22_wait")
        for done, code in enumerate((1205, 1317, 1290, 1062, 3024)):
            connection = self.begun("t22_wait")
            rule(self, fault({"sql": "UPDATE .*"}, code=code))
            more = "UPDATE t22_wait SET value = value + 100"
            self.assertEqual(self.failed(connection, more), code)
            rule(self)
            self.assertEqual(self.ask(connection, "SELECT value FROM t22_wait"), ((done + 1,),))
            self.ask(connection, "COMMIT")
            self.assertEqual(self.value("t22_wait"), done + 1)

    @inThread
    def test_commit_pitfall22(self) -> None:
        """
        A COMMIT that fails, for whatever reason, has rolled back.
        """
        self.table("t22_done")
        for code in (1213, 1205, 1290, 1180):
            for sql in ("COMMIT", "commit work;", "/* trace */ COMMIT -- x"):
                connection = self.begun("t22_done")
                rule(self, fault({"sql": "(?i).*commit.*"}, code=code))
                self.assertEqual(self.failed(connection, sql), code)
                rule(self)
                self.assertEqual(self.value("t22_done"), 0, (sql, code))
                self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        connection = self.begun("t22_done")
        rule(self, fault({"sql": "COMMIT"}, code=1205, at="reply"))
        self.assertEqual(self.failed(connection, "COMMIT"), 1205)
        self.assertEqual(self.value("t22_done"), 1)

    @inThread
    def test_begin_pitfall22(self) -> None:
        """
        A BEGIN that failed has begun nothing.
        """
        self.table("t22_begin")
        for where in ("request", "reply"):
            connection = self.connect()
            rule(self, fault({"sql": "BEGIN"}, code=1205, at=where))
            self.assertEqual(self.failed(connection, "BEGIN"), 1205)
            rule(self)
            self.ask(connection, "UPDATE t22_begin SET value = value + 1")
            self.ask(connection, "ROLLBACK")
        self.assertEqual(self.value("t22_begin"), 2)

    @inThread
    def test_outside(self) -> None:
        """
        Outside of a transaction the server is sent nothing.
        """
        self.table("t22_out")
        connection = self.connect()
        asked = "SHOW SESSION STATUS LIKE 'Questions'"
        [[_, before]] = self.ask(connection, asked)
        rule(self, fault({"sql": "UPDATE .*"}, code=1213))
        self.assertEqual(self.failed(connection, "UPDATE t22_out SET value = 1"), 1213)
        rule(self)
        [[_, after]] = self.ask(connection, asked)
        self.assertEqual(int(after), int(before) + 1)
        self.assertEqual(self.value("t22_out"), 0)

    @inThread
    def test_passedOver_pitfall22(self) -> None:
        """
        The state is known where requests were passed over unread.
        """
        self.table("t22_over")
        rule(self, fault({"command": "COM_PING"}, code=1213))
        connection = self.begun("t22_over")
        self.assertEqual(self.ask(connection, "SELECT value FROM t22_over"), ((1,),))
        with self.assertRaises(pymysql.err.MySQLError):
            connection.ping(reconnect=False)
        self.assertEqual(self.value("t22_over"), 0)

    @inThread
    def test_closing(self) -> None:
        """
        An error that ends the session ends its transaction.
        """
        self.table("t22_closing")
        for code in (1053, 1927):
            connection = self.begun("t22_closing")
            rule(self, fault({"sql": "SELECT 1"}, code=code))
            self.assertEqual(self.failed(connection, "SELECT 1"), code)
            rule(self)
            self.assertEqual(self.value("t22_closing"), 0)

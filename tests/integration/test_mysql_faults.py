"""
MariaDB behind a proxy that misbehaves.
"""

from __future__ import annotations

import time

from tests.integration.children import report
from tests.integration.mysql_case import BIG, MySQLCase, pymysql
from tests.integration.support import inThread, run, theReactor
from vaurien_twisted.wire.mysql.errors import CATALOG

ERRORS = CATALOG.presets


class MySQLFaultTests(MySQLCase):
    """
    Each behavior, as a client sees it.
    """

    @inThread
    def test_blackout(self) -> None:
        """
        A new connection fails at once, an open one when it is used.
        """
        connection = self.connect()
        self.behave("blackout")
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.connect()
        with self.assertRaises(pymysql.err.OperationalError) as used:
            self.ask(connection, "SELECT 1")
        self.assertEqual(caught.exception.args[0], 2013)
        self.assertNotIn("timed out", caught.exception.args[1] + used.exception.args[1])
        self.assertIn(used.exception.args[0], (2006, 2013))
        self.behave("dummy")
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), ((1,),))

    @inThread
    def test_hang(self) -> None:
        """
        A query is not answered; once that is over, one is.
        """
        connection = self.connect()
        self.behave("hang")
        connection._read_timeout = 0.5
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "SELECT 1")
        self.assertEqual(caught.exception.args[0], 2013)
        self.assertIn("timed out", caught.exception.args[1])
        self.behave("dummy")
        self.assertEqual(self.ask(self.connect(), "SELECT 2"), ((2,),))

    @inThread
    def test_hangLifted(self) -> None:
        """
        A query that is held is answered when another behavior is set.
        """
        connection = self.connect()
        self.behave("hang")
        later = theReactor()
        later.callFromThread(later.callLater, 0.3, self.proxy.setBehavior, "dummy")
        self.assertEqual(self.ask(connection, "SELECT 3"), ((3,),))
        self.assertEqual(self.effects(), ["hold"])

    @inThread
    def test_delay(self) -> None:
        """
        A query takes half a second longer, once.
        """
        connection = self.connect()
        self.behave("delay", sleep=0.5)
        began = time.monotonic()
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        taken = time.monotonic() - began
        report("a query delayed by 500 ms", [taken])
        self.assertGreaterEqual(taken, 0.5)
        self.assertEqual(self.effects(), ["wait 0.5 s"])

    @inThread
    def test_error(self) -> None:
        """
        The client raises one of the presets; the same connection then works.
        """
        connection = self.connect()
        self.behave("error")
        for _ in range(10):
            with self.assertRaises(pymysql.err.OperationalError) as caught:
                self.ask(connection, "SELECT 1")
            code, message = caught.exception.args
            self.assertIn(str(code), ("1205", "1213"))
            self.assertEqual(message, ERRORS[str(code)].message)
        self.behave("dummy")
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(len(self.effects()), 10)

    @inThread
    def test_errorAtTheGreeting(self) -> None:
        """
        A new connection is refused as by a server that is full.
        """
        self.behave("error")
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.connect()
        self.assertEqual(caught.exception.args[0], 1040)
        told = run("mariadb", *self.words(), "--execute=SELECT 1")
        self.assertIn("1040", told.stderr)

    @inThread
    def test_errorIsNotExecuted(self) -> None:
        """
        What was answered with an error never reached the server.
        """
        connection, other = self.connect(), self.connect(self.server.port)
        self.ask(other, "CREATE OR REPLACE TABLE untouched (a INT)")
        self.addCleanup(self.ask, other, "DROP TABLE untouched")
        self.behave("error")
        with self.assertRaises(pymysql.err.OperationalError):
            self.ask(connection, "INSERT INTO untouched VALUES (1)")
        self.behave("dummy")
        self.assertEqual(self.ask(connection, "SELECT COUNT(*) FROM untouched"), ((0,),))

    @inThread
    def test_bigQueryRefused(self) -> None:
        """
        A query of two packets is refused as a whole; the connection then works.
        """
        connection = self.connect()
        self.behave("error")
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "SELECT %s", "x" * BIG)
        self.assertIn(str(caught.exception.args[0]), ERRORS)
        self.behave("dummy")
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))

    @inThread
    def test_abort(self) -> None:
        """
        The answer is lost in a reset.
        """
        connection = self.connect()
        self.behave("abort")
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "SELECT 1")
        code, message = caught.exception.args
        self.assertEqual(code, 2013)
        self.assertIn("Connection reset", message)

    @inThread
    def test_transient(self) -> None:
        """
        The first two queries fail, the third does not.
        """
        connection = self.connect()
        self.behave("transient", agitate=2)
        for _ in range(2):
            with self.assertRaises(pymysql.err.OperationalError) as caught:
                self.ask(connection, "SELECT 1")
            self.assertIn(str(caught.exception.args[0]), ERRORS)
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(len(self.effects()), 2)

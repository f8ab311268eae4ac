"""
PostgreSQL behind a proxy that answers in its place: what clients make of it.
"""

from __future__ import annotations

import subprocess
from typing import Any

from tests.integration.postgres import DATABASE, USER
from tests.integration.postgres_case import CLIENT, PostgreSQLCase, psycopg
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import find, missing
from tests.integration.support import PATIENCE, inThread
from vaurien_twisted.wire.postgresql.errors import CATALOG

ERRORS = CATALOG.presets


class PresetTests(PostgreSQLCase):
    """
    What psycopg raises.
    """

    @inThread
    def test_atRequest(self) -> None:
        """
        Each preset raises the class of its SQLSTATE with the server's words; the same
        connection then works, or has ended where a server would end it.
        """
        for code, error in ERRORS.items():
            connection = self.connect()
            rule(self, fault({"sql": "^SELECT"}, code=code))
            for prepare in (False, True):
                if connection.closed:
                    connection = self.connect()
                with self.assertRaises(psycopg.Error) as caught:
                    self.ask(connection, "SELECT 'fault'", prepare=prepare)
                raised = caught.exception
                self.assertIs(type(raised), psycopg.errors.lookup(code), code)
                self.assertEqual(raised.diag.message_primary, error.message)
                self.assertEqual(raised.diag.severity, "FATAL" if ERRORS[code].closes else "ERROR")
                rule(self)
                if ERRORS[code].closes:
                    with self.assertRaises(psycopg.OperationalError):
                        self.ask(connection, "SELECT 1")
                    self.assertTrue(connection.closed)
                else:
                    self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
                rule(self, fault({"sql": "^SELECT"}, code=code))
            rule(self)

    @inThread
    def test_atStartup(self) -> None:
        """
        Each preset refuses the connection with the server's words.
        """
        for code, error in ERRORS.items():
            rule(self, fault({"command": "STARTUP"}, code=code))
            with self.assertRaises(psycopg.OperationalError) as caught:
                self.connect()
            self.assertIn(f"FATAL:  {error.message}", str(caught.exception))
        rule(self)
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), [(1,)])

    @inThread
    def test_withoutCode(self) -> None:
        """
        Without a code clients meet those that may pass if tried again.
        """
        connection = self.connect()
        self.behave("error")
        names = set()
        for _ in range(20):
            with self.assertRaises(psycopg.OperationalError) as caught:
                self.ask(connection, "SELECT 1")
            names.add(type(caught.exception).__name__)
        self.assertEqual(names, {"SerializationFailure", "DeadlockDetected", "LockNotAvailable"})
        with self.assertRaisesRegex(psycopg.OperationalError, "too many clients|starting up"):
            self.connect()

    @inThread
    def test_free(self) -> None:
        """
        Any SQLSTATE, with words of one's own.
        """
        connection = self.connect()
        rule(self, fault(code="42P01", message="no such table, says the proxy"))
        with self.assertRaisesRegex(psycopg.errors.UndefinedTable, "says the proxy"):
            self.ask(connection, "SELECT 1")


class AimTests(PostgreSQLCase):
    """
    Which requests are met, and where.
    """

    @inThread
    def test_firstUpdate(self) -> None:
        """
        The first UPDATE fails, its retry on the same connection succeeds, and what else
        is asked never notices; so it is for text and for prepared statements.
        """
        for prepare in (False, True):
            name = f"first_{prepare}".lower()
            self.table(name)
            connection = self.connect()
            update, select = f"\n UPDATE {name} SET value = value + 1", f"SELECT value FROM {name}"
            if prepare:
                # It is known from before; then only Bind and Execute name it.
                self.ask(connection, update, prepare=True)
            before = self.value(name)
            rule(self, {**fault({"sql": f"^UPDATE {name}"}, code="40001"), "times": 1})
            self.assertEqual(self.ask(connection, select), [(before,)])
            with self.assertRaises(psycopg.errors.SerializationFailure):
                self.ask(connection, update, prepare=prepare)
            self.assertEqual(self.value(name), before)
            self.ask(connection, update, prepare=prepare)
            self.assertEqual(self.ask(connection, select), [(before + 1,)])
            command = "Execute" if prepare else "Query"
            self.assertEqual(decided(self)[-1].split()[:2], [command, "UPDATE"])
        self.assertEqual(len(decided(self)), 2)

    @inThread
    def test_withinTransaction(self) -> None:
        """
        A transaction that met an error has failed; it is rolled back and tried again.
        """
        self.table("retried")
        connection = self.connect(autocommit=False)
        rule(self, {**fault({"sql": "^UPDATE"}, code="40P01"), "times": 1})
        with self.assertRaises(psycopg.errors.DeadlockDetected), connection.transaction():
            connection.execute("SELECT 1")
            connection.execute("UPDATE retried SET value = 7")
        self.assertEqual(connection.info.transaction_status.name, "IDLE")
        with connection.transaction():
            connection.execute("UPDATE retried SET value = 8")
        self.assertEqual(self.value("retried"), 8)

    @inThread
    def test_pipeline(self) -> None:
        """
        Of what is sent without waiting only the group that was aimed at fails; those
        before and behind it in groups of their own do not.
        """
        connection = self.connect()
        rule(self, fault({"sql": "^SELECT 'seven'"}, code="55P03"))
        with connection.pipeline() as pipeline:
            before = connection.execute("SELECT 1")
            pipeline.sync()
            with self.assertRaises(psycopg.errors.LockNotAvailable):
                connection.execute("SELECT 'seven'")
                pipeline.sync()
        with connection.pipeline():
            after = connection.execute("SELECT 2")
        self.assertEqual((before.fetchone(), after.fetchone()), ((1,), (2,)))
        self.assertEqual(len(decided(self)), 1)

    @inThread
    def test_replied(self) -> None:
        """
        At C{reply} the backend acted, its answer is replaced, and the connection goes
        on; so it does behind a Flush.
        """
        self.table("acted")
        connection = self.connect()
        update = "UPDATE acted SET value = value + 1"
        for prepare in (False, True):
            when = {"sql": "^UPDATE", "command": ["Query", "Execute"]}
            rule(self, fault(when, code="40001", at="reply"))
            with self.assertRaises(psycopg.errors.SerializationFailure):
                self.ask(connection, update, prepare=prepare)
            with (
                self.assertRaises(psycopg.errors.SerializationFailure),
                connection.pipeline(),
            ):
                # Its client reads before it sends the Sync.
                connection.execute(update).fetchone()
            rule(self)
            self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
        self.assertEqual(self.value("acted"), 4)

    @inThread
    def test_cutRows(self) -> None:
        """
        At C{partial} so many rows pass and the connection ends, or is reset.
        """
        sql = "SELECT n FROM generate_series(1, 100) n"
        for count in (0, 1, 42):
            for then in ("close", "reset"):
                connection = self.connect()
                when = {"sql": "^SELECT n"}
                rule(self, fault(when, at="partial", count=count, unit="units", then=then))
                rows: list[Any] = []
                with (
                    self.assertRaises(psycopg.OperationalError) as caught,
                    connection.cursor() as cursor,
                ):
                    for row in cursor.stream(sql):
                        rows.append(row)
                self.assertEqual(rows, [(n + 1,) for n in range(count)])
                # So libpq says of a reset, too.
                self.assertIn("closed the connection unexpectedly", str(caught.exception))
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), [(1,)])

    @inThread
    def test_cutBytes(self) -> None:
        """
        So it is after a count of bytes.
        """
        connection = self.connect()
        rule(self, fault({"sql": "^SELECT"}, at="partial", count=100))
        with self.assertRaisesRegex(psycopg.OperationalError, "closed the connection"):
            self.ask(connection, "SELECT repeat('x', 1000)")

    @inThread
    def test_copies(self) -> None:
        """
        A COPY that is met amid its data stores nothing, and the connection goes on unless the
        error ends it; at its outcome it is stored; one out of the server is cut after so many
        rows.
        """
        self.table("copied")
        rows = "".join(f"{n}\t{n}\n" for n in range(2, 1000))
        connection = self.connect()
        rule(self, fault({"command": "CopyData"}, code="57P01"))
        with self.assertRaises(psycopg.errors.AdminShutdown):
            self._copy(connection, rows)
        connection = self.connect()
        rule(self, fault({"command": "CopyData"}, code="40001"))
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self._copy(connection, rows)
        self.assertEqual(self.ask(connection, "SELECT count(*) FROM copied"), [(1,)])
        rule(self, fault({"sql": "^COPY copied FROM"}, code="40001", at="reply"))
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self._copy(connection, rows)
        connection = self.connect()
        self.assertEqual(self.ask(connection, "SELECT count(*) FROM copied"), [(1,)])
        rule(self, fault({"command": "CopyData"}, code="40001", at="reply"))
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self._copy(connection, rows)
        self.assertEqual(self.ask(connection, "SELECT count(*) FROM copied"), [(999,)])
        rule(self, fault({"sql": "TO STDOUT"}, at="partial", count=5, unit="units"))
        got: list[Any] = []
        with (
            self.assertRaises(psycopg.OperationalError),
            connection.cursor() as cursor,
            cursor.copy("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT") as copy,
        ):
            for row in copy.rows():
                got.append(row)
        self.assertEqual(got, [("1", "0"), *((str(n), str(n)) for n in range(2, 6))])

    def _copy(self, connection: Any, rows: str) -> None:
        with connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN") as copy:
            copy.write(rows)


class CommandLineTests(PostgreSQLCase):
    """
    What C{psql} says.
    """

    skip = PostgreSQLCase.skip or missing("psql")

    @inThread
    def test_psql(self) -> None:
        """
        It prints the error and goes on to the next command.
        """
        rule(self, fault({"sql": "accounts"}, code="55P03"))
        command = [find("psql") or "psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-U", USER]
        command += ["-p", str(self.proxy.port), "-v", "VERBOSITY=verbose", DATABASE]
        ended = subprocess.run(
            command,
            input="SELECT 1;\nSELECT * FROM accounts;\nSELECT 2;\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=CLIENT,
        )
        self.assertEqual(ended.stdout, "1\n2\n")
        self.assertEqual(ended.stderr.strip(), f"ERROR:  55P03: {ERRORS['55P03'].message}")

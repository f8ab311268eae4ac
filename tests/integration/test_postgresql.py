"""
PostgreSQL's own server and clients, with a proxy between them that does nothing.
"""

from __future__ import annotations

import hashlib
import re
import subprocess

from tests.integration.children import Parallel
from tests.integration.postgres import DATABASE, USER
from tests.integration.postgres_case import CLIENT, PostgreSQLCase, psycopg
from tests.integration.ruling import fault, rule
from tests.integration.servers import find, missing, poll
from tests.integration.support import PATIENCE, inThread

#: A rule that no exchange of these tests matches.
NEVER = fault({"sql": "^MERGE INTO nowhere"}, code="40001")


class PostgreSQLThroughTests(PostgreSQLCase):
    """
    With nothing asked, or nothing that matches, everything passes as it is.
    """

    @inThread
    def test_rows(self) -> None:
        """
        A thousand rows come through the proxy as they come without it.
        """
        sql = "SELECT n, md5(n::text), repeat('é', n % 300), NULL FROM generate_series(1, 1000) n"
        direct = self.ask(self.connect(self.server.port), sql)
        through = self.connect()
        for rules in ([], [NEVER]):
            rule(self, *rules)
            self.assertEqual(self.ask(through, sql), direct)
            self.assertEqual(self.ask(through, sql, binary=True, prepare=True), direct)
        self.assertEqual((self.opaque(), self.effects()), ([], []))

    @inThread
    def test_copy(self) -> None:
        """
        Megabytes are copied in and out, byte for byte.
        """
        self.table("copied")
        lines = b"".join(b"%d\t%d\n" % (n, n * n % 1000) for n in range(2, 200_002))
        connection = self.connect()
        for rules in ([], [NEVER]):
            rule(self, *rules)
            self.ask(connection, "DELETE FROM copied")
            with connection.cursor() as cursor:
                with cursor.copy("COPY copied FROM STDIN") as copy:
                    copy.write(lines)
                with cursor.copy("COPY copied TO STDOUT") as copy:
                    digest = hashlib.sha256(b"".join(copy)).hexdigest()
            self.assertEqual(digest, hashlib.sha256(lines).hexdigest())
        self.assertEqual((self.opaque(), self.effects()), ([], []))

    @inThread
    def test_pipeline(self) -> None:
        """
        Statements sent without waiting are answered in order.
        """
        connection = self.connect()
        rule(self, NEVER)
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", (n,)) for n in range(200)]
        self.assertEqual([cursor.fetchone() for cursor in cursors], [(n,) for n in range(200)])

    @inThread
    def test_serverErrors(self) -> None:
        """
        The server's own errors keep their codes, and the connection goes on.
        """
        connection = self.connect()
        with self.assertRaises(psycopg.errors.UndefinedTable):
            self.ask(connection, "SELECT * FROM nowhere")
        with self.assertRaises(psycopg.errors.DivisionByZero):
            self.ask(connection, "SELECT 1 / %s", 0)
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])

    @inThread
    def test_cancel(self) -> None:
        """
        A client cancels its own query, which takes another connection.
        """
        connection, watching = self.connect(), self.connect(self.server.port)
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        asking = Parallel(lambda: self.ask(connection, "SELECT pg_sleep(600)"))
        poll(lambda: self.ask(watching, sleeping) == [(1,)], PATIENCE, "pg_sleep")
        connection.cancel_safe(timeout=PATIENCE)
        with self.assertRaisesRegex(psycopg.errors.QueryCanceled, "due to user request"):
            asking.result()
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])

    @inThread
    def test_noTLS(self) -> None:
        """
        A client that would like TLS hears from the server that there is none.
        """
        address = self.address().replace("sslmode=disable", "sslmode=prefer")
        with psycopg.connect(address) as connection:
            self.assertEqual(connection.execute("SELECT 7").fetchone(), (7,))
        self.assertEqual(self.opaque(), [])


class PgbenchTests(PostgreSQLCase):
    """
    Transactions of many clients at once, in the three modes of the protocol.
    """

    skip = PostgreSQLCase.skip or missing("pgbench")

    def bench(self, *words: str) -> str:
        """
        What C{pgbench} says, which must be content.
        """
        command = [find("pgbench") or "pgbench", "-h", "127.0.0.1", "-p", str(self.proxy.port)]
        command += ["-U", USER, *words, DATABASE]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=CLIENT
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout

    def figure(self, words: str, said: str) -> int:
        """
        The number behind C{words}.
        """
        found = re.search(rf"{words}: (\d+)", said)
        if found is None:
            raise AssertionError(f"{words!r} is not in {said!r}")
        return int(found[1])

    @inThread
    def test_modes(self) -> None:
        """
        No transaction fails, with no rule and with one that never matches.
        """
        self.bench("--initialize", "--quiet")
        for rules in ([], [NEVER]):
            rule(self, *rules)
            for mode in ("simple", "extended", "prepared"):
                words = ["-n", "-c", "4", "-t", "50", "-M", mode]
                said = self.bench(*words)
                self.assertIn("number of failed transactions: 0", said)
                self.assertEqual(self.figure("transactions actually processed", said), 200)
        self.assertEqual((self.opaque(), self.effects()), ([], []))
        self.sums()

    def sums(self) -> None:
        """
        The tables agree with each other, as after every transaction.
        """
        tables = ("accounts", "tellers", "branches")
        column = {"accounts": "abalance", "tellers": "tbalance", "branches": "bbalance"}
        sql = ", ".join(f"(SELECT sum({column[n]}) FROM pgbench_{n})" for n in tables)
        connection = self.connect(self.server.port)
        [sums] = self.ask(connection, f"SELECT {sql}, (SELECT sum(delta) FROM pgbench_history)")
        self.assertEqual(len({int(each) for each in sums}), 1, sums)

    @inThread
    def test_retries(self) -> None:
        """
        Where one UPDATE in ten fails to serialize C{pgbench} tries those transactions
        again, and no sum is wrong at the end.
        """
        self.bench("--initialize", "--quiet")
        for mode in ("simple", "extended", "prepared"):
            when = {"sql": "^UPDATE", "command": ["Query", "Execute"]}
            rule(self, {**fault(when, code="40001"), "percent": 10})
            said = self.bench("-n", "-c", "4", "-t", "25", "-M", mode, "--max-tries=100")
            self.assertIn("number of failed transactions: 0", said)
            self.assertEqual(self.figure("transactions actually processed", said), 100)
            self.assertGreater(self.figure("number of transactions retried", said), 5)
        self.assertEqual(set(self.effects()), {"error 40001"})
        self.sums()

"""
MariaDB's own server and clients, with a proxy between them that does nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from typing import Any

from twisted.logger import capturedLogs, formatEvent

from tests.integration.authority import papers
from tests.integration.mariadb import DATABASE, PASSWORD, USER
from tests.integration.mysql_case import BIG, MySQLCase, pymysql
from tests.integration.servers import missing
from tests.integration.support import inThread, run


class MySQLThroughTests(MySQLCase):
    """
    With nothing asked, everything passes as it is.
    """

    @inThread
    def test_rows(self) -> None:
        """
        A thousand rows come through the proxy as they come without it.
        """
        sql = "SELECT seq, SHA2(seq, 256), REPEAT('é', seq % 300), NULL FROM seq_1_to_1000"
        direct = self.ask(self.connect(self.server.port), sql)
        through = self.ask(self.connect(), sql)
        self.assertEqual(len(through), 1000)
        self.assertEqual(through, direct)
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_bigValues(self) -> None:
        """
        A value longer than a packet reaches the server, and comes back, byte for byte.
        """
        connection = self.connect()
        value = os.urandom(BIG)
        digest = hashlib.sha256(value).hexdigest()
        said = self.ask(connection, "SELECT SHA2(_binary %s, 256), LENGTH(_binary %s)", value, b"")
        self.assertEqual(said, ((digest, 0),))
        [[back]] = self.ask(connection, "SELECT _binary %s", value)
        self.assertEqual(hashlib.sha256(back).hexdigest(), digest)
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_packetLimit(self) -> None:
        """
        Values around the length at which a second packet begins are unchanged.
        """
        connection = self.connect()
        for length in (2**24 - 6, 2**24 - 5, 2**24 - 4, 2**24 + 1):
            [[back]] = self.ask(connection, f"SELECT REPEAT('x', {length})")
            self.assertEqual(len(back), length)
            # A query of exactly that many bytes, too.
            sql = "SELECT 1 /*" + "x" * (length - 13) + "*/"
            self.assertEqual(self.ask(connection, sql), ((1,),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_preparedStatements(self) -> None:
        """
        Statements are prepared, executed several times, and forgotten.
        """
        connection = self.connect()
        self.ask(connection, "PREPARE doubled FROM 'SELECT ? * 2'")
        for number in (1, 21):
            self.ask(connection, f"SET @n = {number}")
            self.assertEqual(self.ask(connection, "EXECUTE doubled USING @n"), ((2 * number,),))
        self.ask(connection, "DEALLOCATE PREPARE doubled")
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "EXECUTE doubled USING @n")
        self.assertEqual(caught.exception.args[0], 1243)

    @inThread
    def test_severalStatements(self) -> None:
        """
        Statements sent as one are answered one by one, and the connection goes on.
        """
        flag = pymysql.constants.CLIENT.MULTI_STATEMENTS
        connection = self.connect(client_flag=flag)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1; SET @x = 5; SELECT seq FROM seq_1_to_3; SELECT @x")
            told = [list(cursor.fetchall())]
            while cursor.nextset():
                told.append(list(cursor.fetchall()))
        self.assertEqual(told, [[(1,)], [], [(1,), (2,), (3,)], [(5,)]])
        self.assertEqual(self.ask(connection, "SELECT 2"), ((2,),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_localInfile(self) -> None:
        """
        The client sends a file when the server asks for it.
        """
        connection = self.connect(local_infile=True)
        self.ask(connection, "CREATE TEMPORARY TABLE filled (a INT, b VARCHAR(20))")
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.writelines(f"{n}\trow {n}\n" for n in range(50_000))
            file.flush()
            self.ask(connection, f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE filled")
        counted = self.ask(connection, "SELECT COUNT(*), SUM(a), MAX(b) FROM filled")
        self.assertEqual(counted, ((50_000, 1_249_975_000, "row 9999"),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_serverErrors(self) -> None:
        """
        The server's own errors keep their codes, and the connection goes on.
        """
        connection = self.connect()
        for sql, code in (("SELEC", 1064), ("SELECT * FROM nowhere", 1146)):
            with self.assertRaises(pymysql.err.ProgrammingError) as caught:
                self.ask(connection, sql)
            self.assertEqual(caught.exception.args[0], code)
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))

    @inThread
    def test_wrongPassword(self) -> None:
        """
        The server's refusal of a user passes.
        """
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            pymysql.connect(host="127.0.0.1", port=self.proxy.port, user=USER, password="no")
        self.assertEqual(caught.exception.args[0], 1045)

    @inThread
    def test_commandLineClient(self) -> None:
        """
        C{mariadb} prints the same with the proxy as without.
        """
        sql = "SELECT seq, MD5(seq) FROM seq_1_to_1000; SELECT 'done'; SELECT * FROM nowhere"
        through = run("mariadb", *self.words(), said=sql)
        straight = run("mariadb", *self.words(), f"--port={self.server.port}", said=sql)
        self.assertEqual(through.stdout.count("\n"), 1001)
        self.assertIn("1146", through.stderr)
        self.assertEqual(
            (through.stdout, through.stderr, through.returncode),
            (straight.stdout, straight.stderr, straight.returncode),
        )

    @inThread
    def test_tls(self) -> None:
        """
        PyMySQL checks the server's certificate through the proxy, which cannot read on.
        """
        with capturedLogs() as captured:
            connection = self.connect(ssl={"ca": papers().authority.certificate})
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: TLS", lines)
        [[_, cipher]] = self.ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
        self.assertNotEqual(cipher, "")
        self.assertEqual(self.opaque(), ["TLS"])

    @inThread
    def test_tlsOfTheCommandLineClient(self) -> None:
        """
        So does C{mariadb}.
        """
        ended = run(
            "mariadb",
            *self.words(),
            "--ssl",
            f"--ssl-ca={papers().authority.certificate}",
            "--ssl-verify-server-cert",
            "--execute=SHOW STATUS LIKE 'Ssl_cipher'",
        )
        self.assertRegex(ended.stdout, r"Ssl_cipher\t\S+")
        self.assertEqual(self.opaque(), ["TLS"])

    @inThread
    def test_compression(self) -> None:
        """
        A client that compresses is served, unread.
        """
        ended = run("mariadb", *self.words(), "--compress", "--execute=SELECT REPEAT('x', 100000)")
        self.assertEqual(ended.stdout.strip(), "x" * 100_000)
        self.assertEqual(self.opaque(), ["compression"])


class ReplicationTests(MySQLCase):
    """
    What a replica asks for.
    """

    skip = MySQLCase.skip or missing("mariadb-binlog")

    @inThread
    def test_binlog(self) -> None:
        """
        C{mariadb-binlog} reads the server's log of changes as without the proxy, which does
        not read on, and says so.
        """
        self.ask(self.connect(self.server.port), "CREATE OR REPLACE TABLE logged (a INT)")
        self.addCleanup(self._drop)
        [[name, *_]] = self.ask(self.connect(self.server.port), "SHOW MASTER STATUS")
        told = []
        with capturedLogs() as captured:
            for port in (self.server.port, self.proxy.port):
                words = ["--host=127.0.0.1", f"--port={port}", f"--user={USER}"]
                words += [f"--password={PASSWORD}", "--skip-ssl", "--read-from-remote-server"]
                ended = run("mariadb-binlog", "--no-defaults", *words, name)
                self.assertEqual(ended.returncode, 0, ended.stderr)
                told.append([line for line in ended.stdout.splitlines() if line[:1] != "#"])
        self.assertEqual(told[0], told[1])
        self.assertTrue(any("TABLE logged" in line for line in told[1]))
        self.assertEqual(self.opaque(), ["COM_BINLOG_DUMP"])
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: COM_BINLOG_DUMP", lines)

    def _drop(self) -> None:
        self.ask(self.connect(self.server.port), "DROP TABLE logged")


class SysbenchTests(MySQLCase):
    """
    Transactions of many kinds at once.
    """

    skip = MySQLCase.skip or missing("sysbench")

    @inThread
    def test_readWrite(self) -> None:
        """
        C{oltp_read_write} sees no errors but the deadlocks that the server itself made.
        """
        words = [
            "oltp_read_write",
            "--db-driver=mysql",
            "--mysql-host=127.0.0.1",
            f"--mysql-port={self.proxy.port}",
            f"--mysql-user={USER}",
            f"--mysql-password={PASSWORD}",
            f"--mysql-db={DATABASE}",
            "--tables=2",
            "--table-size=10000",
            "--rand-type=uniform",
            "--threads=4",
            "--events=400",
            "--time=0",
        ]
        connection = self.connect(self.server.port)
        self.addCleanup(self.ask, connection, "DROP TABLE IF EXISTS sbtest1, sbtest2")
        prepared = run("sysbench", *words, "prepare")
        self.assertEqual(prepared.returncode, 0, prepared.stdout + prepared.stderr)
        before = self._deadlocks(connection)
        ended = run("sysbench", *words, "run")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        figures = dict(re.findall(r"(\w[\w ]+): +(\d+) +\(", ended.stdout))
        self.assertEqual(figures["transactions"], "400", ended.stdout)
        self.assertEqual(int(figures["ignored errors"]), self._deadlocks(connection) - before)
        self.assertEqual(figures["reconnects"], "0")
        self.assertEqual(self.opaque(), [])

    def _deadlocks(self, connection: Any) -> int:
        [[_, count]] = self.ask(connection, "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        return int(count)

"""
MariaDB behind a proxy that answers in its place: what clients make of it.
"""

from __future__ import annotations

import re
import tempfile
from typing import Any

from tests.integration.authority import papers
from tests.integration.mariadb import DATABASE, PASSWORD, USER
from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing
from tests.integration.support import inThread, run
from vaurien_twisted.wire.mysql.errors import CATALOG

ERRORS = CATALOG.presets

#: A rule that no exchange of these tests matches.
NEVER = fault({"sql": "^REPLACE INTO nowhere"}, code=1213)

#: What PyMySQL raises by code, where it is not OperationalError.
CLASSES = {
    "1062": "IntegrityError",
}


class PresetTests(MySQLCase):
    """
    What PyMySQL raises.
    """

    @inThread
    def test_atRequest(self) -> None:
        """
        Each preset raises the class that PyMySQL has for it, with the server's words; the
        same connection then works, or has ended where a server would end it.
        """
        for code, error in ERRORS.items():
            connection = self.connect()
            rule(self, {**fault({"sql": "^SELECT"}, code=int(code)), "times": 1})
            with self.assertRaises(pymysql.err.MySQLError) as caught:
                self.ask(connection, "SELECT 'fault'")
            self.assertEqual(caught.exception.args, (int(code), error.message))
            wanted = CLASSES.get(code, "OperationalError")
            self.assertEqual(type(caught.exception).__name__, wanted, code)
            if ERRORS[code].closes:
                with self.assertRaises(pymysql.err.MySQLError) as caught:
                    self.ask(connection, "SELECT 1")
                self.assertIn(caught.exception.args[0], (2006, 2013))
            else:
                self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(self.effects(), [f"error {code}" for code in ERRORS])

    @inThread
    def test_atGreeting(self) -> None:
        """
        Each preset refuses the connection, as PyMySQL and C{mariadb} say.
        """
        for code, error in ERRORS.items():
            rule(self, fault(code=int(code), at="greeting"))
            with self.assertRaises(pymysql.err.MySQLError) as caught:
                self.connect()
            self.assertEqual(caught.exception.args, (int(code), error.message))
        told = run("mariadb", *self.words(), "--execute=SELECT 1")
        self.assertIn(f"ERROR {code}", told.stderr)
        self.assertIn(error.message, told.stderr)
        rule(self)
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), ((1,),))

    @inThread
    def test_commandLineClient(self) -> None:
        """
        C{mariadb} prints each preset with its SQLSTATE.
        """
        self.assertGreater(len(ERRORS), 20)
        for code in ("1205", "1213", "1290", "1040", "4031"):
            rule(self, fault({"sql": "fault"}, code=code))
            told = run("mariadb", *self.words(), said="SELECT 'fault';")
            error = ERRORS[code]
            wanted = f"ERROR {code} ({error.state}) at line 1: {error.message}"
            self.assertEqual(told.stderr.strip().splitlines()[-1], wanted)
            self.assertEqual(told.returncode, 1)

    @inThread
    def test_free(self) -> None:
        """
        Any number, with words of one's own.
        """
        connection = self.connect()
        rule(self, fault(code=1146, message="no such table, says the proxy"))
        with self.assertRaises(pymysql.err.ProgrammingError) as caught:
            self.ask(connection, "SELECT 1")
        self.assertEqual(caught.exception.args, (1146, "no such table, says the proxy"))


class AimTests(MySQLCase):
    """
    Which requests are met, and where.
    """

    def table(self, name: str) -> Any:
        """
        A table C{name} with one row, C{(1, 0)}, until the end of the test.

        @return: a connection to the server itself.
        """
        direct = self.connect(self.server.port)
        self.ask(direct, f"CREATE OR REPLACE TABLE {name} (id INT PRIMARY KEY, value INT)")
        self.addCleanup(self.ask, direct, f"DROP TABLE {name}")
        self.ask(direct, f"INSERT INTO {name} VALUES (1, 0)")
        return direct

    @inThread
    def test_firstUpdate(self) -> None:
        """
        The first UPDATE meets a deadlock, its retry on the same connection succeeds, and
        SELECTs never notice.
        """
        direct = self.table("first")
        connection = self.connect()
        rule(self, {**fault({"sql": "^UPDATE"}, code=1213), "times": 1})
        update = "\n  UPDATE first SET value = value + %s WHERE id = 1"
        for _ in range(5):
            self.assertEqual(self.ask(connection, "SELECT value FROM first"), ((0,),))
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, update, 1)
        self.assertEqual(caught.exception.args, (1213, ERRORS["1213"].message))
        self.assertEqual(self.ask(direct, "SELECT value FROM first"), ((0,),))
        self.ask(connection, update, 1)
        self.assertEqual(self.ask(connection, "SELECT value FROM first"), ((1,),))
        self.assertEqual(decided(self), ["COM_QUERY " + update % 1])

    @inThread
    def test_state(self) -> None:
        """
        The SQLSTATE of that deadlock is 40001.
        """
        rule(self, fault({"sql": "^UPDATE"}, code=1213))
        told = run("mariadb", *self.words(), said="SELECT 1; UPDATE nowhere SET a = 1;")
        self.assertEqual(told.stdout, "1\n")
        self.assertIn("ERROR 1213 (40001)", told.stderr)

    @inThread
    def test_replied(self) -> None:
        """
        At C{reply} the server acted, its answer is replaced, and the connection goes on.
        """
        direct = self.table("acted")
        connection = self.connect()
        rule(self, fault({"sql": "^UPDATE"}, code=1205, at="reply"))
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "UPDATE acted SET value = 5")
        self.assertEqual(caught.exception.args[0], 1205)
        self.assertEqual(self.ask(direct, "SELECT value FROM acted"), ((5,),))
        rule(self, fault({"sql": "^SELECT seq"}, code=1205, at="reply"))
        with self.assertRaises(pymysql.err.OperationalError):
            self.ask(connection, "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000")
        self.assertEqual(self.ask(connection, "SELECT value FROM acted"), ((5,),))

    @inThread
    def test_repliedFile(self) -> None:
        """
        In place of the wish for a file the server gets an empty one, and the connection
        goes on.
        """
        connection = self.connect(local_infile=True)
        self.ask(connection, "CREATE TEMPORARY TABLE filled (a INT)")
        rule(self, fault({"sql": "^LOAD"}, code=1205, at="reply"))
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("1\n2\n")
            file.flush()
            with self.assertRaises(pymysql.err.OperationalError) as caught:
                self.ask(connection, f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE filled")
        self.assertEqual(caught.exception.args[0], 1205)
        self.assertEqual(self.ask(connection, "SELECT COUNT(*) FROM filled"), ((0,),))

    @inThread
    def test_cutRows(self) -> None:
        """
        At C{partial} so many rows pass and the connection ends, or is reset.
        """
        for count in (0, 1, 42):
            for then, words in (("close", "Lost connection"), ("reset", "reset by peer")):
                connection = self.connect(cursorclass=pymysql.cursors.SSCursor)
                when = {"sql": "^SELECT seq"}
                rule(self, fault(when, at="partial", count=count, unit="units", then=then))
                rows: list[Any] = []
                cursor = connection.cursor()
                with self.assertRaises(pymysql.err.OperationalError) as caught:
                    cursor.execute("SELECT seq FROM seq_1_to_100")
                    for row in cursor:
                        rows.append(row)
                # Else it tries to read on when it is forgotten.
                connection._result.unbuffered_active = False
                self.assertEqual(rows, [(n + 1,) for n in range(count)])
                self.assertEqual(caught.exception.args[0], 2013)
                self.assertIn(words, caught.exception.args[1])
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), ((1,),))

    @inThread
    def test_cutBytes(self) -> None:
        """
        So it is after a count of bytes, for C{mariadb} too.
        """
        rule(self, fault({"sql": "^SELECT"}, at="partial", count=100))
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(self.connect(), "SELECT REPEAT('x', 1000)")
        self.assertEqual(caught.exception.args[0], 2013)
        told = run("mariadb", *self.words(), said="SELECT REPEAT('x', 1000);")
        self.assertIn("ERROR 2013 (HY000)", told.stderr)

    @inThread
    def test_withinTLS(self) -> None:
        """
        What is encrypted cannot be answered: it passes as it is.
        """
        rule(self, fault(code=1213))
        connection = self.connect(ssl={"ca": papers().authority.certificate})
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(self.opaque(), ["TLS"])
        self.assertEqual(self.effects(), [])


class UnmatchedTests(MySQLCase):
    """
    Under a rule that never matches everything passes as it is.
    """

    @inThread
    def test_rows(self) -> None:
        """
        Rows come through the proxy as they come without it.
        """
        rule(self, NEVER)
        sql = "SELECT seq, SHA2(seq, 256), REPEAT('é', seq % 300), NULL FROM seq_1_to_1000"
        direct = self.ask(self.connect(self.server.port), sql)
        self.assertEqual(self.ask(self.connect(), sql), direct)
        self.assertEqual((self.opaque(), self.effects()), ([], []))


class SysbenchTests(MySQLCase):
    """
    Prepared statements of many clients at once.
    """

    skip = MySQLCase.skip or missing("sysbench")

    def bench(self, *more: str) -> tuple[dict[str, str], str]:
        """
        The figures that C{sysbench} prints, which must be content.
        """
        words = [
            "oltp_update_index",
            "--db-driver=mysql",
            "--mysql-host=127.0.0.1",
            f"--mysql-port={self.proxy.port}",
            f"--mysql-user={USER}",
            f"--mysql-password={PASSWORD}",
            f"--mysql-db={DATABASE}",
            "--table-size=1000",
            "--threads=4",
            "--events=400",
            "--time=0",
        ]
        ended = run("sysbench", *words, *more)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return dict(re.findall(r"(\w[\w ]+): +(\d+) +\(", ended.stdout)), ended.stdout

    @inThread
    def test_prepared(self) -> None:
        """
        No errors under a rule that never matches; under one for the text of a prepared
        statement those errors, and no others, though they strike the first executions,
        which tell the server the types of the parameters.
        """
        direct = self.connect(self.server.port)
        self.addCleanup(self.ask, direct, "DROP TABLE IF EXISTS sbtest1")
        self.bench("prepare")
        rule(self, NEVER)
        figures, said = self.bench("run")
        self.assertEqual(figures["transactions"], "400", said)
        self.assertEqual((figures["ignored errors"], figures["reconnects"]), ("0", "0"))
        self.assertEqual(self.effects(), [])
        when = {"sql": "^UPDATE sbtest1", "command": "COM_STMT_EXECUTE"}
        rule(self, {**fault(when, code=1213), "times": 20})
        figures, said = self.bench("--mysql-ignore-errors=1213", "run")
        self.assertEqual(figures["transactions"], "400", said)
        self.assertEqual((figures["ignored errors"], figures["reconnects"]), ("20", "0"))
        self.assertEqual(self.effects(), ["error 1213"] * 20)
        self.assertEqual(self.opaque(), [])

"""
MariaDB asks for a file of which the client does not know: the session goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.conversation_mysql import EXECUTE, PREPARE, QUERY, RawSession, command
from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread

#: How a file may be asked for, and what may stand around it.
LOADS = (
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled",
    "/* app */ LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled",
    "# app\n  load\ndata concurrent local infile '{0}' into table filled",
    "-- app\nLOAD DATA LOW_PRIORITY LOCAL INFILE '{0}' INTO TABLE filled",
    "/*! LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled */",
    "SELECT 1; LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled",
    "SELECT 1; LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled; SELECT 2",
    "SELECT REPEAT('x', 100) FROM seq_1_to_2000; LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE filled; LOAD XML LOCAL INFILE '{0}' INTO TABLE filled",
)

#: Statements that ask for nothing, though they speak of it.
OTHERS = ("SELECT 'LOAD DATA LOCAL INFILE'", "/* app */ LOAD DATA INFILE '{0}' INTO TABLE nowhere")

LATE = {"code": 1205, "at": "reply"}


class TransferTests(MySQLCase):
    """
    With C{error} at C{reply}.
    """

    def file(self) -> str:
        """
        A file to load.
        """
        path = Path(self.mktemp())
        path.write_text("1\n2\n")
        return str(path.absolute())

    def client(self) -> Any:
        """
        A connection that may send files and several statements at once.
        """
        several = pymysql.constants.CLIENT.MULTI_STATEMENTS
        connection = self.connect(local_infile=True, client_flag=several)
        self.ask(connection, "CREATE TEMPORARY TABLE filled (a INT)")
        return connection

    @inThread
    def test_pitfall23_files(self) -> None:
        """
        However a file is asked for, the error comes, nothing is stored, and the same
        connection goes on.
        """
        name = self.file()
        connection = self.client()
        rule(self, fault({"sql": "(?i)load"}, **LATE))
        for text in (*LOADS, *OTHERS):
            with self.assertRaises(pymysql.err.MySQLError) as caught:
                self.ask(connection, text.format(name))
            self.assertEqual(caught.exception.args[0], 1205, text)
            counted = self.ask(connection, "SELECT COUNT(*) FROM filled")
            self.assertEqual(counted, ((0,),), text)
        rule(self)
        self.ask(connection, LOADS[1].format(name))
        self.assertEqual(self.ask(connection, "SELECT COUNT(*) FROM filled"), ((2,),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_pitfall23_prepared(self) -> None:
        """
        A statement that is executed as it was prepared, by command or in SQL.
        """
        name = self.file()
        connection = self.client()
        session = RawSession(connection)
        session.send(command(PREPARE, LOADS[1].format(name)))
        [prepared] = session.read()
        if prepared[0]:
            # Older servers cannot prepare it.
            return
        rule(self, fault({"command": "COM_STMT_EXECUTE"}, **LATE))
        for _ in range(2):
            session.send(command(EXECUTE, prepared[1:5] + b"\0\1\0\0\0"))
            self.assertEqual(session.read()[0][:3], b"\xff\xb5\x04")
            session.send(command(QUERY, "DO 1"))
            self.assertEqual(session.read()[0][:1], b"\0")
        self.assertEqual(session.pending, b"")
        sql = LOADS[0].format(name).replace("'", "''")
        self.ask(connection, f"PREPARE loads FROM '{sql}'")
        rule(self, fault({"sql": "EXECUTE loads"}, **LATE))
        with self.assertRaises(pymysql.err.MySQLError) as caught:
            self.ask(connection, "EXECUTE loads")
        self.assertEqual(caught.exception.args[0], 1205)
        self.assertEqual(self.ask(connection, "SELECT COUNT(*) FROM filled"), ((0,),))

"""
MariaDB behind a proxy: status flags and codes that mean something else elsewhere.
"""

from __future__ import annotations

from typing import Any

from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread

#: Selects while a cursor of its own is open.
PROCEDURE = """
CREATE OR REPLACE PROCEDURE browse()
BEGIN
    DECLARE found INT;
    DECLARE rows_of CURSOR FOR SELECT 1 UNION SELECT 2;
    OPEN rows_of;
    FETCH rows_of INTO found;
    SELECT found, 'first';
    SELECT 'second' UNION SELECT 'third';
    CLOSE rows_of;
    SELECT 'last';
END
"""

#: What it answers.
RESULTS = [((1, "first"),), (("second",), ("third",)), (("last",),)]

#: Looked at for every request, and never met.
NEVER = fault({"sql": "^REPLACE INTO nowhere"}, code=1213)


class StatusTests(MySQLCase):
    """
    Whatever the flags, the link stays read.
    """

    def _results(self, connection: Any, sql: str) -> list[Any]:
        results = []
        with connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.description is not None:
                results.append(cursor.fetchall())
                if not cursor.nextset():
                    break
        return results

    def _error(self, connection: Any, sql: str) -> int:
        with self.assertRaises(pymysql.err.MySQLError) as caught:
            self.ask(connection, sql)
        return int(caught.exception.args[0])

    @inThread
    def test_pitfall27_procedureWithACursor(self) -> None:
        """
        A CALL whose procedure has a cursor open brings all its results, and the rules stay
        in force.
        """
        self.ask(self.connect(self.server.port), PROCEDURE)
        for rules in ([], [NEVER]):
            rule(self, *rules)
            connection = self.connect()
            for _ in range(3):
                self.assertEqual(self._results(connection, "CALL browse()"), RESULTS)
            rule(self, {**fault({"sql": "fault"}, code=1213), "times": 1})
            self.assertEqual(self._error(connection, "SELECT 'fault'"), 1213)
            self.assertEqual(self.ask(connection, "SELECT 7"), ((7,),))
        self.assertEqual(self.opaque(), [])

"""
Tests for L{vaurien_twisted.wire.mysql.sqlstates}.
"""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from vaurien_twisted.wire.mysql.errors import ROWS
from vaurien_twisted.wire.mysql.sqlstates import sqlState

#: The error messages of the MariaDB server that is installed.
MESSAGES = Path("/usr/share/mysql/errmsg-utf8.txt")

#: A line of it: what numbers go on from, or a name and its SQLSTATE.
NUMBER = re.compile(r"(?:start|skip-to)-error-number (\d+)")
NAME = re.compile(r"(?:ER|WARN)_\w+(?:\s+(\w{5}))?(?:\s+\w{5})?\s*")


def serverStates() -> dict[int, str]:
    """
    The SQLSTATE by number, as the installed server has them.
    """
    number, found = 0, {}
    for line in MESSAGES.read_text("utf-8", "replace").splitlines():
        if match := NUMBER.match(line):
            number = int(match[1])
        elif match := NAME.fullmatch(line):
            found[number] = match[1] or "HY000"
            number += 1
    return found


class StateTests(SynchronousTestCase):
    """
    L{sqlState}.
    """

    def test_known(self) -> None:
        """
        Those of the manual.
        """
        for number, state in (
            (1040, "08004"),
            (1062, "23000"),
            (1064, "42000"),
            (1146, "42S02"),
            (1213, "40001"),
            (1317, "70100"),
            (1614, "XA102"),
            (1105, "HY000"),
            (4031, "HY000"),
            (65534, "HY000"),
        ):
            self.assertEqual(sqlState(number), state, str(number))

    def test_server(self) -> None:
        """
        All numbers that MySQL and MariaDB share have the state of the installed server.
        """
        if not MESSAGES.exists():
            raise SkipTest("not installed: MariaDB's messages")
        states = serverStates()
        self.assertGreater(len(states), 1000)
        for number in range(1000, 2000):
            self.assertEqual(sqlState(number), states.get(number, "HY000"), str(number))

    def test_rows(self) -> None:
        """
        Each preset has the state of its number.
        """
        for row in ROWS:
            self.assertEqual(row.state, sqlState(int(row.code)), row.code)

"""
L{vaurien_twisted.wire.mysql.protocol} against recorded conversations.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.conversation import MARIADB, PYMYSQL
from tests.wire.mysql.script import expecting
from tests.wire.support import converse

SELECT_F = "select x from f where i > ?"

#: What the recorded conversations ask.
ASKED = {
    "PYMYSQL": [
        ("connect", ""),
        ("COM_QUERY", "SET NAMES utf8mb4"),
        ("COM_QUERY", "SET AUTOCOMMIT = 0"),
        ("COM_QUERY", "drop table if exists f"),
        ("COM_QUERY", "create table f(i int primary key, x varchar(9))"),
        ("COM_QUERY", "load data local infile 'few.txt' into table f"),
        ("COM_QUERY", "select i, x from f"),
        ("COM_QUERY", "select 1; do 1; select x from f where i = 2"),
        ("COM_QUERY", "select nothing"),
        ("COM_PING", ""),
        ("COM_QUIT", ""),
    ],
    "MARIADB": [
        ("connect", ""),
        ("COM_STMT_PREPARE", SELECT_F),
        ("COM_STMT_EXECUTE", SELECT_F),
        ("COM_STMT_EXECUTE", SELECT_F),
        ("COM_STMT_EXECUTE", SELECT_F),
        ("COM_STMT_FETCH", SELECT_F),
        ("COM_STMT_FETCH", SELECT_F),
        ("COM_STMT_RESET", SELECT_F),
        ("COM_STMT_CLOSE", SELECT_F),
        ("COM_STMT_PREPARE", "insert into f values (?, ?)"),
        ("COM_STMT_BULK_EXECUTE", "insert into f values (?, ?)"),
        ("COM_FIELD_LIST", "f"),
        ("COM_STATISTICS", ""),
        ("COM_PROCESS_INFO", ""),
        ("COM_CHANGE_USER", "app"),
        ("COM_RESET_CONNECTION", ""),
        ("COM_0x7A", ""),
        ("COM_QUIT", ""),
    ],
}
RECORDED = {"PYMYSQL": PYMYSQL, "MARIADB": MARIADB}


class RecordedTests(SynchronousTestCase):
    """
    Conversations that a real server and real clients had.
    """

    def _check(self, name: str, size: int) -> None:
        turns = [(who, bytes.fromhex(data)) for who, data in RECORDED[name]]
        framer, heard = expecting()
        converse(framer, turns, size, heard)
        asked = [(each.command, each.subject) for each in heard.exchanges.values()]
        self.assertEqual(asked, ASKED[name])
        self.assertEqual(heard.error, "")
        self.assertEqual(heard.loose, [b"", b""])
        self.assertEqual(heard.ended[1], [n for n, each in heard.exchanges.items() if each.replies])
        for number in heard.exchanges:
            self.assertIn(number, heard.ended[0])
        for who, parts in (("client", heard.requests), ("backend", heard.replies)):
            said = b"".join(data for speaker, data in turns if speaker == who)
            self.assertEqual(b"".join(parts.values()), said)

    def test_whole(self) -> None:
        """
        Given as they came, every command and reply is found, and no byte is lost.
        """
        for name in RECORDED:
            self._check(name, 0)

    def test_parts(self) -> None:
        """
        So they are byte by byte and in parts that fit no packet.
        """
        for name in RECORDED:
            for size in (1, 2, 3, 5, 7, 19):
                self._check(name, size)

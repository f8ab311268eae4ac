"""
PostgreSQL's own server and clients: what the server says unasked, and what nobody can read.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SkipTest

from tests.integration.authority import papers
from tests.integration.children import Parallel
from tests.integration.postgres import USER, folderOfPrograms
from tests.integration.postgres_case import CLIENT, PostgreSQLCase, psycopg
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import newFolder, poll
from tests.integration.support import PATIENCE, inThread

#: A rule that no exchange of these tests matches.
NEVER = fault({"sql": "^MERGE INTO nowhere"}, code="40001")

#: Says something three times on its way.
NOTICING = "DO $$ BEGIN FOR n IN 1..3 LOOP RAISE NOTICE 'at %', n; END LOOP; END $$"


class UnaskedTests(PostgreSQLCase):
    """
    Notices and notifications.
    """

    @inThread
    def test_notices(self) -> None:
        """
        Notices come with their query's answer, or before the error in place of it.
        """
        connection = self.connect()
        heard: list[str] = []
        connection.add_notice_handler(lambda diag: heard.append(diag.message_primary))
        for rules in ([], [NEVER]):
            rule(self, *rules)
            heard.clear()
            for prepare in (False, True):
                self.ask(connection, NOTICING, prepare=prepare)
            self.assertEqual(heard, ["at 1", "at 2", "at 3"] * 2)
        rule(self, fault({"sql": "^DO"}, code="40001"))
        heard.clear()
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self.ask(connection, NOTICING)
        self.assertEqual(heard, [])
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_notifications(self) -> None:
        """
        What others notify comes while nothing is asked, and between answers; a query behind
        it that is refused has its own place.
        """
        rule(self, fault({"sql": "^SELECT 'refused'"}, code="55P03"))
        listening, other = self.connect(), self.connect()
        self.ask(listening, "LISTEN news")
        told: list[str] = []

        def hear() -> None:
            for notification in listening.notifies(timeout=PATIENCE, stop_after=100):
                told.append(notification.payload)

        hearing = Parallel(hear)
        for number in range(100):
            self.ask(other, "SELECT pg_notify('news', %s)", str(number))
        hearing.result()
        self.assertEqual(told, [str(number) for number in range(100)])
        with self.assertRaises(psycopg.errors.LockNotAvailable):
            self.ask(listening, "SELECT 'refused'")
        self.assertEqual(self.ask(listening, "SELECT 1"), [(1,)])
        self.assertEqual((self.opaque(), len(decided(self))), ([], 1))


class UnreadTests(PostgreSQLCase):
    """
    TLS, and replication.
    """

    def turn(self, word: str) -> None:
        """
        Let the server speak TLS, or not, to those who come from now on.
        """
        with psycopg.connect(self.address(self.server.port), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET ssl = {word}")
            connection.execute("SELECT pg_reload_conf()")
        poll(lambda: self.speaks() == word, PATIENCE, "the server's new settings")

    def speaks(self) -> Any:
        """
        Whether it does.
        """
        with psycopg.connect(self.address(self.server.port)) as connection:
            [word] = connection.execute("SHOW ssl").fetchone()
            return word

    @inThread
    def test_tls(self) -> None:
        """
        The client checks the server's certificate through the proxy, which cannot read on:
        the log says so, and no rule strikes.  A client that asks for none is read as ever.
        """
        self.turn("on")
        self.addCleanup(deferToThread, self.turn, "off")
        trusted = papers().authority.certificate
        rule(self, fault({"command": ["Query", "Execute"]}, code="40001"))
        address = self.address().replace("sslmode=disable", "sslmode=verify-ca")
        with capturedLogs() as captured:
            connection = psycopg.connect(f"{address} sslrootcert={trusted}")
        self.addCleanup(connection.close)
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: TLS", lines)
        asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        self.assertEqual(self.ask(connection, asked), [(True,)])
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self.ask(self.connect(), "SELECT 1")
        self.assertEqual((self.opaque(), len(decided(self))), (["TLS"], 1))

    @inThread
    def test_replication(self) -> None:
        """
        C{pg_basebackup} copies the server, and the log that it streams meanwhile: that
        connection is not read on; the copy is sound.
        """
        programs = folderOfPrograms()
        if programs is None or not (programs / "pg_verifybackup").exists():
            raise SkipTest("not installed: pg_basebackup and pg_verifybackup")
        folder = newFolder("backup")
        self.addCleanup(shutil.rmtree, folder)
        rule(self, NEVER)
        words = ["-h", "127.0.0.1", "-p", str(self.proxy.port), "-U", USER]
        words += ["-D", str(folder / "data"), "-X", "stream", "-c", "fast", "--no-sync"]
        self.run_(programs / "pg_basebackup", *words)
        self.run_(programs / "pg_verifybackup", str(folder / "data"))
        self.assertEqual((self.opaque(), decided(self)), (["replication"], []))

    def run_(self, program: Path, *words: str) -> None:
        """
        It must end well.
        """
        ended = subprocess.run(
            [str(program), *words], capture_output=True, text=True, timeout=PATIENCE, env=CLIENT
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

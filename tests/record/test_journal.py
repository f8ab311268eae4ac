"""
Tests for L{vaurien_twisted.record.journal}.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.support import REGISTRY
from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.journal import Journal, JournalFile


class JournalTests(SynchronousTestCase):
    """
    The journal keeps what happened, within its bound.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock.seconds, limit=3)

    def ids(self, entry: int = 0) -> list[int]:
        """
        The ids of what is kept after C{entry}.
        """
        return [kept["id"] for kept in self.journal.since(entry)]

    def test_interface(self) -> None:
        """
        It provides L{IJournal}.
        """
        self.assertTrue(verifyObject(IJournal, self.journal))

    def test_entry(self) -> None:
        """
        An entry says when, what, where, and everything it was told, in JSON's terms.
        """
        self.clock.advance(1.23456789)
        self.journal.record("decision", "proxy", 4, exchange=2, effect="reset")
        [entry] = self.journal.since()
        expected = {
            "id": 1,
            "time": 1.234568,
            "kind": "decision",
            "proxy": "proxy",
            "connection": 4,
            "exchange": 2,
            "effect": "reset",
        }
        self.assertEqual(entry, expected)
        self.assertEqual(json.loads(json.dumps(entry)), expected)

    def test_bounded(self) -> None:
        """
        Older entries are forgotten; ids go on.
        """
        for _ in range(5):
            self.journal.record("decision", "proxy", 1)
        self.assertEqual(self.ids(), [3, 4, 5])
        self.assertEqual(self.journal.last, 5)

    def test_since(self) -> None:
        """
        Only what came after; nothing for the newest, everything kept for one that is forgotten.
        """
        self.assertEqual(self.ids(), [])
        for _ in range(5):
            self.journal.record("decision", "proxy", 1)
        self.assertEqual(self.ids(1), [3, 4, 5])
        self.assertEqual(self.ids(4), [5])
        self.assertEqual(self.ids(5), [])
        self.assertEqual(self.ids(99), [])

    def test_watched(self) -> None:
        """
        A watcher is told each entry from then on, until it is stopped.
        """
        told: list[dict[str, Any]] = []
        self.journal.record("decision", "proxy", 1)
        stop = self.journal.watch(lambda: told.append(self.journal.newest))
        self.journal.record("decision", "proxy", 2)
        stop()
        self.journal.record("decision", "proxy", 3)
        self.assertEqual([entry["id"] for entry in told], [2])
        self.assertEqual(told, self.journal.since(1)[:1])


class FileTests(SynchronousTestCase):
    """
    The journal as a file.
    """

    def setUp(self) -> None:
        """
        A journal that keeps little.
        """
        self.journal = Journal(Clock().seconds, limit=2)
        self.path = Path(self.mktemp())

    def lines(self) -> list[dict[str, Any]]:
        """
        What the file has.
        """
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]

    def test_lines(self) -> None:
        """
        A line of JSON for each entry, there at once, also for those that are forgotten.
        """
        file = JournalFile(self.journal, str(self.path))
        kept = []
        for number in range(5):
            self.journal.record("decision", "proxy", 1, exchange=number, description="é\n\ud800")
            kept += self.journal.since(number)
            self.assertEqual(self.lines(), kept)
        file.stopService()
        self.journal.record("decision", "proxy", 1)
        self.assertEqual(len(self.lines()), 5)

    def test_pitfall44_mode(self) -> None:
        """
        The file is for who runs Vaurien alone, whatever the umask; one that is there keeps
        its mode.
        """
        self.addCleanup(os.umask, os.umask(0))
        JournalFile(self.journal, str(self.path)).stopService()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.path.chmod(0o640)
        JournalFile(self.journal, str(self.path)).stopService()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o640)

    def test_pitfall35_reopen(self) -> None:
        """
        Where the file was moved away, entries go to a new one, private as well; where there
        can be none, to the old one.
        """
        file = JournalFile(self.journal, str(self.path))
        self.journal.record("decision", "proxy", 1)
        moved = self.path.with_suffix(".1")
        self.path.rename(moved)
        self.journal.record("decision", "proxy", 1)
        file.reopen()
        self.journal.record("decision", "proxy", 1)
        self.assertEqual([entry["id"] for entry in self.lines()], [3])
        self.assertEqual(len(moved.read_text().splitlines()), 2)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.path.rename(moved)
        self.path.mkdir()
        self.assertRaises(Refused, file.reopen)
        self.journal.record("decision", "proxy", 1)
        self.assertEqual(len(moved.read_text().splitlines()), 2)
        file.stopService()

    def test_pitfall35_again(self) -> None:
        """
        A file that has ended, as its disk was full, is gone on with.
        """
        file = JournalFile(self.journal, "/dev/full")
        self.journal.record("decision", "proxy", 1)
        file._path = str(self.path)
        file.reopen()
        self.journal.record("decision", "proxy", 1)
        self.assertEqual([entry["id"] for entry in self.lines()], [2])
        file.stopService()

    def test_appended(self) -> None:
        """
        What an earlier run wrote stays.
        """
        for _ in range(2):
            file = JournalFile(self.journal, str(self.path))
            self.journal.record("decision", "proxy", 1)
            file.stopService()
        self.assertEqual([entry["id"] for entry in self.lines()], [1, 2])

    def test_refused(self) -> None:
        """
        A file that cannot be written is told by the option's name.
        """
        refused: Refused = self.assertRaises(
            Refused, JournalFile, self.journal, str(self.path / "missing")
        )
        self.assertEqual(refused.name, "journal")
        self.assertIn("No such file", refused.description)

    def test_full(self) -> None:
        """
        When the disk is full the file ends, with one word in the log; the proxy goes on.
        """
        file = JournalFile(self.journal, "/dev/full")
        for _ in range(3):
            self.journal.record("decision", "proxy", 1)
        self.assertEqual(self.journal.last, 3)
        self.assertEqual(self.journal._watchers, [])
        file.stopService()

    def test_option(self) -> None:
        """
        C{journal} in the settings is where the proxy's own decisions go.
        """
        settings = {"journal": str(self.path), "behavior": "hang", "proxy": "localhost:0"}
        made = Vaurien(MemoryReactorClock(), configure(REGISTRY, Given(settings)))
        made.journal.record("decision", "proxy", 1, effect="hold")
        self.assertEqual([entry["effect"] for entry in self.lines()], ["hold"])
        self.assertIs(made.proxy.journal, made.journal)
        for service in made:
            if isinstance(service, JournalFile):
                service.stopService()

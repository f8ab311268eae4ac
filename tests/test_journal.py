"""
Tests for L{vaurien_twisted.journal}.
"""

from __future__ import annotations

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.journal import Journal


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

"""
Tests for L{vaurien_twisted.record.decisions_log}: decisions in the log.
"""

from __future__ import annotations

from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.decisions_log import logDecisions
from vaurien_twisted.record.journal import Journal


class DecisionsLogTests(SynchronousTestCase):
    """
    A line for each decision, and for nothing else.
    """

    def test_lines(self) -> None:
        """
        The words of a decision are told at level debug.
        """
        journal = Journal(lambda: 0.0)
        logDecisions(journal)
        facts = {"exchange": 2, "description": "GET /", "rule": "100:delay sleep=0.8"}
        with capturedLogs() as events:
            journal.record("unreachable", "db", 8, reason="refused")
            journal.record(
                "decision",
                "db",
                7,
                **facts,
                effect="wait 0.8 s",
                words="delayed 0.8 s",
                reason="always",
            )
            journal.record("decision", "db", 9, effect="upstream")
        first, second = events
        self.assertIs(first["log_level"], LogLevel.debug)
        self.assertEqual(
            formatEvent(first),
            "db: connection 7 exchange 2: GET /: delayed 0.8 s by 100:delay sleep=0.8 (always)",
        )
        self.assertIn("upstream", formatEvent(second))

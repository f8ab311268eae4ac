"""
Tests for L{vaurien_twisted.app.replay}; the runs themselves are in C{tests.integration}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.replay import grouped
from vaurien_twisted.experiments.decisions import Decision


class GroupTests(SynchronousTestCase):
    """
    Decisions that belong together.
    """

    def test_grouped(self) -> None:
        """
        By proxy, behavior and phase; decisions before the first phase are a group too.
        """

        def decision(after: float, behavior: str = "error", proxy: str = "db") -> Decision:
            return Decision(proxy, 1, 1, "GET /", after, {"behavior": behavior})

        phases = [{"begin": 1.0}, {"begin": 5.0}]
        decisions = [
            decision(0.5),
            decision(1.0),
            decision(4.9),
            decision(5.1),
            decision(2.0, "delay"),
            decision(2.0, proxy="web"),
            decision(6.0),
        ]
        first, second, third, fourth, fifth = decisions[0], decisions[1:3], decisions[3], 4, 5
        self.assertEqual(
            grouped(decisions, phases),
            [[first], second, [third, decisions[6]], [decisions[fourth]], [decisions[fifth]]],
        )

"""
Tests for L{vaurien_twisted.relays.recent}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.batch_decision import BatchDecision, DecidedChunk
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.recent import RECENT, Recent


def run(first: int, count: int) -> tuple[int, DecidedChunk, float]:
    """
    So many requests that were decided together.
    """
    requests = tuple(("GET", str(number), b"", None) for number in range(first, first + count))
    return first, DecidedChunk(BatchDecision(Decision()), requests), 2.5


class RecentTests(SynchronousTestCase):
    """
    The latest exchanges, however they were decided.
    """

    def numbers(self, recent: Recent) -> list[int]:
        """
        Of what is remembered.
        """
        return [exchange.number for exchange in recent.exchanges()]

    def test_runs(self) -> None:
        """
        Of long chunks only the end is remembered.
        """
        recent = Recent()
        self.assertEqual(recent.exchanges(), [])
        self.assertIsNone(recent.add(Exchange(1)))
        recent.addChunk(*run(2, 2))
        self.assertEqual(self.numbers(recent), [1, 2, 3])
        recent.addChunk(*run(4, 100))
        self.assertEqual(self.numbers(recent), [100, 101, 102, 103])
        recent.add(Exchange(104))
        told = recent.exchanges()
        self.assertEqual([each.number for each in told], [101, 102, 103, 104])
        self.assertEqual((told[0].description, told[0].began), ("GET 101", 2.5))
        self.assertIsNotNone(told[0].decision)

    def test_over(self) -> None:
        """
        What is remembered no longer is told, once.
        """
        recent = Recent()
        first = Exchange(1)
        recent.add(first)
        recent.addChunk(*run(2, 1))
        for number in range(3, 1 + RECENT):
            self.assertIsNone(recent.add(Exchange(number)))
        self.assertIs(recent.add(Exchange(9)), first)
        self.assertIsNone(recent.add(Exchange(10)))

"""
Tests for L{vaurien_twisted.wire.fastpath}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.fastpath import LONGEST, MOST_KEPT, countsFor, remember


class RememberTests(SynchronousTestCase):
    """
    What is remembered is bounded.
    """

    def test_apart(self) -> None:
        """
        Each protocol and set of watched commands has its own counts, and has them again.
        """
        one = countsFor("test", frozenset({"A"}))
        self.assertIs(countsFor("test", frozenset({"A"})), one)
        self.assertIsNot(countsFor("test", frozenset({"B"})), one)
        self.assertIsNot(countsFor("other", frozenset({"A"})), one)

    def test_bounded(self) -> None:
        """
        Neither long chunks, nor too many, nor the counts of many plans are kept.
        """
        counts: dict[bytes, int] = {}
        remember(counts, b"x" * (LONGEST + 1), 1)
        self.assertEqual(counts, {})
        for number in range(MOST_KEPT + 1):
            remember(counts, b"%d" % number, 1)
        self.assertEqual(len(counts), 1)
        one = countsFor("test", frozenset({"first"}))
        for number in range(40):
            countsFor("test", frozenset({str(number)}))
        self.assertIsNot(countsFor("test", frozenset({"first"})), one)

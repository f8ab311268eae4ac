"""
Tests for L{vaurien_twisted.wire.fastpath}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.fastpath import LONGEST, MOST_KEPT, Passed, knownFor, remember


class RememberTests(SynchronousTestCase):
    """
    What is remembered of chunks is bounded.
    """

    def test_apart(self) -> None:
        """
        Each protocol and set of watched commands has its own memory, and has it again.
        """
        one = knownFor("test", frozenset({"A"}))
        self.assertIs(knownFor("test", frozenset({"A"})), one)
        self.assertIsNot(knownFor("test", frozenset({"B"})), one)
        self.assertIsNot(knownFor("other", frozenset({"A"})), one)
        self.assertIsNot(knownFor("test", frozenset({"A"}), "another rule"), one)

    def test_bounded(self) -> None:
        """
        Neither long chunks, nor too many, nor those of many plans are kept.
        """
        known: dict[bytes, Passed] = {}
        remember(known, b"x" * (LONGEST + 1), (1, None))
        self.assertEqual(known, {})
        for number in range(MOST_KEPT + 1):
            remember(known, b"%d" % number, (1, None))
        self.assertEqual(len(known), 1)
        one = knownFor("test", frozenset({"first"}))
        for number in range(40):
            knownFor("test", frozenset({str(number)}))
        self.assertIsNot(knownFor("test", frozenset({"first"})), one)

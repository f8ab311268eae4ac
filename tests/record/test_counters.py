"""
Tests for L{vaurien_twisted.record.counters}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.counters import CODES, OTHER, Counters, Traffic


class CountersTests(SynchronousTestCase):
    """
    L{Counters}.
    """

    def test_faults(self) -> None:
        """
        By behavior and code.
        """
        counters = Counters()
        for behavior, code in (("error", "503"), ("error", "503"), ("error", ""), ("delay", "")):
            counters.fault(behavior, code)
        self.assertEqual(counters.faults, {("error", "503"): 2, ("error", ""): 1, ("delay", ""): 1})

    def test_bounded(self) -> None:
        """
        Codes without end become one; none is lost, and those known go on.
        """
        counters = Counters()
        for number in range(2 * CODES):
            counters.fault("error", str(number))
        counters.fault("error", "1")
        self.assertEqual(len(counters.faults), CODES + 1)
        self.assertEqual(counters.faults["error", OTHER], CODES)
        self.assertEqual(counters.faults["error", "1"], 2)

    def test_ended(self) -> None:
        """
        Links that end are added up.
        """
        counters = Counters()
        counters.linkEnded(Traffic(1, 2, 3, 4), 5, 1)
        counters.linkEnded(Traffic(10, 20, 30, 40), 50, 2)
        self.assertEqual(counters.traffic, (11, 22, 33, 44))
        self.assertEqual((counters.exchanges, counters.ended), (55, 2))

    def test_apart(self) -> None:
        """
        Two proxies share nothing.
        """
        one, other = Counters(), Counters()
        one.fault("delay")
        one.duration.observe(1)
        self.assertEqual((other.faults, sum(other.duration.counts)), ({}, 0))

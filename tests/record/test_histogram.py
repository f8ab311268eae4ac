"""
Tests for L{vaurien_twisted.record.histogram}.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.histogram import (
    BOUNDS,
    FINE,
    LONGEST,
    PERCENTILES,
    SHORTEST,
    STEP,
    Histogram,
)

DURATIONS = st.lists(
    st.one_of(
        st.floats(SHORTEST, LONGEST), st.floats(SHORTEST, 0.01), st.sampled_from((*BOUNDS, *FINE))
    ),
    min_size=1,
)


def recorded(durations: list[float]) -> Histogram:
    """
    A histogram of them.
    """
    histogram = Histogram()
    for seconds in durations:
        histogram.observe(seconds)
    return histogram


class HistogramTests(SynchronousTestCase):
    """
    L{Histogram}.
    """

    def test_buckets(self) -> None:
        """
        A bound belongs to its bucket, and the last bucket has no end.
        """
        histogram = recorded([0.0, 0.0005, 0.0006, 60.0, 60.1, 1e9])
        self.assertEqual(len(histogram.counts), len(BOUNDS) + 1)
        self.assertEqual(histogram.counts[:2], [2, 1])
        self.assertEqual(histogram.counts[-2:], [1, 2])
        self.assertEqual(sum(histogram.counts), 6)

    def test_total(self) -> None:
        """
        The sum is of seconds; a clock that was set back takes none away.
        """
        histogram = recorded([0.25, -5.0, 0.5])
        self.assertEqual((histogram.total, histogram.counts[0]), (0.75, 1))

    def test_fine(self) -> None:
        """
        The fine bounds ascend in steps of L{STEP} at most, and Prometheus's are among them.
        """
        for low, high in pairwise(FINE):
            self.assertLess(low, high)
            self.assertLessEqual(high / low, STEP * 1.0000001)
        self.assertLessEqual(set(BOUNDS), set(FINE))
        self.assertLess(len(FINE), 600)

    @given(DURATIONS)
    def test_coarse(self, durations: list[float]) -> None:
        """
        Prometheus's counts are exact.
        """
        expected = [0] * (len(BOUNDS) + 1)
        for seconds in durations:
            expected[bisect_left(BOUNDS, seconds)] += 1
        self.assertEqual(recorded(durations).counts, expected)

    @given(DURATIONS)
    def test_percentiles(self, durations: list[float]) -> None:
        """
        Percentiles are true within 5 %.
        """
        durations.sort()
        for percent, found in zip(PERCENTILES, recorded(durations).percentiles(), strict=True):
            true = durations[math.ceil(len(durations) * percent / 100) - 1]
            assert found is not None
            if true > SHORTEST:
                self.assertLessEqual(abs(found - true) / true, 0.05)

    def test_nothing(self) -> None:
        """
        Of nothing there is no percentile.
        """
        self.assertEqual(Histogram().percentiles(), [None] * len(PERCENTILES))

    def test_outside(self) -> None:
        """
        What is shorter or longer than any bucket stays in order.
        """
        histogram = recorded([0.0, 1e9])
        self.assertEqual(histogram.percentiles((50, 100)), [SHORTEST / 2, LONGEST])

    @given(DURATIONS, DURATIONS)
    def test_merge(self, some: list[float], others: list[float]) -> None:
        """
        The buckets of two histograms, added, are those of all durations, as are their sums;
        counted at once is counted each.
        """
        first, second, whole = recorded(some), recorded(others), recorded(some + others)
        self.assertEqual(Counter(first.fine) + Counter(second.fine), whole.fine)
        self.assertAlmostEqual((first.total + second.total) / whole.total, 1)
        atOnce = Histogram()
        atOnce.observe(some[0], 3)
        self.assertEqual(atOnce.fine, recorded([some[0]] * 3).fine)
        self.assertEqual(atOnce.count, 3)

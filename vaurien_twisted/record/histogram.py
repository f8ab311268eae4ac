# -*- test-case-name: tests.record.test_histogram -*-
"""
Durations, counted in buckets fine enough for percentiles.

The buckets are log-linear in effect: each is at most L{STEP} times as wide as the one before,
so that a percentile read from them is within 3 % of the true one, at any scale from a
microsecond to a day.  The bounds of Prometheus's buckets are among the bounds here, so that
those counts are exact.  To record costs a binary search and one entry of a dictionary; only
buckets that are used take memory.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

#: The upper bounds of Prometheus's buckets, in seconds; above the last is one more.
BOUNDS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
)

#: The percentiles that are shown.
PERCENTILES = (50, 95, 99)

#: The most that one bound exceeds the one before, as a factor.
STEP = 1.06

#: Shorter and longer durations are not told apart, in seconds.
SHORTEST, LONGEST = 1e-6, 86400.0


def _fine() -> Iterator[float]:
    """
    The upper bounds of the fine buckets: L{BOUNDS}, and between any two of them as many in
    equal proportions as L{STEP} requires.
    """
    edges = (SHORTEST, *BOUNDS, LONGEST)
    yield SHORTEST
    for low, high in pairwise(edges):
        parts = math.ceil(math.log(high / low) / math.log(STEP))
        for part in range(1, parts):
            yield low * (high / low) ** (part / parts)
        yield high


#: The upper bounds of the fine buckets, in seconds.
FINE = tuple(_fine())

#: Of each of Prometheus's bounds, its index among the fine ones.
_INDEXES = tuple(FINE.index(bound) for bound in BOUNDS)


class Histogram:
    """
    How often something took how long.

    @ivar total: the sum of all, in seconds.
    @ivar fine: how often by bucket, without those that are empty: bucket C{n} ends at
        C{FINE[n]}, which is part of it, and the one after the last has no end.
    """

    __slots__ = ("fine", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.fine: dict[int, int] = {}

    def observe(self, seconds: float, times: int = 1) -> None:
        """
        Record a duration.

        @param seconds: how long it took; a negative one, where a clock was set back, counts
            as 0.
        @param times: how often it took so long.
        """
        if seconds < 0.0:
            seconds = 0.0
        self.total += seconds * times
        bucket = bisect_left(FINE, seconds)
        try:
            self.fine[bucket] += times
        except KeyError:
            self.fine[bucket] = times

    @property
    def count(self) -> int:
        """
        How often.
        """
        return sum(self.fine.values())

    @property
    def counts(self) -> list[int]:
        """
        How often by Prometheus's buckets: each ends at one of L{BOUNDS}, which is part of it.
        """
        counts = [0] * (len(BOUNDS) + 1)
        for bucket, times in self.fine.items():
            counts[bisect_left(_INDEXES, bucket)] += times
        return counts

    def percentiles(self, wanted: Sequence[float] = PERCENTILES) -> list[float | None]:
        """
        The durations that so many percent of all do not exceed, in seconds; C{None} where
        nothing was recorded.

        @param wanted: percentages, ascending, over 0 and up to 100.
        """
        found: list[float | None] = []
        count = self.count
        buckets = sorted(self.fine.items())
        passed, at = 0, 0
        for percent in wanted:
            rank = max(1, math.ceil(count * percent / 100))
            while at < len(buckets) and passed + buckets[at][1] < rank:
                passed += buckets[at][1]
                at += 1
            found.append(_middle(buckets[at][0]) if at < len(buckets) else None)
        return found


def _middle(bucket: int) -> float:
    """
    The duration that stands for a bucket: the geometric middle of its bounds.
    """
    if bucket == 0:
        return SHORTEST / 2
    if bucket == len(FINE):
        return LONGEST
    return math.sqrt(FINE[bucket - 1] * FINE[bucket])

# -*- test-case-name: tests.record.test_histogram -*-
"""
Counts durations in buckets that are fine enough for percentiles.

Each upper bound is at most L{STEP} times the one before, so a percentile is within 3 % of the true
value, from a microsecond to a day.  The bounds include those of the Prometheus buckets, so the
counts for Prometheus are exact.  Recording costs a binary search and one entry of a dictionary.
Empty buckets use no memory.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

#: The upper bounds of the Prometheus buckets, in seconds; one more bucket is above the last.
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

#: The largest ratio of two consecutive bounds.
STEP = 1.06

#: Shorter durations share one bucket, and so do longer ones; in seconds.
SHORTEST, LONGEST = 1e-6, 86400.0


def _fine() -> Iterator[float]:
    """
    The upper bounds of the fine buckets: L{BOUNDS}, and between two of them as many as L{STEP}
    requires, at equal ratios.
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

#: The index of each Prometheus bound in L{FINE}.
_INDEXES = tuple(FINE.index(bound) for bound in BOUNDS)


class Histogram:
    """
    The distribution of durations.

    @ivar total: the sum of all durations, in seconds.
    @ivar fine: the counts of the buckets that are not empty.  Bucket C{n} ends at C{FINE[n]},
        inclusive; the one after the last has no end.
    """

    __slots__ = ("fine", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.fine: dict[int, int] = {}

    def observe(self, seconds: float, times: int = 1) -> None:
        """
        Record a duration.

        @param seconds: the duration; a negative one counts as 0.
        @param times: how many times to count it.
        """
        bucket = 0
        if seconds > 0.0:
            self.total += seconds * times
            bucket = bisect_left(FINE, seconds)
        fine = self.fine
        try:
            fine[bucket] += times
        except KeyError:
            fine[bucket] = times

    @property
    def count(self) -> int:
        """
        The number of durations.
        """
        return sum(self.fine.values())

    @property
    def counts(self) -> list[int]:
        """
        The counts of the Prometheus buckets.  Each ends at one of L{BOUNDS}, inclusive.
        """
        counts = [0] * (len(BOUNDS) + 1)
        for bucket, times in self.fine.items():
            counts[bisect_left(_INDEXES, bucket)] += times
        return counts

    def percentiles(self, wanted: Sequence[float] = PERCENTILES) -> list[float | None]:
        """
        The percentiles, in seconds; C{None} if no duration was recorded.

        @param wanted: percentages, ascending, greater than 0 and at most 100.
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
    The duration that represents a bucket: the geometric mean of its bounds.
    """
    if bucket == 0:
        return SHORTEST / 2
    if bucket == len(FINE):
        return LONGEST
    return math.sqrt(FINE[bucket - 1] * FINE[bucket])

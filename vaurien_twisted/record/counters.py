# -*- test-case-name: tests.record.test_counters -*-
"""
What one proxy counts.

Bytes are counted by the transports, exchanges by the links; here are the sums of links
that have ended, and what is counted beside them.  Nothing is counted twice.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import attrs

#: The upper bounds of a histogram's buckets, in seconds; above the last is one more.
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

#: How many codes are told apart; clients may be allowed to ask for any.
CODES = 1000

#: The code of faults beyond that many.
OTHER = "other"


class Traffic(NamedTuple):
    """
    Bytes that passed, both ways: what was read at one end, and what was written at the
    other.  They differ by what waits, is lost on purpose, or is said in the backend's name.

    @ivar fromClient: read from clients.
    @ivar toBackend: written to backends.
    @ivar fromBackend: read from backends.
    @ivar toClient: written to clients.
    """

    fromClient: int = 0
    toBackend: int = 0
    fromBackend: int = 0
    toClient: int = 0

    def plus(self, other: Traffic) -> Traffic:
        """
        Both together.
        """
        return Traffic(
            self.fromClient + other.fromClient,
            self.toBackend + other.toBackend,
            self.fromBackend + other.fromBackend,
            self.toClient + other.toClient,
        )


class Histogram:
    """
    How often something took how long.

    @ivar counts: how often, by bucket: each ends at one of L{BOUNDS}, which is part of it.
    @ivar total: the sum of all, in seconds.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """
        It took so long; less than nothing, where a clock was set back, counts as nothing.
        """
        if seconds < 0.0:
            seconds = 0.0
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


@attrs.define(eq=False)
class Counters:
    """
    The counters of one proxy.

    @ivar traffic: of the links that have ended.
    @ivar exchanges: of the links that have ended.
    @ivar ended: how many links that were.
    @ivar connectFailures: how often the backend could not be reached.
    @ivar faults: how often something was done, by behavior and code.
    @ivar duration: from a request's first byte to its reply's last, of exchanges that are
        told apart and that the backend answered.
    @ivar added: how long waits and holds have kept something back.
    """

    traffic: Traffic = attrs.field(factory=Traffic)
    exchanges: int = 0
    ended: int = 0
    connectFailures: int = 0
    faults: dict[tuple[str, str], int] = attrs.field(factory=dict)
    duration: Histogram = attrs.field(factory=Histogram)
    added: Histogram = attrs.field(factory=Histogram)

    def fault(self, behavior: str, code: str = "") -> None:
        """
        Something was done.

        @param code: of an error, C{""} where there is none.
        """
        key = behavior, code
        if key not in self.faults and len(self.faults) >= CODES:
            key = behavior, OTHER
        self.faults[key] = self.faults.get(key, 0) + 1

    def linkEnded(self, traffic: Traffic, exchanges: int) -> None:
        """
        A link is over: its counts join the sums.
        """
        self.traffic = self.traffic.plus(traffic)
        self.exchanges += exchanges
        self.ended += 1

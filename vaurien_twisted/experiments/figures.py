# -*- test-case-name: tests.experiments.test_run -*-
"""
Figures read off running proxies: durations of exchanges, connections.

They are sums since a proxy began, so the figures of a phase are those at its end less those at
its beginning, and those of several services are added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import attrs

#: From the middle of a bucket to its end, as a factor; a bucket's end is 6 percent above its
#: beginning.
_HALF_STEP = 1.03


@attrs.frozen
class Figures:
    """
    What one proxy, or several together, counted.

    @ivar exchanges: exchanges that ended.
    @ivar connections: open connections at the time of the reading.
    @ivar durations: how many exchanges took how long, by the upper bound of the bucket in
        seconds.
    """

    exchanges: int = 0
    connections: int = 0
    durations: Mapping[float, int] = attrs.field(factory=dict)

    def plus(self, other: Figures) -> Figures:
        """
        Both together.
        """
        durations = dict(self.durations)
        for bound, count in other.durations.items():
            durations[bound] = durations.get(bound, 0) + count
        return Figures(
            self.exchanges + other.exchanges,
            self.connections + other.connections,
            durations,
        )

    def since(self, before: Figures) -> Figures:
        """
        What was counted after C{before}.  A proxy that began anew meanwhile counts from zero.
        """
        if self.exchanges < before.exchanges:
            return self
        durations = {
            bound: left
            for bound, count in self.durations.items()
            if (left := count - before.durations.get(bound, 0)) > 0
        }
        return Figures(
            self.exchanges - before.exchanges,
            self.connections,
            durations,
        )

    def withoutConnections(self) -> Figures:
        """
        The same, with no open connection.
        """
        return attrs.evolve(self, connections=0)

    @property
    def timed(self) -> int:
        """
        How many exchanges have a duration.
        """
        return sum(self.durations.values())

    def quantile(self, share: float) -> float | None:
        """
        The time, in seconds, that C{share} of the exchanges took at most, within 3 percent: the
        middle of the bucket in which it lies.  C{None} where nothing was timed.
        """
        wanted = math.ceil(share * self.timed)
        if not self.timed:
            return None
        passed = 0
        for bound in sorted(self.durations):
            passed += self.durations[bound]
            if passed >= max(1, wanted):
                return bound / _HALF_STEP
        return None

    def under(self, seconds: float) -> int:
        """
        How many exchanges took C{seconds} at most.
        """
        return sum(count for bound, count in self.durations.items() if bound <= seconds)


def total(figures: Iterable[Figures]) -> Figures:
    """
    All of them together.
    """
    result = Figures()
    for each in figures:
        result = result.plus(each)
    return result


@attrs.frozen
class Reading:
    """
    The figures of all proxies at one moment.

    @ivar time: seconds since the experiment began.
    @ivar proxies: by name; those of one name on several services together.
    """

    time: float
    proxies: Mapping[str, Figures]

    def of(self, names: Iterable[str]) -> Figures:
        """
        The figures of the proxies C{names} together; of all where there are none.
        """
        wanted = tuple(names) or tuple(self.proxies)
        return total(self.proxies[name] for name in wanted if name in self.proxies)

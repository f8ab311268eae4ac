# -*- test-case-name: tests.experiments.test_run -*-
"""
Figures read off running proxies: durations of exchanges, connections.

They are sums since a proxy began, so the figures of a phase are those at its end less those at
its beginning, and those of several services are added.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from vaurien_twisted.model.json_types import JSONObject

K = TypeVar("K", bound=Hashable)

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
    @ivar errors: how many exchanges failed, by command and code.
    @ivar opaque: the number of opaque connections, such as those with TLS: which of their
        exchanges failed is not known.
    @ivar opaqueNow: how many of them were open at the time of the reading.
    @ivar errorsCounted: whether all of the proxies count failed exchanges.
    """

    exchanges: int = 0
    connections: int = 0
    durations: Mapping[float, int] = attrs.field(factory=dict)
    errors: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    errorsCounted: bool = True
    opaque: int = 0
    opaqueNow: int = 0

    @classmethod
    def fromState(cls, proxy: JSONObject) -> Figures:
        """
        Those of one proxy in the answer to C{GET /state}.  The last bucket of durations has no
        bound there.
        """
        durations = {
            math.inf if bound is None else float(bound): int(count)
            for bound, count in proxy["duration"]["buckets"]
        }
        errors, opaque = proxy.get("errors"), proxy.get("opaque") or {}
        return cls(
            int(proxy["exchanges"]),
            int(proxy["open"]),
            durations,
            {(str(e["command"]), str(e["code"])): int(e["count"]) for e in errors or ()},
            errors is not None,
            int(opaque.get("total", 0)),
            int(opaque.get("open", 0)),
        )

    def plus(self, other: Figures) -> Figures:
        """
        Both together.
        """
        return Figures(
            self.exchanges + other.exchanges,
            self.connections + other.connections,
            _sum(self.durations, other.durations),
            _sum(self.errors, other.errors),
            self.errorsCounted and other.errorsCounted,
            self.opaque + other.opaque,
            self.opaqueNow + other.opaqueNow,
        )

    def since(self, before: Figures) -> Figures:
        """
        What was counted after C{before}.  A proxy that began anew meanwhile counts from zero.
        """
        if self.exchanges < before.exchanges:
            return self
        return Figures(
            self.exchanges - before.exchanges,
            self.connections,
            _difference(self.durations, before.durations),
            _difference(self.errors, before.errors),
            self.errorsCounted,
            max(0, self.opaque - before.opaque + before.opaqueNow),
            self.opaqueNow,
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

    def failed(self, commands: Sequence[str] = (), codes: Sequence[str] = ()) -> int:
        """
        How many exchanges failed.

        @param commands: only those of these commands, in upper or lower case; empty for all.
        @param codes: only those with one of these codes, in which C{x} stands for any
            character: C{5xx}.  Empty for all.
        """
        known = {command.lower() for command in commands}
        return sum(
            count
            for (command, code), count in self.errors.items()
            if (not known or command.lower() in known)
            and (not codes or any(_matches(each, code) for each in codes))
        )


def _matches(pattern: str, code: str) -> bool:
    return len(pattern) == len(code) and all(
        wanted in ("x", "X") or wanted.lower() == found.lower()
        for wanted, found in zip(pattern, code, strict=True)
    )


def _sum(first: Mapping[K, int], second: Mapping[K, int]) -> dict[K, int]:
    counts = dict(first)
    for key, count in second.items():
        counts[key] = counts.get(key, 0) + count
    return counts


def _difference(now: Mapping[K, int], before: Mapping[K, int]) -> dict[K, int]:
    """
    What was counted more, without what was not.
    """
    return {key: left for key, count in now.items() if (left := count - before.get(key, 0)) > 0}


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

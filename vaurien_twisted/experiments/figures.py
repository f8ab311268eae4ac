# -*- test-case-name: tests.experiments.test_run -*-
"""
Figures of running proxies: durations and errors of exchanges, connections.

They are totals since a proxy began.  The figures of a phase are those at its end minus those at its
beginning; those of several services are added.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from vaurien_twisted.model.json_types import JSONObject

K = TypeVar("K", bound=Hashable)

#: The factor from the middle of a bucket to its end.  The end of a bucket is 6 percent above its
#: beginning.
_HALF_STEP = 1.03


@attrs.frozen
class Figures:
    """
    The figures of one proxy, or of several together.

    @ivar exchanges: the number of exchanges that have ended.
    @ivar connections: the number of open connections at the time of the reading.
    @ivar durations: the number of exchanges in each bucket, by its upper bound in seconds.
    @ivar errors: the number of failed exchanges, by command and code.
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
        The sum of both.
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
        The difference to C{before}.  A proxy that has restarted meanwhile counts from zero.
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
        The same figures without open connections.
        """
        return attrs.evolve(self, connections=0)

    @property
    def timed(self) -> int:
        """
        The number of exchanges with a known duration.
        """
        return sum(self.durations.values())

    def quantile(self, share: float) -> float | None:
        """
        The quantile C{share} of the durations in seconds, within 3 percent: the middle of its
        bucket.  C{None} if no duration is known.
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
        The number of exchanges that took at most C{seconds}.
        """
        return sum(count for bound, count in self.durations.items() if bound <= seconds)

    def failed(self, commands: Sequence[str] = (), codes: Sequence[str] = ()) -> int:
        """
        The number of failed exchanges.

        @param commands: count only these commands, in any case; empty for all.
        @param codes: count only these codes; C{x} matches any character: C{5xx}.  Empty for all.
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
    The differences that are above zero.
    """
    return {key: left for key, count in now.items() if (left := count - before.get(key, 0)) > 0}


def total(figures: Iterable[Figures]) -> Figures:
    """
    The sum of all proxies.
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
    @ivar proxies: the figures by the proxies' names; proxies with the same name on several services
        are added.
    """

    time: float
    proxies: Mapping[str, Figures]

    def of(self, names: Iterable[str]) -> Figures:
        """
        The sum of the figures of the proxies C{names}; of all proxies if C{names} is empty.
        """
        wanted = tuple(names) or tuple(self.proxies)
        return total(self.proxies[name] for name in wanted if name in self.proxies)

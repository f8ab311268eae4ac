# -*- test-case-name: tests.metrics.test_history -*-
"""
The rates of the proxies in the last ten minutes: one row a second for each proxy, and a mark for
each setting.

A row is 52 bytes.  L{KEPT} rows of L{PROXIES} proxies are 6 MB.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence

import attrs
from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from vaurien_twisted.metrics.observe import Observed, Totals, totals
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import inWallTime, wallTime
from vaurien_twisted.record.histogram import PERCENTILES, Histogram
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.texts import short

#: Seconds between two rows.
STEP = 1.0

#: How many rows are kept of a proxy: those of ten minutes.
KEPT = 600

#: How many marks are kept of a proxy.
MARKS = 100

#: The most proxies of which a history is kept: the first ones.
PROXIES = 200

#: The most open connections of a proxy that are counted in one step.  A proxy with more of them
#: gets a row every second, third, … step, so that counting never takes long.
LINKS = 1000

#: The numbers of a row after its time: bytes from clients and to them, exchanges, faults and
#: failed connections to the backend, all per second; the open connections; and of the exchanges
#: that ended, the mean and percentiles of their durations, in seconds.
COLUMNS = (
    "received",
    "sent",
    "exchanges",
    "faults",
    "connectFailures",
    "open",
    "mean",
    *(f"p{percent}" for percent in PERCENTILES),
)


@attrs.frozen
class Mark:
    """
    Something was set.

    @ivar time: in seconds since 1970.
    @ivar what: the setting in words.
    """

    time: float
    what: str


@attrs.frozen
class _Counts:
    """
    The counts of a proxy at one moment.

    @ivar fine: see L{Histogram}.
    """

    time: float
    sums: tuple[int, ...]
    total: float
    fine: dict[int, int]

    @classmethod
    def of(cls, now: float, current: Totals) -> _Counts:
        """
        The counts of C{current}.
        """
        duration, traffic = current.counters.duration, current.traffic
        failures = current.counters.connectFailures
        sums = (traffic.fromClient, traffic.toClient, current.exchanges, current.faults, failures)
        return cls(now, sums, duration.total, dict(duration.fine))

    def durations(self, before: _Counts) -> list[float | None]:
        """
        The mean and the percentiles of the durations since C{before}; C{None} if there were none.
        """
        gained = Histogram()
        for bucket, count in self.fine.items():
            more = count - before.fine.get(bucket, 0)
            if more > 0:
                gained.fine[bucket] = more
        count = gained.count
        mean = (self.total - before.total) / count if count else None
        return [mean, *gained.percentiles()]


class ProxyHistory:
    """
    The rows and marks of one proxy.

    @ivar marks: the settings, oldest first.
    """

    def __init__(self, proxy: Proxy, now: float) -> None:
        self._proxy = proxy
        self._times = array("d")
        self._cells = array("f")
        self._rows = 0
        self._steps = 0
        self._last = _Counts.of(now, totals(proxy))
        self._state = self._now()
        self.marks: deque[Mark] = deque(maxlen=MARKS)

    def __len__(self) -> int:
        return len(self._times)

    def of(self, proxy: Proxy) -> bool:
        """
        Whether this is the history of C{proxy}, and not of an earlier one of its name.
        """
        return self._proxy is proxy

    def take(self, now: float) -> None:
        """
        Add a row for the time since the last one.

        @param now: in seconds since 1970.
        """
        self._mark(now)
        self._steps += 1
        if self._steps <= len(self._proxy.links) // LINKS:
            return
        self._steps = 0
        current = totals(self._proxy)
        counts, before = _Counts.of(now, current), self._last
        self._last = counts
        elapsed = now - before.time
        if elapsed <= 0:
            # The clock was set back.
            return
        rates = [(a - b) / elapsed for a, b in zip(counts.sums, before.sums, strict=True)]
        durations = [math.nan if s is None else s for s in counts.durations(before)]
        row = array("f", [*rates, current.open, *durations])
        if len(self._times) < KEPT:
            self._times.append(now)
            self._cells.extend(row)
        else:
            place = self._rows % KEPT
            self._times[place] = now
            self._cells[place * len(row) : (place + 1) * len(row)] = row
        self._rows += 1

    def _now(self) -> tuple[Plan, bool, str]:
        proxy = self._proxy
        return proxy.decider.plan, proxy.enabled, proxy.backend

    def _mark(self, now: float) -> None:
        state, before = self._now(), self._state
        self._state = state
        if state[0] is not before[0]:
            since = inWallTime(self._proxy.reactor, self._proxy.relays.expiry.since)
            rules = [rule for rule in state[0].rules if not rule.expired]
            words = "; ".join(r.describe() for r in rules if r.behavior.name != "dummy")
            # The time is that of the plan, unless only a single rule or toxic has changed.
            at = since if self._last.time < since <= now else now
            self.marks.append(Mark(at, short(words) or "everything passes unchanged"))
        if state[1] != before[1]:
            self.marks.append(Mark(now, "enabled" if state[1] else "disabled"))
        if state[2] != before[2]:
            self.marks.append(Mark(now, f"backend {state[2]}"))

    def since(self, moment: float) -> Sequence[int]:
        """
        The rows after C{moment}, in seconds since 1970, oldest first: what L{row} takes.
        """
        first = self._rows - len(self._times)
        return [n for n in range(first, self._rows) if self._times[n % KEPT] > moment]

    def row(self, number: int) -> list[float | None]:
        """
        A row: its time, and what L{COLUMNS} names; C{None} for durations if no exchange ended.
        """
        place, width = number % KEPT, len(COLUMNS)
        cells = self._cells[place * width : (place + 1) * width]
        values = [None if math.isnan(cell) else float(f"{cell:.5g}") for cell in cells]
        return [round(self._times[place], 3), *values]


class History(Service):
    """
    Keeps the history of all proxies while it runs.

    @param clock: times the rows.
    @param observed: the proxies.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, observed: Observed) -> None:
        self._observed = observed
        self._wall = wallTime(clock)
        self._kept: dict[str, ProxyHistory] = {}
        self._call = LoopingCall(self.take)
        self._call.clock = clock

    def startService(self) -> None:
        super().startService()
        self._call.start(STEP)

    def stopService(self) -> None:
        super().stopService()
        if self._call.running:
            self._call.stop()

    def take(self) -> None:
        """
        Add a row to the history of each proxy; forget proxies that are gone.
        """
        now, kept = self._wall(), self._kept
        self._kept = {}
        for proxy in self._proxies():
            name = str(proxy.name)
            own = kept.get(name)
            if own is None or not own.of(proxy):
                own = ProxyHistory(proxy, now)
            else:
                own.take(now)
            self._kept[name] = own

    def _proxies(self) -> Iterator[Proxy]:
        for number, proxy in enumerate(self._observed.proxies()):
            if number == PROXIES:
                return
            yield proxy

    def of(self, name: str) -> ProxyHistory | None:
        """
        The history of a proxy; C{None} if none is kept.
        """
        return self._kept.get(name)

"""
A run: starts everything, goes round, ends everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs

from benchmarks.faults import WAIT, WITHOUT
from benchmarks.processes import StartError, freePort
from benchmarks.readings import ReadingError
from benchmarks.relays import Relay, Route, started
from benchmarks.results import DIRECT, Results
from benchmarks.servers import serving
from benchmarks.works import MEASURES, Effort, Way, Work


@attrs.define
class Bench:
    """
    Everything that runs.

    @ivar folder: for files.
    @ivar files: how many files may be open.
    @ivar say: called with a line whenever something was measured.
    """

    folder: Path
    files: int
    effort: Effort
    results: Results
    say: Callable[[str], object]
    _backends: dict[str, int] = attrs.field(factory=dict)
    _ways: dict[tuple[str, str], Way] = attrs.field(factory=dict)
    _absent: set[str] = attrs.field(factory=set)
    _count: int = 0

    def run(self, relays: Sequence[Relay], works: Sequence[Work], rounds: int) -> None:
        """
        Measure every work with every relay that can do it, in interleaved rounds.
        """
        with ExitStack() as stack:
            for kind in sorted({work.backend for work in works}):
                try:
                    self._backends[kind] = stack.enter_context(serving(kind, self.folder / kind))
                except StartError as error:
                    self.results.failures.append(str(error))
            works = [work for work in works if work.backend in self._backends]
            for relay in relays:
                self._open(stack, relay, works)
            for number in range(1, rounds + 1):
                for work in works:
                    self._turn(f"{number}/{rounds}", work, relays)
        self.results.compareLatency()
        self.results.compareWaits(WITHOUT, WAIT * 1000)

    def _turn(self, number: str, work: Work, relays: Sequence[Relay]) -> None:
        words = []
        for relay in relays:
            if not self._fits(relay, work) or (work.fresh and relay.key == DIRECT):
                continue
            try:
                figures = self._measure(work, relay)
            except (OSError, ReadingError, StartError) as error:
                self.results.failures.append(f"{work.key}, {relay.title}, {number}: {error}")
                figures = {}
            for quantity in MEASURES[work.key]:
                figure = figures.get(quantity)
                self.results.add(quantity, relay.key, figure)
                words.append(f"{relay.key} {'FAILED' if figure is None else f'{figure:,.5g}'}")
        self.say(f"{number} {work.key}: {', '.join(words)}")

    def _measure(self, work: Work, relay: Relay) -> dict[str, float]:
        if not work.fresh:
            return work.measure(self._ways[relay.key, work.backend], self.effort)
        route = self._route(relay, work.backend)
        begun = time.perf_counter()
        with started(relay, route, listen=work.key != "start") as (pid, _):
            return work.measure(Way(relay.key, route.port, pid, begun), self.effort)

    def _fits(self, relay: Relay, work: Work) -> bool:
        return (
            work.backend in relay.backends
            and (work.key in relay.works if relay.works or work.named else True)
            and relay.key not in self._absent
        )

    def _open(self, stack: ExitStack, relay: Relay, works: Sequence[Work]) -> None:
        """
        Start a relay before each backend where it has something to do.
        """
        kinds = {work.backend for work in works if not work.fresh and self._fits(relay, work)}
        for kind in sorted(kinds):
            if relay.key == DIRECT:
                self._ways[relay.key, kind] = Way(relay.key, self._backends[kind])
                continue
            route = self._route(relay, kind)
            try:
                pid, note = stack.enter_context(started(relay, route))
            except StartError as error:
                self._absent.add(relay.key)
                self.results.failures.append(f"{relay.title}: {error}")
                return
            self.results.note(note)
            self._ways[relay.key, kind] = Way(relay.key, route.port, pid)

    def _route(self, relay: Relay, kind: str) -> Route:
        self._count += 1
        folder = self.folder / f"{relay.key}-{self._count}"
        return Route(freePort(), self._backends[kind], folder, self.files)

"""
A run: starts everything, goes round, ends everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from benchmarks import configs
from benchmarks.processes import StartError, freePort, output, running, waitUntilListening
from benchmarks.readings import ReadingError
from benchmarks.relays import Relay, Route, nginxCommand, started
from benchmarks.results import DIRECT, Results
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

        @raise StartError: a backend does not start.
        """
        with ExitStack() as stack:
            for kind in sorted({work.backend for work in works}):
                self._backends[kind] = stack.enter_context(self._backend(kind))
            for relay in relays:
                self._open(stack, relay, works)
            for number in range(1, rounds + 1):
                for work in works:
                    self._turn(f"{number}/{rounds}", work, relays)
        self.results.compareLatency()

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
        return work.backend in relay.backends and relay.key not in self._absent

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

    @contextmanager
    def _backend(self, kind: str) -> Iterator[int]:
        """
        A backend; its port.
        """
        port, folder = freePort(), self.folder / kind
        folder.mkdir()
        log = folder / "output"
        with running(_backendCommand(kind, port, folder), log) as process:
            waitUntilListening(process, port, log)
            if kind == "redis":
                # The value that everyone will ask for.
                words = ["redis-benchmark", "-p", str(port), "-c", "1", "-n", "1", "-d", "3"]
                output([*words, "-t", "set", "--csv"], 10)
            yield port


def _backendCommand(kind: str, port: int, folder: Path) -> list[str]:
    if kind == "redis":
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        return [*words, "--appendonly", "no", "--dir", str(folder), "--maxclients", "10000"]
    if kind == "bulk":
        # It gives up a client that died: it would otherwise serve nobody else.
        return ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port), "--rcv-timeout", "5000"]
    config = folder / "nginx.conf"
    config.write_text(configs.nginxWeb(port, str(folder)), encoding="utf-8")
    return nginxCommand(str(config), folder)

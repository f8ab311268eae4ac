"""
What tests of experiments share: a service in memory, and time that a test advances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from vaurien_twisted.experiments.document import Experiment, Load, readExperiment
from vaurien_twisted.experiments.figures import Figures, Reading
from vaurien_twisted.experiments.record import Record
from vaurien_twisted.experiments.run import ExperimentRun


class MemoryService:
    """
    Records each setting with its time.

    @ivar set: time, proxy and rules of each change.
    @ivar figures: its figures, by proxy.
    """

    def __init__(self, clock: Clock, proxies: Sequence[str] = ("db",)) -> None:
        self.clock = clock
        self.proxies = list(proxies)
        self.set: list[tuple[float, str, list[Mapping[str, object]], bool]] = []
        self.toxics: list[tuple[str, str]] = []
        self.changes: list[tuple[str, Mapping[str, object]]] = []
        self.figures: dict[str, Figures] = {name: Figures() for name in proxies}
        self.keys: dict[int, object] = {}
        self.pace = 0.0
        self.told: list[dict[str, object]] = []
        self.ended = False
        self.failing: Exception | None = None

    async def begin(self, experiment: Experiment) -> list[str]:
        return self.proxies

    async def publish(self, told: Mapping[str, object]) -> None:
        self.told.append(dict(told))

    async def end(self) -> list[str]:
        self.ended = True
        return []

    async def setRules(self, proxy: str, rules: Sequence[Mapping[str, object]], keep: bool) -> None:
        if self.failing is not None:
            raise self.failing
        self.set.append((self.clock.seconds(), proxy, list(rules), keep))

    async def addToxic(self, proxy: str, toxic: Mapping[str, object], key: int) -> None:
        self.keys[key] = str(toxic["type"])
        self.toxics.append((proxy, str(toxic["type"])))

    async def removeToxic(self, proxy: str, key: int) -> None:
        if key in self.keys:
            self.toxics.remove((proxy, str(self.keys.pop(key))))

    async def change(self, proxy: str, changes: Mapping[str, object], key: int) -> None:
        self.changes.append((proxy, dict(changes)))
        before: dict[str, object] = {"enabled": True, "backend": "before:1"}
        self.keys[key] = {name: before[name] for name in changes}

    async def restore(self, proxy: str, key: int) -> None:
        before = self.keys.pop(key, None)
        if isinstance(before, dict):
            self.changes.append((proxy, before))

    async def read(self, oldest: float = 0.0) -> Reading:
        return Reading(0.0, dict(self.figures))

    async def journal(self) -> list[Mapping[str, object]]:
        return []

    def inForce(self, proxy: str = "db") -> list[Mapping[str, object]]:
        """
        The rules that were set last.
        """
        return next((rules for _, name, rules, _ in reversed(self.set) if name == proxy), [])


class MemoryExternals:
    """
    Answers as a test sets it.
    """

    def __init__(self) -> None:
        self.good = True
        self.ran: list[object] = []
        self.status = 0

    async def run(self, command: object, timeout: float) -> tuple[int, str]:
        self.ran.append(command)
        return self.status, "said so"

    async def call(self, request: object) -> str:
        return "" if self.good else "status 500"

    async def check(self, condition: object) -> tuple[bool, str]:
        return self.good, "well" if self.good else "status 500"

    async def holds(self, condition: object) -> bool:
        return self.good


class MemoryLoad:
    """
    Is started and stopped.
    """

    def __init__(self) -> None:
        self.running = False
        self.good = True

    def start(self, load: Load) -> None:
        self.running = True

    async def stop(self) -> Mapping[str, object]:
        self.running = False
        return {"command": "load", "status": 0, "good": self.good, "output": ""}


class Lab:
    """
    An experiment with all that is around it in memory.
    """

    def __init__(self, text: str, proxies: Sequence[str] = ("db",), good: bool = True) -> None:
        self.clock = Clock()
        self.experiment = readExperiment(text)
        self.service = MemoryService(self.clock, proxies)
        self.externals = MemoryExternals()
        self.externals.good = good
        self.load = MemoryLoad()
        self.said: list[str] = []
        self.result: Record | None = None
        self.failure: object = None
        run = ExperimentRun(
            self.clock,
            self.experiment,
            self.service,
            self.externals,
            self.load,
            self.said.append,
        )
        self.run = run
        self.deferred = Deferred.fromCoroutine(run.run())
        self.deferred.addCallbacks(self._done, self._failed)

    def _done(self, record: Record) -> None:
        self.result = record

    def _failed(self, failure: object) -> None:
        self.failure = failure

    def advance(self, seconds: float, step: float = 0.125) -> None:
        """
        Let time pass in small steps.
        """
        for _ in range(round(seconds / step)):
            self.clock.advance(step)

    def count(self, name: str = "db", **durations: int) -> None:
        """
        Count exchanges: C{ms5=10} are ten that took 5 ms.
        """
        found = {float(key[2:]) / 1000: count for key, count in durations.items()}
        more = Figures(sum(found.values()), 0, found)
        self.service.figures[name] = self.service.figures[name].plus(more)

# -*- test-case-name: tests.experiments.test_fleet -*-
"""
Several running services that an experiment uses at the same time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

from vaurien_twisted.client.common import ClientError, RequestRefused
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.effects import PART, ROUND, Part, Rule
from vaurien_twisted.experiments.figures import Figures, Reading, total
from vaurien_twisted.experiments.run import IRunService

T = TypeVar("T")

#: The most services that get a request at the same time.  Each request takes a file descriptor, and
#: its time limit begins when it is sent.
AT_ONCE = 100


class IMember(IRunService, Protocol):
    """
    A service of a fleet.

    @ivar url: its URL.
    """

    url: str


class Fleet:
    """
    Several services that are used as one.

    A service that fails gets no more requests until the end, when its faults are removed if it
    answers again.

    @param missing: called when a service fails, with its URL and the reason.  If it returns
        C{False}, the error is raised; otherwise the experiment continues without the service.
    @ivar services: the services that take part.
    @ivar pace: see L{vaurien_twisted.experiments.effects.IService}.
    @ivar lost: the services that failed, and why.
    """

    def __init__(self, services: Sequence[IMember], missing: Callable[[str, str], bool]) -> None:
        self.services = list(services)
        self.lost: list[tuple[IMember, str]] = []
        self.pace = ROUND * len(self.services)
        self._several = len(self.services) > 1
        self._missing = missing
        self._figures: dict[str, Reading] = {}
        self._entries = 0
        self._seed = 0
        self._urls = [each.url for each in self.services]
        self._chosen: dict[Part, frozenset[str]] = {}

    async def _ask(
        self, services: Sequence[IMember], do: Callable[[IMember], Awaitable[T]]
    ) -> list[T | Failure]:
        results: dict[int, T | Failure] = {}
        left = iter(enumerate(services))

        # A loop, since calls of services that answer at once must not nest.
        async def work() -> None:
            for place, service in left:
                try:
                    results[place] = await do(service)
                except CancelledError:
                    # The user has ended the experiment: no service has failed.
                    raise
                except Exception:
                    results[place] = Failure()

        count = min(AT_ONCE, len(services))
        workers = [Deferred.fromCoroutine(work()) for _ in range(count)]
        for _, result in await DeferredList(workers, consumeErrors=True):
            if isinstance(result, Failure):
                result.raiseException()
        return [results[place] for place in range(len(services))]

    async def _all(self, do: Callable[[IMember], Awaitable[T]]) -> list[T]:
        services = list(self.services)
        if not services:
            raise ClientError("no service is left that answers")
        results = await self._ask(services, do)
        refused = [
            each for each in results if isinstance(each, Failure) and each.check(RequestRefused)
        ]
        if len(refused) == len(services):
            # The request is not valid; the services have not failed.
            refused[0].raiseException()
        found: list[T] = []
        failed: list[Failure] = []
        for service, result in zip(services, results, strict=True):
            if not isinstance(result, Failure):
                found.append(result)
            elif not result.check(ClientError):
                failed.insert(0, result)
            elif service in self.services:
                self.services.remove(service)
                reason = str(result.value)
                self.lost.append((service, reason))
                if not self._missing(service.url, reason):
                    failed.append(result)
        if failed:
            failed[0].raiseException()
        if not found:
            raise ClientError("no service is left that answers")
        return found

    async def begin(self, experiment: Experiment) -> list[str]:
        self._seed = experiment.seed
        names = await self._all(lambda each: each.begin(experiment))
        return sorted(set().union(*map(set, names)))

    async def end(self) -> list[str]:
        """
        Restore all services, also those that failed.

        @return: the services that failed, and what could not be restored.
        """
        lost = [each for each, _ in self.lost]
        words = [f"{each.url} was left out: {reason}" for each, reason in self.lost]
        for result in await self._ask([*self.services, *lost], lambda each: each.end()):
            words += [str(result.value)] if isinstance(result, Failure) else result
        return words

    async def setRules(self, proxy: str, rules: Sequence[Rule], keep: bool) -> None:
        async def one(each: IMember) -> None:
            own = [_whole(rule) for rule in rules if self._concerns(each, rule)]
            await each.setRules(proxy, own, keep)

        await self._all(one)

    def _concerns(self, service: IMember, setting: Rule) -> bool:
        """
        Whether a setting is for a service.
        """
        part = setting.get(PART)
        if not isinstance(part, Part):
            return True
        chosen = self._chosen.get(part)
        if chosen is None:
            # Of all services, so that those that fail do not change who is struck.
            chance = random.Random(f"{self._seed}/{part.key}")
            count = math.ceil(part.share * len(self._urls) - 1e-9)
            chosen = self._chosen[part] = frozenset(chance.sample(self._urls, count))
        return service.url in chosen

    async def addToxic(self, proxy: str, toxic: Rule, key: int) -> None:
        async def one(each: IMember) -> None:
            if self._concerns(each, toxic):
                await each.addToxic(proxy, _whole(toxic), key)

        await self._all(one)

    async def removeToxic(self, proxy: str, key: int) -> None:
        await self._all(lambda each: each.removeToxic(proxy, key))

    async def change(self, proxy: str, changes: Mapping[str, object], key: int) -> None:
        async def one(each: IMember) -> None:
            if self._concerns(each, changes):
                await each.change(proxy, _whole(changes), key)

        await self._all(one)

    async def restore(self, proxy: str, key: int) -> None:
        """
        Undo a change: each service gets its own earlier value.
        """
        await self._all(lambda each: each.restore(proxy, key))

    async def read(self, oldest: float = 0.0) -> Reading:
        """
        The figures of all services, added by the proxies' names.  A service that failed keeps its
        last figures, without connections.

        @param oldest: figures that came with another answer are used up to this age; of many
            services, up to the time that it takes to ask all.
        @return: a reading whose time is the negative mean age of the figures.
        """
        oldest = max(oldest, ROUND * len(self.services))

        async def one(service: IMember) -> float:
            reading = self._figures[service.url] = await service.read(oldest)
            return reading.time

        times = await self._all(one)
        gone = {each.url for each, _ in self.lost}
        merged: dict[str, list[Figures]] = {}
        for url, reading in self._figures.items():
            for name, figures in reading.proxies.items():
                kept = figures.withoutConnections() if url in gone else figures
                merged.setdefault(name, []).append(kept)
        proxies = {name: total(each) for name, each in merged.items()}
        return Reading(sum(times) / len(times), proxies)

    async def publish(self, status: Mapping[str, object]) -> None:
        """
        Report the progress of the experiment to at most L{AT_ONCE} services.  Failures are ignored.
        """
        await self._ask(self.services[:AT_ONCE], lambda each: each.publish(status))

    async def journal(self) -> list[Mapping[str, object]]:
        """
        The journal entries of all services since the last call, by time, each with its C{service}.
        If there are several services, the entries get new ids.
        """

        async def one(service: IMember) -> list[Mapping[str, object]]:
            return [{"service": service.url, **entry} for entry in await service.journal()]

        entries = [entry for found in await self._all(one) for entry in found]
        entries.sort(key=lambda entry: float(str(entry["time"])))
        if self._several:
            first, self._entries = self._entries + 1, self._entries + len(entries)
            entries = [{**entry, "id": number} for number, entry in enumerate(entries, first)]
        return entries


def _whole(setting: Rule) -> Rule:
    """
    The setting without the services that it is for.
    """
    return {name: value for name, value in setting.items() if name != PART}

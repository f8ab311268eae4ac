# -*- test-case-name: tests.experiments.test_fleet -*-
"""
Several running services that an experiment drives at once.
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

#: How many services are asked at the same time.  The time of a request is measured from its
#: turn, and each takes a file descriptor.
AT_ONCE = 100


class IMember(IRunService, Protocol):
    """
    A service of a fleet.

    @ivar url: where it is.
    """

    url: str


class Fleet:
    """
    Several services that are driven at once.

    A service that fails is asked nothing more until the end, when its faults are lifted if it
    is there again.

    @param missing: called when one fails, with its URL and why.  It decides: where it returns
        C{False}, the error is raised; else the others go on without it.
    @ivar services: those that take part.
    @ivar pace: see L{vaurien_twisted.experiments.effects.IService}.
    @ivar lost: those that failed, and why.
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

        # A loop: services that answer at once must not nest their calls.
        async def work() -> None:
            for place, service in left:
                try:
                    results[place] = await do(service)
                except CancelledError:
                    # Whoever runs the experiment has ended it: no service has failed.
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
            # What was asked is wrong, not the services.
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
        Leave all as they were, also those that failed.

        @return: which failed, and what could not be done.
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

    def _concerns(self, service: IMember, told: Rule) -> bool:
        """
        Whether what is to be set is for a service.
        """
        part = told.get(PART)
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
        Undo a change: each service gets back what it had itself.
        """
        await self._all(lambda each: each.restore(proxy, key))

    async def read(self, oldest: float = 0.0) -> Reading:
        """
        The figures of all services, added by the proxies' names.  Those of a service that
        failed stay as they were, without connections.

        @param oldest: figures that were told beside something else are used up to this age;
            of many services, up to the time that it takes to ask all.
        @return: its time is minus their mean age.
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

    async def publish(self, told: Mapping[str, object]) -> None:
        """
        Tell the services how the experiment goes, L{AT_ONCE} of them at most.  One that cannot
        be told goes on all the same.
        """
        await self._ask(self.services[:AT_ONCE], lambda each: each.publish(told))

    async def journal(self) -> list[Mapping[str, object]]:
        """
        What was decided on all services since they were asked last, by time; each entry with
        its C{service}.  Where there are several, entries are numbered anew.
        """

        async def one(service: IMember) -> list[Mapping[str, object]]:
            return [{"service": service.url, **entry} for entry in await service.journal()]

        entries = [entry for found in await self._all(one) for entry in found]
        entries.sort(key=lambda entry: float(str(entry["time"])))
        if self._several:
            first, self._entries = self._entries + 1, self._entries + len(entries)
            entries = [{**entry, "id": number} for number, entry in enumerate(entries, first)]
        return entries


def _whole(told: Rule) -> Rule:
    """
    What is to be set, without the services that it is for.
    """
    return {name: value for name, value in told.items() if name != PART}

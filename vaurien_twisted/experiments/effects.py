# -*- test-case-name: tests.experiments.test_run -*-
"""
The faults that an experiment has set, so that all of them can be removed.

Several steps may act on one proxy at the same time.  The proxy has the rules that it had before the
experiment, followed by those of all steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Protocol

import attrs
from twisted.internet.defer import DeferredLock

from vaurien_twisted.experiments.faults import Fault
from vaurien_twisted.experiments.figures import Reading

Rule = Mapping[str, object]

#: About how long a request to one of many services takes, in seconds.
ROUND = 0.001

#: The member of a setting that has the L{Part} of the services it is for.
PART = "part"


@attrs.frozen
class Part:
    """
    Some of the services of a fleet.

    @ivar share: the share of all services, 0 to 1.
    @ivar key: parts with the same key and share are the same services.
    """

    share: float
    key: int


def parted(setting: Rule, part: Part | None) -> Rule:
    """
    The setting for a part of the services; for all if C{part} is C{None}.
    """
    return setting if part is None else {**setting, PART: part}


class IService(Protocol):
    """
    One running Vaurien or a fleet, as an experiment uses it.

    @ivar pace: about how long a change takes, in seconds.
    """

    pace: float

    async def setRules(self, proxy: str, rules: Sequence[Rule], keep: bool) -> None:
        """
        Put rules in force after those that the proxy had before the experiment.

        @param keep: whether exchanges that wait keep their decisions.
        """

    async def addToxic(self, proxy: str, toxic: Rule, key: int) -> None:
        """
        Add a toxic.

        @param key: a number to remove it by.
        """

    async def removeToxic(self, proxy: str, key: int) -> None:
        """
        Remove a toxic.
        """

    async def change(self, proxy: str, changes: Mapping[str, object], key: int) -> None:
        """
        Change C{enabled} or C{backend} of a proxy.

        @param key: a number to undo the change by.
        """

    async def restore(self, proxy: str, key: int) -> None:
        """
        Undo a change.
        """

    async def read(self, oldest: float = 0.0) -> Reading:
        """
        The figures of all proxies.  Each reading is later than the one before.

        @param oldest: the maximum age in seconds of figures that are known already.
        @return: a reading whose time is the negative age of its figures.
        """


@attrs.define
class Applied:
    """
    One fault in force.

    @ivar part: the services that it is for; C{None} for all.
    @ivar rules: its rules by proxy.
    @ivar toxics: proxies and keys of its toxics.
    @ivar changed: proxies and keys of its changes.
    """

    part: Part | None = None
    rules: dict[str, tuple[Rule, ...]] = attrs.field(factory=dict)
    toxics: list[tuple[str, int]] = attrs.field(factory=list)
    changed: list[tuple[str, int]] = attrs.field(factory=list)


class Effects:
    """
    All faults that an experiment has set on a service.

    @ivar proxies: the proxies for faults that name none.
    """

    def __init__(self, service: IService, proxies: Sequence[str]) -> None:
        self.proxies = tuple(proxies)
        self._service = service
        self._applied: list[Applied] = []
        self._keys = count(1)
        self._parts = count(1)
        #: Changes of a proxy's rules are serialized, so that they arrive in order.
        self._pushing: defaultdict[str, DeferredLock] = defaultdict(DeferredLock)

    @property
    def pace(self) -> float:
        """
        About how long a change of all services takes, in seconds.
        """
        return self._service.pace

    def part(self, share: float) -> Part | None:
        """
        Choose a share of the services; C{None} for all.
        """
        return Part(share, next(self._parts)) if share < 1 else None

    async def apply(self, fault: Fault, part: Part | None = None) -> Applied:
        """
        Put a fault in force.

        @param part: the services that it is for; by default chosen by the fault's share.
        """
        applied = Applied(part or self.part(fault.share))
        # Recorded first, so that a fault that fails half way is removed too.
        self._applied.append(applied)
        for proxy in fault.proxy or self.proxies:
            if fault.enabled is not None or fault.backend:
                changes: dict[str, object] = {}
                if fault.enabled is not None:
                    changes["enabled"] = fault.enabled
                if fault.backend:
                    changes["backend"] = fault.backend
                key = next(self._keys)
                applied.changed.append((proxy, key))
                await self._service.change(proxy, parted(changes, applied.part), key)
            for toxic in fault.toxics:
                key = next(self._keys)
                applied.toxics.append((proxy, key))
                await self._service.addToxic(proxy, parted(toxic, applied.part), key)
            rules = rulesOf(fault)
            if rules:
                applied.rules[proxy] = rules
                await self._push(proxy, keep=True)
        return applied

    async def replace(self, applied: Applied, fault: Fault) -> None:
        """
        Replace the rules of a fault.  Exchanges that wait continue to wait.
        """
        for proxy in fault.proxy or self.proxies:
            applied.rules[proxy] = rulesOf(fault)
            await self._push(proxy, keep=True)

    async def lift(self, applied: Applied) -> None:
        """
        Remove a fault, and end its waits.  If a part of it cannot be removed, the other parts are.

        @raise Exception: the first error.
        """
        if not any(each is applied for each in self._applied):
            return
        self._applied = [each for each in self._applied if each is not applied]
        service = self._service
        parts: list[Callable[[], Awaitable[None]]] = [
            *(partial(self._push, proxy, keep=False) for proxy in applied.rules),
            *(partial(service.removeToxic, *each) for each in reversed(applied.toxics)),
            *(partial(service.restore, *each) for each in reversed(applied.changed)),
        ]
        failed: list[Exception] = []
        for part in parts:
            try:
                await part()
            except Exception as error:
                failed.append(error)
        if failed:
            raise failed[0]

    async def liftAll(self) -> list[Exception]:
        """
        Remove all faults, the latest first.

        @return: the faults that could not be removed, and why.
        """
        failed: list[Exception] = []
        for applied in reversed(list(self._applied)):
            try:
                await self.lift(applied)
            except Exception as error:
                failed.append(error)
        return failed

    async def _push(self, proxy: str, keep: bool) -> None:
        lock = self._pushing[proxy]
        await lock.acquire()
        try:
            rules = [
                parted(rule, each.part)
                for each in self._applied
                for rule in each.rules.get(proxy, ())
            ]
            await self._service.setRules(proxy, rules, keep)
        finally:
            lock.release()


def rulesOf(fault: Fault) -> tuple[Rule, ...]:
    """
    The rules of a fault in the form of C{PUT /rules}.
    """
    if not fault.behavior:
        return tuple(fault.rules)
    if "," in fault.behavior or ":" in fault.behavior:
        return ({"draw": [_alternative(fault, part) for part in fault.behavior.split(",")]},)
    rule: dict[str, object] = {"behavior": fault.behavior}
    for name in ("options", "when", "percent", "times"):
        value = getattr(fault, name)
        if value not in (None, {}):
            rule[name] = value
    return (rule,)


def _alternative(fault: Fault, part: str) -> Rule:
    """
    One of several behaviors with percentages, C{20:error}, whose options are given by behavior.
    """
    percent, _, name = part.rpartition(":")
    name = name.strip()
    rule: dict[str, object] = {"behavior": name, "percent": percent.strip() or 100}
    options = fault.options.get(name)
    if options is not None:
        rule["options"] = options
    for field in ("when", "times"):
        value = getattr(fault, field)
        if value not in (None, {}):
            rule[field] = value
    return rule

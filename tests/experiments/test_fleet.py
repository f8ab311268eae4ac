"""
Tests for L{vaurien_twisted.experiments.fleet}: services in memory, some of which fail.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.experiments.support import MemoryService
from vaurien_twisted.client.common import ClientError, RequestRefused, Unreachable
from vaurien_twisted.experiments.document import Experiment, readExperiment
from vaurien_twisted.experiments.effects import Effects
from vaurien_twisted.experiments.faults import Fault
from vaurien_twisted.experiments.figures import Figures, Reading
from vaurien_twisted.experiments.fleet import AT_ONCE, Fleet

T = TypeVar("T")

EXPERIMENT = readExperiment("proxies: {db: , web: }\nmethod: [{hold: 1s}]")


class Member(MemoryService):
    """
    A service that fails, or answers late, as a test sets it.

    @ivar answers: while it is a list, each request waits, and adds the function that continues it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(Clock(), ("db", "web"))
        self.url = f"http://service{number}"
        self.waiting: list[Deferred[None]] | None = None
        self.begun = 0
        self.entries: list[Mapping[str, object]] = []

    async def _asked(self) -> None:
        if self.failing is not None:
            raise self.failing
        if self.waiting is not None:
            waits: Deferred[None] = Deferred()
            self.waiting.append(waits)
            await waits

    async def begin(self, experiment: Experiment) -> list[str]:
        await self._asked()
        self.begun += 1
        return self.proxies

    async def setRules(self, proxy: str, rules: Sequence[Mapping[str, object]], keep: bool) -> None:
        await self._asked()
        await super().setRules(proxy, rules, keep)

    async def read(self, oldest: float = 0.0) -> Reading:
        await self._asked()
        return await super().read(oldest)

    async def journal(self) -> list[Mapping[str, object]]:
        entries, self.entries = self.entries, []
        return entries

    def unplug(self) -> None:
        self.failing = Unreachable(self.url, "connection refused")


class FleetTests(SynchronousTestCase):
    """
    All services are driven; some fail.
    """

    def fleet(self, count: int = 3, goesOn: bool = True) -> tuple[Fleet, list[Member]]:
        members = [Member(number) for number in range(count)]
        self.told: list[str] = []

        def missing(url: str, reason: str) -> bool:
            self.told.append(url)
            return goesOn

        return Fleet(members, missing), members

    def done(self, do: Callable[[], Coroutine[Deferred[Any], Any, T]]) -> T:
        return self.successResultOf(Deferred.fromCoroutine(do()))

    def test_leftOut(self) -> None:
        """
        The others continue without a service that fails.  Its failure is reported once, and it is
        ended like the others.
        """
        fleet, members = self.fleet()
        self.done(lambda: fleet.begin(EXPERIMENT))
        members[1].unplug()
        for _ in range(2):
            self.done(lambda: fleet.setRules("db", [{"behavior": "hang"}], True))
        self.assertEqual(self.told, ["http://service1"])
        self.assertEqual([len(each.set) for each in members], [2, 0, 2])
        words = self.done(fleet.end)
        self.assertIn("http://service1 was left out", str(words))
        self.assertEqual([each.ended for each in members], [True] * 3)

    def struck(self, seed: int) -> list[bool]:
        """
        Strike shares of ten services in several ways: which of them a quarter is.
        """
        fleet, members = self.fleet(10)
        self.done(lambda: fleet.begin(attrs.evolve(EXPERIMENT, seed=seed)))
        effects = Effects(fleet, ["db"])
        part = effects.part(0.25)
        applied = self.done(lambda: effects.apply(Fault(behavior="hang"), part))
        first = [bool(each.set[-1][2]) for each in members]
        self.assertEqual(sum(first), 3)
        self.done(lambda: effects.replace(applied, Fault(behavior="delay")))
        self.assertEqual([bool(each.set[-1][2]) for each in members], first)
        self.done(lambda: effects.lift(applied))
        self.done(lambda: effects.apply(Fault(toxics=({"type": "latency"},), share=0.5)))
        self.assertEqual(sum(len(each.toxics) for each in members), 5)
        self.done(lambda: effects.apply(Fault(enabled=False, share=0.01)))
        self.assertEqual(
            [changes for each in members for _, changes in each.changes], [{"enabled": False}]
        )
        self.assertEqual(self.done(effects.liftAll), [])
        self.assertFalse(any(each.toxics or each.set[-1][2] for each in members))
        return first

    def test_share(self) -> None:
        """
        A share of the services is struck, the same for all of a step; lifting concerns no others.
        Which, follows from the seed.
        """
        first = self.struck(1)
        self.assertEqual(self.struck(1), first)
        self.assertNotEqual(self.struck(2), first)

    def test_halts(self) -> None:
        """
        Where the policy is to halt, the failure is raised.
        """
        fleet, members = self.fleet(goesOn=False)
        members[1].unplug()
        self.failureResultOf(Deferred.fromCoroutine(fleet.begin(EXPERIMENT)), Unreachable)
        self.done(fleet.end)
        self.assertEqual([each.ended for each in members], [True] * 3)

    def test_none(self) -> None:
        """
        Without a remaining service the experiment cannot continue.
        """
        fleet, members = self.fleet(2)
        for each in members:
            each.unplug()
        for _ in range(2):
            self.failureResultOf(Deferred.fromCoroutine(fleet.read()), ClientError)

    def test_refused(self) -> None:
        """
        A request that all services refuse is an error; none of them is excluded.
        """
        fleet, members = self.fleet()
        for each in members:
            each.failing = RequestRefused(400, "no such behavior")
        asked = Deferred.fromCoroutine(fleet.setRules("db", [], False))
        self.failureResultOf(asked, RequestRefused)
        self.assertEqual((self.told, len(fleet.services)), ([], 3))

    def test_cancelled(self) -> None:
        """
        An experiment that is ended while requests are under way loses no service.
        """
        fleet, members = self.fleet()
        for each in members:
            each.waiting = []
        asked = Deferred.fromCoroutine(fleet.setRules("db", [], False))
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertEqual((self.told, len(fleet.services)), ([], 3))

    def test_atOnce(self) -> None:
        """
        The number of simultaneous requests is limited.
        """
        fleet, members = self.fleet(AT_ONCE + 5)
        for each in members:
            each.waiting = []
        asked = Deferred.fromCoroutine(fleet.setRules("db", [], False))
        self.assertEqual(sum(len(each.waiting or ()) for each in members), AT_ONCE)
        for each in members:
            for waits in each.waiting or ():
                waits.callback(None)
        self.successResultOf(asked)

    def test_many(self) -> None:
        """
        Many that answer at once, while other requests wait.
        """
        fleet, members = self.fleet(1500)
        for each in members:
            each.waiting = []
        asked = Deferred.fromCoroutine(fleet.setRules("db", [], False))
        journal = Deferred.fromCoroutine(fleet.journal())
        for each in members:
            for waits in each.waiting or ():
                waits.callback(None)
        self.successResultOf(asked)
        self.assertEqual(self.successResultOf(journal), [])

    def test_figures(self) -> None:
        """
        Figures are added.  Those of a service that failed stay, so that the difference of two
        readings is that of the others.
        """
        fleet, members = self.fleet()
        for number, each in enumerate(members):
            each.figures["db"] = Figures(10, number, {0.1: 10})
        first = self.done(fleet.read)
        assert isinstance(first, Reading)
        self.assertEqual(first.proxies["db"], Figures(30, 3, {0.1: 30}))
        members[2].unplug()
        members[0].figures["db"] = Figures(15, 0, {0.1: 10, 0.2: 5})
        second = self.done(fleet.read)
        assert isinstance(second, Reading)
        self.assertEqual(second.proxies["db"].since(first.proxies["db"]), Figures(5, 1, {0.2: 5}))

    def test_journal(self) -> None:
        """
        Entries are ordered by time, each with its service and a unique id.
        """
        fleet, members = self.fleet(2)
        members[0].entries = [{"id": 1, "time": 2.0}]
        members[1].entries = [{"id": 1, "time": 1.0}]
        self.assertEqual(
            self.done(fleet.journal),
            [
                {"service": "http://service1", "id": 1, "time": 1.0},
                {"service": "http://service0", "id": 2, "time": 2.0},
            ],
        )


class LiftTests(SynchronousTestCase):
    """
    L{Effects} on a service that fails.
    """

    def test_rest(self) -> None:
        """
        If one part of a fault cannot be removed, the others are.
        """

        class Partly(Member):
            async def setRules(
                self, proxy: str, rules: Sequence[Mapping[str, object]], keep: bool
            ) -> None:
                if proxy == "db" and not rules:
                    raise Unreachable(self.url, "gone")
                await super().setRules(proxy, rules, keep)

        service = Partly(0)
        effects = Effects(service, ["db", "web"])
        for fault in (Fault(behavior="hang"), Fault(enabled=False)):
            self.successResultOf(Deferred.fromCoroutine(effects.apply(fault)))
        failed = self.successResultOf(Deferred.fromCoroutine(effects.liftAll()))
        self.assertEqual(len(failed), 1)
        self.assertEqual(service.inForce("web"), [])
        self.assertEqual(
            service.changes[-2:], [("web", {"enabled": True}), ("db", {"enabled": True})]
        )

    def test_order(self) -> None:
        """
        Two steps that change one proxy at the same time do not overtake each other.
        """
        service = Member(0)
        service.waiting = []
        effects = Effects(service, ["db"])
        first = Deferred.fromCoroutine(effects.apply(Fault(behavior="hang")))
        second = Deferred.fromCoroutine(effects.apply(Fault(behavior="delay")))
        self.assertEqual(len(service.waiting), 1)
        service.waiting.pop().callback(None)
        service.waiting.pop().callback(None)
        self.successResultOf(first)
        self.successResultOf(second)
        self.assertEqual([each["behavior"] for each in service.inForce()], ["hang", "delay"])

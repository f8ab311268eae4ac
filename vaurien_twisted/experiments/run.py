# -*- test-case-name: tests.experiments.test_run -*-
"""
Runs an experiment once, from its beginning to its verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from vaurien_twisted.client.common import ClientError
from vaurien_twisted.experiments.conditions import Condition, Tried, duringOf, proxiesOf
from vaurien_twisted.experiments.document import Experiment, Load
from vaurien_twisted.experiments.effects import Effects, IService
from vaurien_twisted.experiments.figures import Reading
from vaurien_twisted.experiments.notable import PASSED, notable
from vaurien_twisted.experiments.phases import Externals, Method, Phase, StepFailed
from vaurien_twisted.experiments.record import HALTED, INTERRUPTED, Record, experimentStatus
from vaurien_twisted.experiments.steps import named
from vaurien_twisted.experiments.summary import describeCondition
from vaurien_twisted.experiments.verdict import (
    BROKEN,
    HELD,
    Check,
    Judgement,
    judgeFigures,
)
from vaurien_twisted.model.callbacks import nothing

#: The most entries of the journal that a run keeps.
JOURNAL_LIMIT = 50_000

#: The maximum age of a regular reading of figures, as a share of the interval.
OLDEST = 0.95

#: Readings within so many seconds count as simultaneous.
MOMENT = 0.001


class IRunService(IService, Protocol):
    """
    A service that can be prepared for a run, and restored.
    """

    async def begin(self, experiment: Experiment) -> list[str]:
        """
        Create the experiment's proxies, and remember the state of the others.

        @return: the names of all proxies that take part.
        """

    async def end(self) -> list[str]:
        """
        Delete what was created, and restore the rest.

        @return: what could not be done, in words.
        """

    async def publish(self, status: Mapping[str, object]) -> None:
        """
        Report the progress of the experiment.  Errors are not raised.
        """

    async def journal(self) -> list[Mapping[str, object]]:
        """
        The journal's entries since the last call, oldest first, and the exchanges that passed, as
        entries of the kind C{passed}.
        """


class ILoad(Protocol):
    """
    The command that puts load on the application.
    """

    def start(self, load: Load) -> None:
        """
        Start it.
        """

    async def stop(self) -> Mapping[str, object]:
        """
        End it.

        @return: C{status}, C{good} and C{output}.
        """


class IObservedExternals(Externals, Protocol):
    """
    Tries conditions that figures do not decide.
    """

    async def check(self, condition: Tried) -> tuple[bool, str]:
        """
        Try a condition once.

        @return: whether it holds, and the detail.
        """


@attrs.define(eq=False)
class ExperimentRun:
    """
    Runs one experiment once.

    @param progress: called with each event in words.
    @ivar record: the record of the run so far.
    """

    _clock: IReactorTime
    _experiment: Experiment
    _service: IRunService
    _externals: IObservedExternals
    _load: ILoad
    _progress: Callable[[str], None] = nothing
    record: Record = attrs.field(init=False, factory=Record)
    _begun: float = attrs.field(init=False)
    _method: Deferred[None] | None = attrs.field(init=False, default=None)
    _brokenSince: dict[int, float] = attrs.field(init=False, factory=dict)
    _trying: set[int] = attrs.field(init=False, factory=set)
    _sampling: Deferred[None] | None = attrs.field(init=False, default=None)
    _lastRead: float = attrs.field(init=False, default=-MOMENT)

    def __attrs_post_init__(self) -> None:
        self._begun = self._clock.seconds()

    async def run(self) -> Record:
        """
        Run the experiment.  All its faults are removed at the end, also after an error.
        """
        record = self.record
        try:
            proxies = await self._service.begin(self._experiment)
            effects = Effects(self._service, proxies)
            try:
                await self._conduct(effects)
            except ClientError as error:
                self._halt(str(error))
            finally:
                record.notes += [f"not lifted: {why}" for why in await effects.liftAll()]
        except StepFailed as error:
            self._halt(str(error))
        except CancelledError:
            self._halt(record.reason or INTERRUPTED)
        finally:
            record.seconds = self._now
            record.notes += await self._service.end()
        return record

    async def _conduct(self, effects: Effects) -> None:
        experiment, record = self._experiment, self.record
        if not await self._tryAll(lambda each: each.before, record.before):
            self._halt("a condition does not hold before the experiment: nothing was begun")
            return
        self._begun = record.began = self._clock.seconds()
        record.wall = time.time()
        if experiment.load is not None:
            self._load.start(experiment.load)
        await self._read()
        sampling = LoopingCall(self._sampleOnce)
        sampling.clock = self._clock
        sampled = sampling.start(experiment.policy.every, now=False)
        sampled.addErrback(self._sampleFailed)
        names = {id(step): name for name, step in named(experiment.method)}
        method = Method(
            self._clock, effects, self._externals, experiment.seed, names, self._phaseChanged
        )
        record.phases = method.phases
        try:
            self._method = Deferred.fromCoroutine(method.carryOut(experiment.method))
            await self._method
        finally:
            if sampling.running:
                sampling.stop()
            if self._sampling is not None:
                # Its figures are too old, and the lease is about to end.
                self._sampling.cancel()
            if experiment.load is not None:
                record.load = await self._load.stop()
        await effects.liftAll()
        await self._read()
        await self._tryAll(lambda each: each.after, record.after)

    @property
    def _now(self) -> float:
        return self._clock.seconds() - self._begun

    def _halt(self, reason: str) -> None:
        self.record.outcome = HALTED
        self.record.reason = self.record.reason or reason
        self._progress(f"halted: {self.record.reason}")

    async def _read(self, oldest: float = 0.0) -> Reading:
        reading = await self._service.read(oldest)
        reading = attrs.evolve(reading, time=self._now + reading.time)
        self.record.readings.append(reading)
        self._lastRead = self._clock.seconds()
        found = await self._service.journal()
        entries = [entry for entry in found if entry["kind"] != PASSED]
        self.record.passed = notable(
            [*self.record.passed, *(entry for entry in found if entry["kind"] == PASSED)]
        )
        room = JOURNAL_LIMIT - len(self.record.journal)
        self.record.journal += entries[:room]
        self.record.left += max(0, len(entries) - room)
        return reading

    async def _phaseChanged(self, phase: Phase) -> None:
        at = next(at for at, each in enumerate(self.record.phases) if each is phase)
        if phase.end is None:
            self._progress(f"{phase.name}: {phase.what}")
            await self._service.publish(experimentStatus(self._experiment, self.record))
        if phase.end is None and self._clock.seconds() - self._lastRead < MOMENT:
            # The previous phase ends now: its last reading is the first of this one.
            reading = self.record.readings[-1]
        else:
            reading = await self._read()
        self.record.bounds.setdefault(at, []).append(reading)

    def _sampleOnce(self) -> Deferred[None]:
        sampling = self._sampling = Deferred.fromCoroutine(self._sample())
        return sampling

    def _sampleFailed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self.record.reason = self.record.reason or f"figures could not be read: {failure.value}"
        if self._method is not None:
            self._method.cancel()

    async def _sample(self) -> None:
        await self._read(self._experiment.policy.every * OLDEST)
        broken = self._brokenNow()
        for at, condition in enumerate(self._experiment.hypothesis):
            if isinstance(condition, Tried) and at not in self._trying:
                self._trying.add(at)
                Deferred.fromCoroutine(self._tryOne(at, condition)).addErrback(
                    lambda failure: self.record.notes.append(str(failure.value))
                )
        limit = self._experiment.policy.halt
        for at, condition in enumerate(self._experiment.hypothesis):
            if at not in broken:
                self._brokenSince.pop(at, None)
                continue
            since = self._brokenSince.setdefault(at, self._now)
            if limit is not None and self._now - since >= limit and self._method is not None:
                self.record.reason = (
                    f"broken for {self._now - since:g} s: {describeCondition(condition)}"
                )
                self._sampling = None
                self._method.cancel()
                return

    def _brokenNow(self) -> set[int]:
        """
        The conditions that are broken at the last reading.
        """
        readings = self.record.readings[-2:]
        found = set()
        for at, condition in enumerate(self._experiment.hypothesis):
            if not self._appliesNow(condition):
                continue
            checks = self.record.checks.get(at)
            if checks and not checks[-1].good:
                found.add(at)
            elif len(readings) == 2:
                names = proxiesOf(condition)
                figures = readings[1].of(names).since(readings[0].of(names))
                judged = judgeFigures(condition, figures, readings[1].time - readings[0].time)
                if judged is not None and judged.outcome == BROKEN:
                    found.add(at)
        return found

    async def holds(self, condition: Condition) -> bool:
        """
        Whether a condition that figures decide holds now: between the previous reading and a new
        one.
        """
        names = proxiesOf(condition)
        before = self.record.readings[-1]
        now = await self._read()
        judged = judgeFigures(
            condition, now.of(names).since(before.of(names)), now.time - before.time
        )
        return judged is not None and judged.outcome == HELD

    def _appliesNow(self, condition: Condition) -> bool:
        running = {phase.name for phase in self.record.phases if phase.end is None}
        during = duringOf(condition)
        return not during or bool(running & set(during))

    async def _tryOne(self, at: int, condition: Tried) -> bool:
        began = self._now
        try:
            good, detail = await self._externals.check(condition)
        finally:
            self._trying.discard(at)
        if self._appliesNow(condition):
            self.record.checks.setdefault(at, []).append(Check(began, good, detail))
        return good

    async def _tryAll(
        self, wanted: Callable[[Tried], bool], found: list[tuple[int, Judgement]]
    ) -> bool:
        """
        Check the conditions that must hold before the method, or after it.
        """
        for at, condition in enumerate(self._experiment.hypothesis):
            if isinstance(condition, Tried) and wanted(condition):
                good, detail = await self._externals.check(condition)
                found.append((at, Judgement(HELD if good else BROKEN, detail)))
        return all(judgement.outcome == HELD for _, judgement in found)

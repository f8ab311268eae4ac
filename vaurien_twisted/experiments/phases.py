# -*- test-case-name: tests.experiments.test_run -*-
"""
Performs the steps of a method.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

import attrs
from cronsim import CronSim
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from vaurien_twisted.experiments import steps
from vaurien_twisted.experiments.conditions import Condition, Request
from vaurien_twisted.experiments.curves import ramp, tick, wave
from vaurien_twisted.experiments.effects import Effects, Part
from vaurien_twisted.experiments.faults import Fault, RampSpec, RestartSpec, WaveSpec
from vaurien_twisted.experiments.summary import describe, describeCondition


class StepFailed(Exception):
    """
    A step failed: the experiment is halted.
    """


class Externals(Protocol):
    """
    The actions of steps outside of Vaurien.
    """

    async def run(self, command: str | tuple[str, ...], timeout: float) -> tuple[int, str]:
        """
        Run a command to its end, and kill it after C{timeout} seconds.

        @return: its exit status (minus a signal's number) and the end of its output.
        """

    async def call(self, request: Request) -> str:
        """
        Send an HTTP request.

        @return: what is wrong with the response; C{""} if it is as expected.
        """

    async def holds(self, condition: Condition) -> bool:
        """
        Whether a condition holds now.
        """


@attrs.define
class Phase:
    """
    One phase of a run.

    @ivar name: its name in the file.
    @ivar what: the step in words.
    @ivar begin: its beginning, in seconds since the experiment began.
    @ivar end: its end, likewise; C{None} until then.
    """

    name: str
    what: str
    begin: float
    end: float | None = None


@attrs.define(eq=False)
class Method:
    """
    Performs steps.

    @param clock: the clock.
    @param effects: sets the faults.
    @param seed: the seed of the experiment, for jitter.
    @param changed: called when a phase begins and when it ends.
    @ivar phases: the phases that have begun, in order.
    """

    _clock: IReactorTime
    _effects: Effects
    _externals: Externals
    _seed: int
    _names: dict[int, str]
    _changed: Callable[[Phase], Awaitable[None]]
    phases: list[Phase] = attrs.field(init=False, factory=list)
    _begun: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begun = self._clock.seconds()

    @property
    def now(self) -> float:
        """
        Seconds since the experiment began.
        """
        return self._clock.seconds() - self._begun

    async def carryOut(self, several: Iterable[steps.Step]) -> None:
        """
        Perform the steps, one after the other.

        @raise StepFailed: a step failed.
        """
        for step in several:
            await self._one(step)

    async def _one(self, step: steps.Step) -> None:
        if isinstance(step, steps.Sequence):
            await self.carryOut(step.sequence)
            return
        if isinstance(step, steps.Parallel):
            await self._together(step.parallel)
            return
        name = self._names.get(id(step), step.KEY)
        phase = Phase(name, describe(step), self.now)
        self.phases.append(phase)
        await self._changed(phase)
        try:
            await self._phase(step, name)
        finally:
            phase.end = self.now
            await self._changed(phase)

    async def _together(self, several: Iterable[steps.Step]) -> None:
        running = [Deferred.fromCoroutine(self._one(step)) for step in several]
        failures: list[Failure] = []

        def failed(failure: Failure) -> None:
            failures.append(failure)
            if not failure.check(CancelledError):
                for each in running:
                    each.cancel()

        for each in running:
            each.addErrback(failed)
        # Wait for all: a cancelled step still removes its faults.
        await DeferredList(running)
        failures.sort(key=lambda failure: failure.check(CancelledError) is not None)
        if failures:
            failures[0].raiseException()

    async def _phase(self, step: steps.Step, name: str) -> None:
        match step:
            case steps.Hold(hold=seconds):
                await self._sleep(seconds)
            case steps.Set(set=fault, for_=seconds):
                applied = await self._effects.apply(fault)
                if seconds is not None:
                    try:
                        await self._sleep(seconds)
                    finally:
                        await self._effects.lift(applied)
            case steps.Ramp():
                await self._ramp(step.ramp, step.for_)
            case steps.Wave():
                await self._wave(step.wave, step.for_)
            case steps.Flap():
                await self._flap(step, name)
            case steps.Restart():
                await self._restart(step.restart)
            case steps.Schedule():
                await self._schedule(step, name)
            case steps.Wait():
                await self._wait(step.wait.until, step.wait.timeout)
            case steps.Run(run=command):
                status, output = await self._externals.run(command.command, command.timeout)
                if status not in command.status:
                    raise StepFailed(f"{name}: the command ended with status {status}: {output}")
            case steps.Call(call=request):
                wrong = await self._externals.call(request)
                if wrong:
                    raise StepFailed(f"{name}: {request.method} {request.url}: {wrong}")

    async def _ramp(self, spec: RampSpec, seconds: float, part: Part | None = None) -> None:
        def faultAt(elapsed: float) -> Fault:
            share = elapsed / seconds
            return changing(spec, ramp(spec.from_, spec.to, share, spec.curve, spec.steps))

        await self._vary(faultAt, seconds, tick(seconds, self._effects.pace), part)

    async def _wave(self, spec: WaveSpec, seconds: float) -> None:
        def faultAt(elapsed: float) -> Fault:
            return changing(spec, wave(spec.low, spec.high, elapsed, spec.period, spec.shape))

        await self._vary(faultAt, seconds, tick(spec.period, self._effects.pace))

    async def _restart(self, spec: RestartSpec) -> None:
        part = self._effects.part(spec.share)
        down = Fault(proxy=spec.proxy, share=spec.share, behavior="down")
        await self._timed(down, spec.down, part)
        if spec.slow:
            slow = RampSpec(
                behavior="delay",
                option="sleep",
                from_=spec.delay,
                to=0.0,
                proxy=spec.proxy,
                share=spec.share,
            )
            await self._ramp(slow, spec.slow, part)

    async def _sleep(self, seconds: float) -> None:
        await deferLater(self._clock, max(0.0, seconds), lambda: None)

    async def _timed(self, fault: Fault, seconds: float, part: Part | None) -> None:
        applied = await self._effects.apply(fault, part)
        try:
            await self._sleep(seconds)
        finally:
            await self._effects.lift(applied)

    async def _vary(
        self,
        faultAt: Callable[[float], Fault],
        seconds: float,
        every: float,
        part: Part | None = None,
    ) -> None:
        begun = self._clock.seconds()
        fault = faultAt(0.0)
        applied = await self._effects.apply(fault, part)
        try:
            number = 1
            while (at := number * every) < seconds:
                await self._sleep(begun + at - self._clock.seconds())
                other = faultAt(at)
                if other != fault:
                    fault = other
                    await self._effects.replace(applied, fault)
                # If setting it took longer, the values in between are skipped.
                number = max(number + 1, int((self._clock.seconds() - begun) / every))
            await self._sleep(begun + seconds - self._clock.seconds())
        finally:
            await self._effects.lift(applied)

    async def _flap(self, step: steps.Flap, name: str) -> None:
        spec, chance = step.flap, self._chance(name)
        part = self._effects.part(spec.share)
        end = self._clock.seconds() + step.for_
        while (left := end - self._clock.seconds()) > 0:
            await self._sleep(min(left, _jittered(spec.up, spec.jitter, chance)))
            left = end - self._clock.seconds()
            if left > 0:
                fault = Fault(proxy=spec.proxy, share=spec.share, behavior=spec.behavior)
                seconds = min(left, _jittered(spec.down, spec.jitter, chance))
                await self._timed(fault, seconds, part)

    async def _schedule(self, step: steps.Schedule, name: str) -> None:
        spec, chance = step.schedule, self._chance(name)
        begun = self._clock.seconds()
        for at in _moments(spec.every, spec.cron, begun):
            at += chance.uniform(0.0, spec.jitter)
            if at >= step.for_:
                break
            await self._sleep(begun + at - self._clock.seconds())
            for each in spec.do:
                await self._phase(each, name)
        await self._sleep(begun + step.for_ - self._clock.seconds())

    async def _wait(self, condition: Condition, timeout: float) -> None:
        end = self._clock.seconds() + timeout
        while not await self._externals.holds(condition):
            if self._clock.seconds() >= end:
                raise StepFailed(
                    f"it did not hold within {timeout:g} s: {describeCondition(condition)}"
                )
            await self._sleep(min(1.0, timeout / 10))

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self._seed}/{name}")


def _jittered(seconds: float, jitter: float, chance: random.Random) -> float:
    return max(0.001, seconds + chance.uniform(-jitter, jitter))


def _moments(every: float | None, cron: str, begun: float) -> Iterable[float]:
    """
    The times at which a schedule's steps begin, in seconds after C{begun}.
    """
    if every is None:
        start = datetime.fromtimestamp(begun, UTC)
        for moment in CronSim(cron, start):
            yield (moment - start).total_seconds()
        return
    number = 0
    while True:
        yield number * every
        number += 1


def changing(spec: RampSpec | WaveSpec, value: float) -> Fault:
    """
    The fault of a ramp or a wave with C{value} for the option that changes.
    """
    if spec.option == "percent":
        return Fault(
            proxy=spec.proxy, share=spec.share, behavior=spec.behavior,
            percent=min(100.0, max(0.0, value)), options=spec.options, when=spec.when,
        )  # fmt: skip
    options = {**spec.options, spec.option: value}
    return Fault(
        proxy=spec.proxy, share=spec.share, behavior=spec.behavior, options=options, when=spec.when
    )

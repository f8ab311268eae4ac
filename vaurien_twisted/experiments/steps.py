# -*- test-case-name: tests.experiments.test_document -*-
"""
The steps of an experiment's method, as its file describes them.

A step is a phase of its own: figures are read and conditions are judged by phases.  Steps in
C{sequence} and C{parallel} are not; the steps in them are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import ClassVar

import attrs
from cronsim import CronSim, CronSimError

from vaurien_twisted.experiments.conditions import MOMENTARY, Condition, Request
from vaurien_twisted.experiments.faults import Fault, FlapSpec, RampSpec, RestartSpec, WaveSpec
from vaurien_twisted.experiments.fields import Choice, Later, Object, field
from vaurien_twisted.experiments.kinds import CommandLine, Duration, Many, Number, Text
from vaurien_twisted.model.options import Refused

_NAME = "The name of the phase."
_FOR = "How long it lasts; then it is lifted."


@attrs.frozen
class WaitSpec:
    """
    Waits until a condition holds.
    """

    until: Condition = field(Choice("a condition", MOMENTARY), "The condition.")
    timeout: float = field(Duration(positive=True), "After so long the experiment is halted.", 60.0)


@attrs.frozen
class RunSpec:
    """
    Runs a command to its end.
    """

    command: str | tuple[str, ...] = field(CommandLine(), "The command.")
    status: tuple[int, ...] = field(
        Many(Number(0, 255, whole=True)),
        "The exit statuses that are good.",
        (0,),
    )
    timeout: float = field(Duration(positive=True), "How long it may take.", 60.0)


@attrs.frozen
class Hold:
    """
    Nothing changes for a time.
    """

    KEY: ClassVar[str] = "hold"

    hold: float = field(Duration(), "How long.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Set:
    """
    Sets a fault.
    """

    KEY: ClassVar[str] = "set"

    set: Fault = field(Object(Fault), "The fault.")
    for_: float | None = field(
        Duration(), "How long it lasts; without it, until the experiment ends.", None
    )
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Ramp:
    """
    Changes an option from one value to another.
    """

    KEY: ClassVar[str] = "ramp"

    ramp: RampSpec = field(Object(RampSpec), "What changes.")
    for_: float = field(Duration(positive=True), "How long it takes; then it is lifted.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Wave:
    """
    Changes an option to and fro.
    """

    KEY: ClassVar[str] = "wave"

    wave: WaveSpec = field(Object(WaveSpec), "What changes.")
    for_: float = field(Duration(positive=True), _FOR)
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Flap:
    """
    A backend comes and goes.
    """

    KEY: ClassVar[str] = "flap"

    flap: FlapSpec = field(Object(FlapSpec), "How.")
    for_: float = field(Duration(positive=True), _FOR)
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Restart:
    """
    A backend is restarted.
    """

    KEY: ClassVar[str] = "restart"

    restart: RestartSpec = field(Object(RestartSpec), "How.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Wait:
    """
    Waits until a condition holds.
    """

    KEY: ClassVar[str] = "wait"

    wait: WaitSpec = field(Object(WaitSpec), "For what.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Run:
    """
    Runs a command to its end.
    """

    KEY: ClassVar[str] = "run"

    run: RunSpec = field(Object(RunSpec, short="command"), "The command.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Call:
    """
    Sends an HTTP request; a response that is not good halts the experiment.
    """

    KEY: ClassVar[str] = "call"

    call: Request = field(Object(Request, short="url"), "The request.")
    name: str = field(Text(), _NAME, "")


def _steps() -> Many:
    return Many(Choice("a step", STEPS), least=1)


@attrs.frozen
class ScheduleSpec:
    """
    Steps that are done again and again.  One of C{every} and C{cron}.
    """

    do: tuple[Step, ...] = field(Later(_steps), "The steps.")
    every: float | None = field(
        Duration(positive=True), "The time from one beginning to the next.", None
    )
    cron: str = field(Text(), "The times in cron's form: ``*/5 * * * *``, in UTC.", "")
    jitter: float = field(
        Duration(), "By how much each beginning is later, at most, by the seed.", 0.0
    )

    def __attrs_post_init__(self) -> None:
        if (self.every is None) == (not self.cron):
            raise Refused("give one of every and cron")
        if self.cron:
            try:
                CronSim(self.cron, datetime(2000, 1, 1, tzinfo=UTC))
            except CronSimError as error:
                raise Refused(f"{self.cron!r} is not a cron expression: {error}", "cron") from None


@attrs.frozen
class Schedule:
    """
    Steps are done again and again.
    """

    KEY: ClassVar[str] = "schedule"

    schedule: ScheduleSpec = field(Object(ScheduleSpec), "Which, and when.")
    for_: float = field(Duration(positive=True), "How long.")
    name: str = field(Text(), _NAME, "")


@attrs.frozen
class Sequence:
    """
    Steps, one after the other; for use in C{parallel}.
    """

    KEY: ClassVar[str] = "sequence"

    sequence: tuple[Step, ...] = field(Later(_steps), "The steps.")
    name: str = field(Text(), "The name that reports give it.", "")


@attrs.frozen
class Parallel:
    """
    Steps at the same time.  It is over when the last of them is.
    """

    KEY: ClassVar[str] = "parallel"

    parallel: tuple[Step, ...] = field(Later(_steps), "The steps.")
    name: str = field(Text(), "The name that reports give it.", "")


Step = (
    Hold | Set | Ramp | Wave | Flap | Restart | Schedule | Wait | Run | Call | Sequence | Parallel
)
STEPS = (Hold, Set, Ramp, Wave, Flap, Restart, Schedule, Wait, Run, Call, Sequence, Parallel)


def phases(steps: Iterable[Step]) -> Iterator[Step]:
    """
    The steps that are phases, in the order of the file: all but sequences and parallel ones,
    in whose place those in them stand.
    """
    for step in steps:
        if isinstance(step, Sequence):
            yield from phases(step.sequence)
        elif isinstance(step, Parallel):
            yield from phases(step.parallel)
        else:
            yield step


def named(steps: Iterable[Step]) -> list[tuple[str, Step]]:
    """
    The phases with their names, in order.  One without a name is called by its key and its number
    among all phases: C{hold 1}.
    """
    return [(step.name or f"{step.KEY} {at}", step) for at, step in enumerate(phases(steps), 1)]

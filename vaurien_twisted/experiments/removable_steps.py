# -*- test-case-name: tests.experiments.test_removable_steps -*-
"""
An experiment without some of its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from vaurien_twisted.experiments import steps
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.faults import Fault
from vaurien_twisted.experiments.summary import describe
from vaurien_twisted.experiments.timeline import lengthOf


@attrs.frozen(eq=False)
class RemovableStep:
    """
    A step that can be removed from an experiment.

    @ivar name: the name of its phase.
    """

    name: str
    step: steps.Step

    def describe(self) -> str:
        """
        One line.
        """
        return f"step {self.name!r}: {describe(self.step)}"


def without(experiment: Experiment, left: Iterable[RemovableStep]) -> Experiment:
    """
    The experiment with the steps C{left} replaced by pauses of the same duration.
    """
    names = {id(each.step): each.name for each in left}

    def one(step: steps.Step) -> steps.Step:
        if id(step) in names:
            return steps.Hold(hold=lengthOf(step) or 0.0, name=names[id(step)])
        if isinstance(step, steps.Sequence):
            return attrs.evolve(step, sequence=tuple(map(one, step.sequence)))
        if isinstance(step, steps.Parallel):
            return attrs.evolve(step, parallel=tuple(map(one, step.parallel)))
        return step

    return attrs.evolve(experiment, method=tuple(map(one, experiment.method)))


def removableSteps(experiment: Experiment, decides: Callable[[str], bool]) -> list[RemovableStep]:
    """
    The steps that can be removed: those whose faults are not decisions about exchanges.  These are
    faults of whole connections, toxics, closed ports and other backends.

    @param decides: whether a behavior decides about exchanges.
    """
    return [
        RemovableStep(name, step)
        for name, step in steps.named(experiment.method)
        if any(not decides(each) for each in _behaviors(step))
    ]


def _behaviors(step: steps.Step) -> Sequence[str]:
    """
    The names of the behaviors of a step; C{""} for a change that is not a behavior.
    """
    match step:
        case steps.Set(set=fault):
            return _ofFault(fault)
        case steps.Ramp(ramp=spec):
            return (spec.behavior,)
        case steps.Wave(wave=spec):
            return (spec.behavior,)
        case steps.Flap(flap=spec):
            return (spec.behavior,)
        case steps.Restart():
            return ("",)
        case steps.Schedule(schedule=spec):
            return [name for each in spec.do for name in _behaviors(each)]
        case steps.Sequence(sequence=within) | steps.Parallel(parallel=within):
            return [name for each in within for name in _behaviors(each)]
        case _:
            return ()


def _ofFault(fault: Fault) -> Sequence[str]:
    if fault.behavior:
        # One behavior, or several with percentages: 20:error,10:delay.
        return [each.rpartition(":")[2].strip() for each in fault.behavior.split(",")]
    if fault.rules:
        draws = [rule.get("draw", [rule]) for rule in fault.rules]
        return [
            str(rule.get("behavior", ""))
            for draw in draws
            if isinstance(draw, list)
            for rule in draw
        ]
    return ("",)

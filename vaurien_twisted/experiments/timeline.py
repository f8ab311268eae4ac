# -*- test-case-name: tests.experiments.test_reports -*-
"""
The planned times of all phases, for a dry run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from vaurien_twisted.experiments import steps
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.summary import describe


@attrs.frozen
class Entry:
    """
    A planned phase.

    @ivar begin: its beginning, in seconds after that of the experiment.
    @ivar seconds: its duration; C{None} if it is not known in advance.
    @ivar exact: whether the durations of all phases before it are known.
    """

    name: str
    begin: float
    seconds: float | None
    exact: bool
    what: str

    def describe(self) -> str:
        """
        One line.
        """
        about = "" if self.exact else ">="
        length = "?" if self.seconds is None else f"{self.seconds:g} s"
        return f"{about}{self.begin:g} s".rjust(10) + f"  {length:>8}  {self.name}: {self.what}"


def lengthOf(step: steps.Step) -> float | None:
    """
    The duration of a step in seconds; C{None} if it is not known in advance.
    """
    match step:
        case steps.Hold(hold=seconds):
            return seconds
        case steps.Set(for_=length):
            return length or 0.0
        case steps.Ramp(for_=seconds) | steps.Wave(for_=seconds) | steps.Flap(for_=seconds):
            return seconds
        case steps.Schedule(for_=seconds):
            return seconds
        case steps.Restart(restart=spec):
            return spec.down + spec.slow
        case steps.Sequence(sequence=within):
            return _sum(map(lengthOf, within))
        case steps.Parallel(parallel=within):
            lengths = [lengthOf(each) for each in within]
            return None if None in lengths else max(each or 0.0 for each in lengths)
        case _:
            return None


def _sum(lengths: Iterable[float | None]) -> float | None:
    total = 0.0
    for length in lengths:
        if length is None:
            return None
        total += length
    return total


def timeline(experiment: Experiment) -> list[Entry]:
    """
    The phases in the order of the file.
    """
    names = {id(step): name for name, step in steps.named(experiment.method)}

    def walk(step: steps.Step, begin: float, exact: bool) -> Iterator[Entry]:
        if isinstance(step, steps.Parallel):
            for each in step.parallel:
                yield from walk(each, begin, exact)
        elif isinstance(step, steps.Sequence):
            yield from inOrder(step.sequence, begin, exact)
        else:
            yield Entry(names[id(step)], begin, lengthOf(step), exact, describe(step))

    def inOrder(several: Iterable[steps.Step], begin: float, exact: bool) -> Iterator[Entry]:
        for step in several:
            yield from walk(step, begin, exact)
            length = lengthOf(step)
            exact = exact and length is not None
            begin += length or 0.0

    return list(inOrder(experiment.method, 0.0, True))

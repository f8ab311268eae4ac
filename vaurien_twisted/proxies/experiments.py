# -*- test-case-name: tests.proxies.test_experiments -*-
"""
The experiments that runners have reported to this Vaurien.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import attrs

#: The most finished experiments that are remembered.
PAST = 10

#: The most phases of an experiment that are remembered, the latest ones.
PHASES = 500


@attrs.frozen
class Phase:
    """
    A phase of an experiment.

    @ivar what: a description of the phase.
    @ivar begin: when it began, in seconds since 1970.
    @ivar end: when it ended, in seconds since 1970; C{None} while it runs.
    """

    name: str
    what: str
    begin: float
    end: float | None = None


@attrs.frozen
class ExperimentStatus:
    """
    An experiment, as its runner reported it last.

    @ivar begun: when it began, in seconds since 1970; distinguishes experiments with the same
        title.
    @ivar lease: the lease whose end ends the experiment too, C{""} for none.
    @ivar outcome: C{""} while it runs; then the outcome in its report, or C{"lost"} if its
        runner is gone.
    """

    title: str
    begun: float
    lease: str
    phases: tuple[Phase, ...]
    outcome: str = ""


class Experiments:
    """
    The current experiment and earlier ones.

    @param record: called with an experiment when a phase begins, and when the experiment ends.
    @ivar running: the current experiment, C{None} if there is none.
    @ivar past: the finished experiments, oldest first.
    """

    def __init__(self, record: Callable[[ExperimentStatus], None]) -> None:
        self._record = record
        self.running: ExperimentStatus | None = None
        self.past: deque[ExperimentStatus] = deque(maxlen=PAST)

    def report(self, status: ExperimentStatus) -> None:
        """
        Store the report of a runner: an experiment has begun, entered a phase, or ended.
        """
        status = attrs.evolve(status, phases=status.phases[-PHASES:])
        before = self.running
        if before is not None and before.begun != status.begun:
            self.end("lost")
        if not status.outcome:
            self.running = status
        else:
            self.running = None
            others = [each for each in self.past if each.begun != status.begun]
            self.past = deque([*others, status], maxlen=PAST)
        self._record(status)

    def end(self, outcome: str) -> None:
        """
        End the current experiment, if there is one.
        """
        if self.running is not None:
            self.report(attrs.evolve(self.running, outcome=outcome))

    def lift(self, lease: str) -> None:
        """
        End the current experiment if it has the lease C{lease}, which has ended.
        """
        if self.running is not None and lease and self.running.lease == lease:
            self.end("lost")

    @property
    def phases(self) -> list[Phase]:
        """
        All phases that are remembered, oldest first.
        """
        known = [*self.past, *([] if self.running is None else [self.running])]
        found = [phase for each in known for phase in each.phases]
        return sorted(found, key=lambda phase: phase.begin)

# -*- test-case-name: tests.proxies.test_experiments -*-
"""
The experiments that a Vaurien takes part in, as their runner tells of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import attrs

#: How many experiments that are over are remembered.
PAST = 10

#: How many phases of one are remembered, the latest.
PHASES = 500


@attrs.frozen
class Phase:
    """
    A phase of an experiment.

    @ivar what: what is done in it, in words.
    @ivar begin: in seconds since 1970.
    @ivar end: likewise, C{None} while it goes on.
    """

    name: str
    what: str
    begin: float
    end: float | None = None


@attrs.frozen
class Told:
    """
    An experiment, as it was told last.

    @ivar begun: in seconds since 1970; tells it from others of its title.
    @ivar lease: the lease with which it ends at the latest, C{""} for none.
    @ivar outcome: C{""} while it runs; else that of its report, or C{"lost"} where its runner is
        gone.
    """

    title: str
    begun: float
    lease: str
    phases: tuple[Phase, ...]
    outcome: str = ""


class Experiments:
    """
    The experiment that runs, and those before it.

    @param record: called with an experiment when a phase begins, and when it is over.
    @ivar running: C{None} where none runs.
    @ivar past: those that are over, oldest first.
    """

    def __init__(self, record: Callable[[Told], None]) -> None:
        self._record = record
        self.running: Told | None = None
        self.past: deque[Told] = deque(maxlen=PAST)

    def tell(self, told: Told) -> None:
        """
        An experiment has begun, has another phase, or is over.
        """
        told = attrs.evolve(told, phases=told.phases[-PHASES:])
        before = self.running
        if before is not None and before.begun != told.begun:
            self.end("lost")
        if not told.outcome:
            self.running = told
        else:
            self.running = None
            others = [each for each in self.past if each.begun != told.begun]
            self.past = deque([*others, told], maxlen=PAST)
        self._record(told)

    def end(self, outcome: str) -> None:
        """
        The experiment that runs is over, if one does.
        """
        if self.running is not None:
            self.tell(attrs.evolve(self.running, outcome=outcome))

    def lift(self, lease: str) -> None:
        """
        A lease has ended, and with it the experiment that has it.
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

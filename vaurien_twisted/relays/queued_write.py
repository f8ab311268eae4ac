# -*- test-case-name: tests.relays.test_write_queue -*-
"""
Bytes that wait in a write queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.model.commands import Hold, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.relays.memory import ENTRY_COST


class QueuedWrite:
    """
    Bytes that wait, and what is to be done before they go on.  They are the bytes of one
    exchange, or of several that arrived together and wait for the same.

    @ivar exchange: the first one.
    @ivar count: how many exchanges these are.
    @ivar base: when they arrived, plus the waits that are over.
    @ivar after: called once the bytes have been written.
    @ivar since: when they arrived, if they were kept back; else C{None}.
    @ivar lifts: how many changes of plan have been applied to the steps.
    @ivar others: the progress of the other ones, as far as somebody needs it.
    @ivar whole: the exchanges whose replies end with these bytes.
    """

    __slots__ = (
        "after",
        "base",
        "count",
        "data",
        "exchange",
        "lifts",
        "others",
        "since",
        "size",
        "steps",
        "whole",
    )

    def __init__(
        self,
        exchange: Exchange | None,
        data: bytes,
        steps: Sequence[Step],
        after: Callable[[], None] | None,
        base: float,
    ) -> None:
        self.exchange = exchange
        self.data = [data] if data else []
        self.steps = steps
        self.after = after
        self.base = base
        self.count = 1
        self.lifts = 0
        self.others: list[Progress] | None = None
        self.whole: list[Exchange] | None = None
        self.since: float | None = None
        self.size = len(data) + ENTRY_COST

    def joins(self, exchange: Exchange | None) -> None:
        """
        One more exchange waits with these bytes.
        """
        if exchange is not None and exchange.progress is not None:
            if self.others is None:
                self.others = []
            self.others.append(exchange.progress)

    def passes(self, waited: float) -> None:
        """
        The bytes go on.

        @param waited: how long they were kept back, in seconds.
        """
        progress = None if self.exchange is None else self.exchange.progress
        if progress is not None and progress.waited is None:
            progress.waited = waited
        for each in self.others or ():
            each.waited = waited


def waitsWith(last: QueuedWrite, steps: Sequence[Step], arrival: float) -> bool:
    """
    Whether an exchange that arrives now can wait in C{last}: it arrived at the same time and
    waits for the same.
    """
    if last.steps is not steps or last.base != arrival:
        return False
    return all(isinstance(step.command, (Wait, Hold)) for step in steps)


class PlanChange:
    """
    A change of plan, by which waits and holds may end.

    @param keeps: whether a rule is still in force.
    """

    __slots__ = ("_keeps", "_known")

    def __init__(self, keeps: Callable[[Rule], bool]) -> None:
        self._keeps = keeps
        # Many entries have the same rule.
        self._known: dict[int, tuple[Rule, bool]] = {}

    def apply(self, entry: QueuedWrite) -> None:
        """
        Remove the waits and holds of rules that are no longer in force.
        """
        steps = entry.steps
        left = [step for step in steps if not self._ends(step)]
        if len(left) == len(steps):
            return
        if entry.since is None and isinstance(steps[0].command, (Wait, Hold)):
            # It was kept back, though its turn had not come.
            entry.since = entry.base
        entry.steps = left

    def _ends(self, step: Step) -> bool:
        if not isinstance(step.command, (Wait, Hold)):
            return False
        rule = step.rule
        if rule is None:
            return True
        known = self._known.get(id(rule))
        if known is None:
            known = self._known[id(rule)] = (rule, not self._keeps(rule))
        return known[1]

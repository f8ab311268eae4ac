# -*- test-case-name: tests.relays.test_write_queue -*-
"""
Bytes that wait in a write queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.model.commands import Hold, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
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
    @ivar whole: the exchanges whose replies end with these bytes.
    """

    __slots__ = ("after", "base", "count", "data", "exchange", "since", "size", "steps", "whole")

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
        self.whole: list[Exchange] | None = None
        self.since: float | None = None
        self.size = len(data) + ENTRY_COST


def waitsWith(last: QueuedWrite, steps: Sequence[Step], arrival: float) -> bool:
    """
    Whether an exchange that arrives now can wait in C{last}: it arrived at the same time and
    waits for the same.
    """
    if last.steps is not steps or last.base != arrival:
        return False
    return all(isinstance(step.command, (Wait, Hold)) for step in steps)


def lifts(step: Step, keeps: Callable[[Rule], bool], known: dict[int, bool]) -> bool:
    """
    Whether a step is a wait or a hold that no rule in force asks for.

    @param known: what was found of rules before, by their ids: many entries have the same.
    """
    rule = step.rule
    lifted = known.get(id(rule))
    if lifted is None:
        lifted = known[id(rule)] = rule is None or not keeps(rule)
    return lifted and isinstance(step.command, (Wait, Hold))

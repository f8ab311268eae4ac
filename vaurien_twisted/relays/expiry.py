# -*- test-case-name: tests.relays.test_lasting -*-
"""
Rules that revert by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.rules.decider import Decider


class Expiry:
    """
    Takes the rules of a decider's plan out of it when their time is over.

    @param changed: called with the rules that are over, after that.
    """

    __slots__ = ("_changed", "_clock", "_decider", "_since", "_timer")

    def __init__(
        self,
        clock: IReactorTime,
        decider: Decider,
        changed: Callable[[Sequence[Rule]], None],
    ) -> None:
        self._clock = clock
        self._decider = decider
        self._changed = changed
        self._since = 0.0
        self._timer: IDelayedCall | None = None

    @property
    def since(self) -> float:
        """
        When the plan was set, by the clock.
        """
        return self._since

    def begin(self) -> None:
        """
        A plan was set just now.
        """
        self.stop()
        self._since = self._clock.seconds()
        self._arm()

    def _arm(self) -> None:
        ends = [rule.lasting for rule in self._decider.plan.rules if rule.lasting is not None]
        if ends:
            left = self._since + min(ends) - self._clock.seconds()
            self._timer = self._clock.callLater(max(0.0, left), self._ring)

    def _ring(self) -> None:
        self._timer = None
        passed = self._clock.seconds() - self._since
        plan = self._decider.plan
        # A timer may ring a hair too soon.
        over = [
            rule
            for rule in plan.rules
            if rule.lasting is not None and rule.lasting <= passed + 0.001
        ]
        self._decider.shorten(plan.expire(over))
        self._arm()
        self._changed(over)

    def stop(self) -> None:
        """
        Nothing expires any more.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

# -*- test-case-name: tests.relays.test_lasting -*-
"""
Removes rules from a plan when their time (C{for}) is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.draws import alternatives


class Expiry:
    """
    Removes the rules of a decider's plan when their time is over.  The time of a rule begins when
    it is put in force, with the plan or by being added to it.

    @param changed: called with the rules that were removed.
    """

    __slots__ = ("_changed", "_clock", "_decider", "_ends", "_since", "_timer")

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
        #: When the time of each rule is over, by its key in counts.
        self._ends: dict[tuple[int, int], float] = {}
        self._timer: IDelayedCall | None = None

    @property
    def since(self) -> float:
        """
        When the plan was set, by the clock.
        """
        return self._since

    def begin(self) -> None:
        """
        A plan was set now.
        """
        self._since = self._clock.seconds()
        self._ends = {}
        self.follow()

    def follow(self) -> None:
        """
        Rules were added to the plan or removed from it now; the times of the others go on.
        """
        now, ends = self._clock.seconds(), self._ends
        self._ends = {
            counted: ends.get(counted, now + rule.lasting)
            for counted, rule in self._rules()
            if rule.lasting is not None
        }
        self.stop()
        self._arm()

    def _rules(self) -> Sequence[tuple[tuple[int, int], Rule]]:
        return [
            (each.counted, each.rule)
            for draw in alternatives(self._decider.plan)
            for each in draw
            if not each.rule.expired
        ]

    def _arm(self) -> None:
        if self._ends:
            left = min(self._ends.values()) - self._clock.seconds()
            self._timer = self._clock.callLater(max(0.0, left), self._ring)

    def _ring(self) -> None:
        self._timer = None
        # A timer can fire slightly too early.
        now = self._clock.seconds() + 0.001
        over = {counted for counted, end in self._ends.items() if end <= now}
        rules = [rule for counted, rule in self._rules() if counted in over]
        for counted in over:
            del self._ends[counted]
        self._decider.amend(self._decider.plan.without(rules))
        self._arm()
        self._changed(rules)

    def stop(self) -> None:
        """
        Stop the timer: no more rules expire.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

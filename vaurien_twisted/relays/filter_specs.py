# -*- test-case-name: tests.relays.test_staging -*-
"""
Chooses the stream filters of each connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import attrs
from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.relays.filter_buffer import FilterSpec
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_rules import ChosenRule, chosenStreams, streamRules


class FilterSpecs:
    """
    Chooses the stream filters of one proxy's connections, and keeps the data that the filters of
    one rule share.

    @param decider: the decider of the proxy.
    """

    def __init__(self, clock: IReactorTime, decider: Decider) -> None:
        self._clock = clock
        self._decider = decider
        self._shared: dict[str, dict[str, object]] = {}

    def keep(self, plan: Plan) -> None:
        """
        Discard the shared data of rules that are not in C{plan}.
        """
        kept = {key for key, _ in streamRules(plan)}
        self._shared = {key: own for key, own in self._shared.items() if key in kept}

    def chosen(self, connection: Connection, decider: Decider) -> Iterator[ChosenRule]:
        """
        The stream rules of a decider's plan that apply to a connection.
        """
        numbered = decider.numbered(connection)
        for chosen in chosenStreams(decider.plan, decider.seed, decider.proxy, numbered):
            if decider is not self._decider:
                # A connection with a plan of its own shares nothing with others.
                chosen = attrs.evolve(chosen, key=f"{connection.number}: {chosen.key}")
            yield chosen

    def spec(self, chosen: ChosenRule, direction: str, began: float) -> FilterSpec:
        """
        The filter of a chosen rule for one direction of a link.

        @param direction: C{"upstream"} or C{"downstream"}.
        @param began: when the link's connection was accepted, in seconds by the clock.
        """
        rule = chosen.rule
        behavior = IStreamBehavior(rule.behavior)
        seed = chosen.chance.random().random() + (direction == "upstream")
        shared = self._shared.setdefault(chosen.key, {})
        context = StreamContext(Random(seed), shared, self._clock.seconds(), began, direction)
        return FilterSpec(
            chosen.key, rule.options, lambda: behavior.streamFilter(rule.options, context)
        )

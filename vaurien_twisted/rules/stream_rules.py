# -*- test-case-name: tests.rules.test_stream_rules -*-
"""
Which stream behaviors a connection's bytes pass through.

A stream rule is drawn once for each connection and not again when it is changed: the
number that is drawn follows from the connection's number and the rule's name, or its
place in the plan if it has none, and from nothing that could change meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import (
    CONNECTION,
    Rule,
    SeededRandom,
)
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.draws import Alternative, alternatives, conditions, drawWords
from vaurien_twisted.rules.plan import Plan

#: Stream rules see a connection before anything was said.
NOTHING_SAID = Exchange(0, "connect")

#: So that of what is known then, this alone can be asked for.
ASKABLE = "client"


@attrs.frozen
class ChosenRule:
    """
    A rule that applies to a connection.

    @ivar key: tells it from the plan's others; it has the same under a later plan.
    @ivar chance: the randomness of the rule on this connection.
    """

    key: str
    rule: Rule
    chance: SeededRandom
    _alternative: Alternative

    @property
    def counted(self) -> tuple[int, int]:
        """
        What identifies the rule in counts.
        """
        return self._alternative.counted

    @property
    def reason(self) -> str:
        """
        Why it applies, for the journal.
        """
        words = conditions(self.rule)
        if self.rule.percent < 100:
            words.append(drawWords(self._alternative, self.chance.percent()))
        return ", ".join(words) or "always"


def streamRules(plan: Plan) -> Iterator[tuple[str, Alternative]]:
    """
    The stream rules in force, in order, each with what tells it from the others.
    """
    for index, draw in enumerate(alternatives(plan)):
        for position, alternative in enumerate(draw):
            rule = alternative.rule
            if rule.streams and not rule.expired:
                # The options are part of the key only where nothing else tells that a rule
                # is the one from before.
                key = f"={rule.name}" if rule.name else f"{index}.{position} {rule.describe()}"
                yield key, alternative


def chosenStreams(
    plan: Plan, seed: int, proxy: str, connection: Connection
) -> Iterator[ChosenRule]:
    """
    The stream rules that apply to C{connection}, in order.
    """
    for key, alternative in streamRules(plan):
        rule = alternative.rule
        if rule.matches is not None and not rule.matches(connection, NOTHING_SAID):
            continue
        chance = SeededRandom(seed, proxy, connection.number, CONNECTION, alternative.key)
        if alternative.covers(chance.percent()):
            yield ChosenRule(key, rule, chance, alternative)


def listens(plan: Plan) -> bool:
    """
    Whether a proxy goes on accepting connections under C{plan}.
    """
    return all(
        rule.percent == 0 or not rule.streams or IStreamBehavior(rule.behavior).listens
        for rule in plan.rules
    )


def settled(rule: Rule) -> Rule:
    """
    C{rule}, with the scope that stream rules have if it is one.

    @raise Refused: it says something that makes no sense for a stream rule.
    """
    if not IStreamBehavior.providedBy(rule.behavior):
        return rule
    name = rule.behavior.name
    if rule.after or rule.times is not None:
        field = "after" if rule.after else "times"
        raise Refused(f"{name!r} is for whole connections: there is nothing to count", field)
    for target in rule.when:
        if target != ASKABLE:
            raise Refused(
                f"{name!r} is for whole connections: when can ask for {ASKABLE!r} only", "when"
            )
    if not IStreamBehavior(rule.behavior).listens and (rule.when or 0 < rule.percent < 100):
        field = "when" if rule.when else "percent"
        raise Refused(f"{name!r} is for the whole proxy, not for some of its clients", field)
    return attrs.evolve(rule, scope="connection", streams=True)

# -*- test-case-name: tests.rules.test_stream_rules -*-
"""
The choice of stream behaviors for a connection's bytes.

A stream rule is drawn once for each connection, and not again when the rule changes: the
number that is drawn depends only on the seed, the proxy's name, the connection's number, and
the rule's name, or its position in the plan if it has no name.
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

#: The exchange for which stream rules are matched: the connection, before any data.
NOTHING_SAID = Exchange(0, "connect")

#: The only matcher of stream rules, since nothing else is known before any data.
ASKABLE = "client"


@attrs.frozen
class ChosenRule:
    """
    A rule that applies to a connection.

    @ivar key: identifies the rule within its plan, and in later plans that have it too.
    @ivar chance: the random numbers of the rule on this connection.
    """

    key: str
    rule: Rule
    chance: SeededRandom
    _alternative: Alternative

    @property
    def counted(self) -> tuple[int, int]:
        """
        The key of the rule's counts; see L{Alternative}.
        """
        return self._alternative.counted

    @property
    def reason(self) -> str:
        """
        Why the rule applies, as text for the journal.
        """
        words = conditions(self.rule)
        if self.rule.percent < 100:
            words.append(drawWords(self._alternative, self.chance.percent()))
        return ", ".join(words) or "always"


def streamRules(plan: Plan) -> Iterator[tuple[str, Alternative]]:
    """
    The stream rules in force, in order, each with its L{ChosenRule.key}.
    """
    for index, draw in enumerate(alternatives(plan)):
        for position, alternative in enumerate(draw):
            rule = alternative.rule
            if rule.streams and not rule.expired:
                # Only a rule without a name is identified by its options: a named rule stays
                # the same rule when they change.
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
    Whether a proxy listens while C{plan} is in force.
    """
    return all(
        rule.percent == 0 or not rule.streams or IStreamBehavior(rule.behavior).listens
        for rule in plan.rules
    )


def asStreamRule(rule: Rule) -> Rule:
    """
    C{rule}, with the scope C{connection} if its behavior is a stream behavior.

    @raise Refused: C{rule} has a field that stream rules cannot have.
    """
    if not IStreamBehavior.providedBy(rule.behavior):
        return rule
    name = rule.behavior.name
    if rule.after or rule.times is not None:
        field = "after" if rule.after else "times"
        raise Refused(
            f"{name!r} is for whole connections, and counts no requests: remove {field}", field
        )
    for target in rule.when:
        if target != ASKABLE:
            raise Refused(
                f"{name!r} is for whole connections: when can only have {ASKABLE!r}", "when"
            )
    if not IStreamBehavior(rule.behavior).listens and (rule.when or 0 < rule.percent < 100):
        field = "when" if rule.when else "percent"
        raise Refused(f"{name!r} is for all clients of a proxy: remove {field}", field)
    return attrs.evolve(rule, scope="connection", streams=True)

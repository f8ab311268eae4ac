# -*- test-case-name: tests.test_plan -*-
"""
Plans: which behavior meets which exchange, decided so that it can be repeated.

A plan is a list of draws; a draw is one or several alternative rules with
percentages.  Draws are independent and apply in order; what ends an exchange ends
the list.  The random number behind a draw is computed from the seed, the proxy,
the connection, the exchange and the draw, never taken from a shared generator:
the same seed and the same traffic give the same decisions, in whatever order
connections are served.
"""

from __future__ import annotations

import hashlib
import random
import struct
from functools import cached_property
from typing import Any

import attrs
from zope.interface import implementer

from vaurien_twisted.commands import ENDING, PASS, Command, Treatment
from vaurien_twisted.exchange import Connection, Exchange
from vaurien_twisted.interfaces import IBehavior, IDecider, IJournal, IWireProtocol
from vaurien_twisted.options import Refused, values


@attrs.frozen
class Rule:
    """
    A behavior, with its options, for a share of the exchanges.

    @ivar percent: how many of a hundred, 0 to 100.
    """

    behavior: IBehavior = attrs.field()
    options: Any
    percent: float = 100.0

    def same(self, other: Rule) -> bool:
        """
        Whether C{other} does the same to an exchange that it meets.
        """
        return self.behavior.name == other.behavior.name and bool(self.options == other.options)

    def describe(self) -> str:
        """
        One short line: C{"10:delay sleep=2"}.
        """
        words = [f"{self.percent:g}:{self.behavior.name}"]
        words += [f"{name}={value}" for name, value in values(self.options).items()]
        return " ".join(words)


@attrs.frozen
class Draw:
    """
    Alternatives of which at most one applies.

    @raise Refused: the percentages are negative or exceed 100 together.
    """

    alternatives: tuple[Rule, ...]

    def __attrs_post_init__(self) -> None:
        for rule in self.alternatives:
            if not 0 <= rule.percent <= 100:
                raise Refused(f"{rule.percent:g} percent is not between 0 and 100", "percent")
        total = sum(rule.percent for rule in self.alternatives)
        if total > 100:
            raise Refused(f"the percentages add up to {total:g}, which is over 100", "percent")


@attrs.frozen(cache_hash=False, slots=False)
class Plan:
    """
    The rules in force on a proxy: an immutable value, swapped whole.
    """

    draws: tuple[Draw, ...] = ()

    @cached_property
    def transparent(self) -> bool:
        """
        Whether nothing can happen to any exchange.
        """
        return all(
            rule.behavior.name == "dummy" or rule.percent == 0
            for draw in self.draws
            for rule in draw.alternatives
        )

    def keeps(self, rule: Rule) -> bool:
        """
        Whether something that C{rule} began goes on under this plan.
        """
        return any(rule.same(own) for draw in self.draws for own in draw.alternatives)


def onlyRule(behavior: IBehavior, options: Any) -> Plan:
    """
    The plan in which every exchange meets one behavior.
    """
    return Plan((Draw((Rule(behavior, options),)),))


@attrs.frozen
class Chance:
    """
    The source of randomness for one decision.

    @ivar seed: the run's seed.
    @ivar proxy: the proxy's name.
    """

    seed: int
    proxy: str
    connection: int
    exchange: int
    draw: int

    def percent(self) -> float:
        """
        A number from 0 up to, not including, 100: always the same for this decision.
        """
        return self._number() / 2**64 * 100

    def random(self) -> random.Random:
        """
        A generator for whatever else the decision needs, beginning the same each time.
        """
        return random.Random(self._number())

    def _number(self) -> int:
        place = struct.pack(">qQQI", self.seed, self.connection, self.exchange, self.draw)
        digest = hashlib.blake2b(place, digest_size=8, key=self.proxy.encode()[:64]).digest()
        return int.from_bytes(digest, "big")


@attrs.frozen
class Occasion:
    """
    What a behavior is told.

    @ivar connection: whose exchange it is.
    @ivar number: how many exchanges the rule chose before this one, since the plan was set.
    @ivar chance: the randomness of this decision.
    """

    connection: Connection
    exchange: Exchange
    wire: IWireProtocol
    number: int
    chance: Chance


@attrs.frozen
class Step:
    """
    A command and the rule it came from, so that a change of plan can lift it.
    """

    command: Command
    rule: Rule


@attrs.frozen
class Decision:
    """
    What happens to one exchange: the steps for its request and its reply.
    """

    request: tuple[Step, ...] = ()
    reply: tuple[Step, ...] = ()

    @property
    def ends(self) -> bool:
        """
        Whether the request goes no further than the steps.
        """
        return any(isinstance(step.command, ENDING) for step in self.request)


#: Decided: nothing happens.
NOTHING = Decision()


@implementer(IDecider)
@attrs.define(eq=False)
class Decider:
    """
    Decides for one proxy, and counts for its rules.

    @ivar seed: 0 to 2**63 - 1.
    """

    proxy: str
    wire: IWireProtocol
    seed: int
    journal: IJournal
    plan: Plan = attrs.field(factory=Plan)
    _chosen: dict[tuple[int, int], int] = attrs.field(factory=dict, init=False)

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force; its rules' counts begin at zero.
        """
        self.plan = plan
        self._chosen = {}

    def decide(self, connection: Connection, exchange: Exchange) -> Decision:
        """
        Find the rules that choose this exchange and combine what they ask.
        """
        if self.plan.transparent:
            return NOTHING
        return self._decide(connection, exchange, False)

    def decideConnection(self, connection: Connection, exchange: Exchange) -> Decision:
        """
        The same, asking only the behaviors that meet bare connections.
        """
        if self.plan.transparent:
            return NOTHING
        return self._decide(connection, exchange, True)

    def _decide(self, connection: Connection, exchange: Exchange, bare: bool) -> Decision:
        request: list[Step] = []
        reply: list[Step] = []
        for index, draw in enumerate(self.plan.draws):
            chance = Chance(self.seed, self.proxy, connection.number, exchange.number, index)
            rule, position = self._choose(draw, chance)
            if rule is None or (bare and not rule.behavior.connections):
                continue
            number = self._chosen.get((index, position), 0)
            self._chosen[index, position] = number + 1
            treatment = rule.behavior.treat(
                rule.options, Occasion(connection, exchange, self.wire, number, chance)
            )
            if treatment is PASS or not (treatment.request or treatment.reply):
                continue
            request += [Step(command, rule) for command in treatment.request]
            reply += [Step(command, rule) for command in treatment.reply]
            self.journal.record(
                "decision",
                self.proxy,
                connection.number,
                exchange=exchange.number,
                description=exchange.description,
                rule=rule.describe(),
                effect=treatment.effect or effect(treatment),
            )
            if any(isinstance(c, ENDING) for c in (*treatment.request, *treatment.reply)):
                break
        return Decision(tuple(request), tuple(reply)) if request or reply else NOTHING

    def _choose(self, draw: Draw, chance: Chance) -> tuple[Rule | None, int]:
        first = draw.alternatives[0] if draw.alternatives else None
        if first is not None and first.percent >= 100:
            return first, 0
        drawn = chance.percent()
        below = 0.0
        for position, rule in enumerate(draw.alternatives):
            below += rule.percent
            if drawn < below:
                return rule, position
        return None, -1


def effect(treatment: Treatment) -> str:
    """
    The commands of a treatment in a few words.
    """
    words = [_word(command) for command in treatment.request]
    words += ["reply: " + _word(command) for command in treatment.reply]
    return ", ".join(words)


def _word(command: Command) -> str:
    name = type(command).__name__.lower()
    if hasattr(command, "seconds"):
        return f"{name} {command.seconds:g} s"
    if hasattr(command, "data"):
        return f"{name} {len(command.data)} bytes"
    return name

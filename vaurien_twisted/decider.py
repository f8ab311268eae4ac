# -*- test-case-name: tests.test_decider -*-
"""
Decisions: which of a plan's rules choose an exchange, and what they make of it.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.commands import ENDING, PASS, Command, Treatment
from vaurien_twisted.exchange import Connection, Exchange
from vaurien_twisted.interfaces import IDecider, IJournal, IWireProtocol
from vaurien_twisted.plan import (
    CONNECTION,
    NOTHING,
    Chance,
    Decision,
    Draw,
    Occasion,
    Plan,
    Rule,
    Step,
)


@attrs.define
class Tally:
    """
    What a rule has met since its plan was set.

    @ivar seen: matching exchanges, or connections where its scope is the connection.
    @ivar chosen: those of them that it was applied to.
    """

    seen: int = 0
    chosen: int = 0


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
    _tallies: dict[tuple[int, int], Tally] = attrs.field(factory=dict, init=False)
    _generation: int = attrs.field(default=0, init=False)

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force; its rules' counts begin at zero.
        """
        self.plan = plan
        self._tallies = {}
        self._generation += 1

    def shorten(self, plan: Plan) -> None:
        """
        Put C{plan} in force, which is the one before with some rules expired: the
        others go on counting.
        """
        self.plan = plan

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
            position = self._choose(index, draw, connection, exchange, bare)
            if position < 0:
                continue
            rule = draw.alternatives[position]
            number = self._tallies[index, position].chosen - 1
            occasion = Occasion(
                connection,
                exchange,
                self.wire,
                number,
                self._chance(connection, exchange.number, index),
            )
            treatment = rule.behavior.treat(rule.options, occasion)
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
                reason=self._reason(rule, connection, exchange, index, number),
            )
            if any(isinstance(c, ENDING) for c in (*treatment.request, *treatment.reply)):
                break
        return Decision(tuple(request), tuple(reply)) if request or reply else NOTHING

    def _chance(self, connection: Connection, exchange: int, index: int) -> Chance:
        return Chance(self.seed, self.proxy, connection.number, exchange, index)

    def _choose(
        self, index: int, draw: Draw, connection: Connection, exchange: Exchange, bare: bool
    ) -> int:
        """
        The position of the alternative that applies, -1 for none.
        """
        above = 0.0
        drawn: dict[int, float] = {}
        for position, rule in enumerate(draw.alternatives):
            below, above = above, above + rule.percent
            if (
                rule.expired
                or (bare and not rule.behavior.connections)
                or (rule.matches is not None and not rule.matches(connection, exchange))
            ):
                continue
            whole = rule.scope == "connection"
            if whole:
                key = (self._generation, index, position)
                known = connection.chosen.get(key)
                if known is not None:
                    if known:
                        return position
                    continue
            tally = self._tallies.setdefault((index, position), Tally())
            tally.seen += 1
            chosen = tally.seen > rule.after and (rule.times is None or tally.chosen < rule.times)
            if chosen and rule.percent < 100:
                number = CONNECTION if whole else exchange.number
                if number not in drawn:
                    drawn[number] = self._chance(connection, number, index).percent()
                chosen = below <= drawn[number] < above
            if whole:
                connection.chosen[key] = chosen
            if chosen:
                tally.chosen += 1
                return position
        return -1

    def _reason(
        self, rule: Rule, connection: Connection, exchange: Exchange, index: int, number: int
    ) -> str:
        """
        Why the rule chose this exchange.
        """
        words = [f"when {name} {pattern!r}" for name, pattern in rule.when.items()]
        if rule.percent < 100:
            whole = rule.scope == "connection"
            place = CONNECTION if whole else exchange.number
            drawn = self._chance(connection, place, index).percent()
            words.append(f"drew {drawn:.2f} for {rule.percent:g} percent")
            if whole:
                words[-1] += " of connections"
        if rule.after:
            words.append(f"after {rule.after}")
        if rule.times is not None:
            words.append(f"time {number + 1} of {rule.times}")
        return ", ".join(words) or "always"


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

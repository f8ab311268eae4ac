# -*- test-case-name: tests.rules -*-
"""
Decisions: which of a plan's rules choose an exchange, and what they make of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IDecider, IJournal, IWireProtocol
from vaurien_twisted.model.commands import ENDING, PASS, Actions, Command
from vaurien_twisted.model.decision import (
    CONNECTION,
    NOTHING,
    Decision,
    DecisionContext,
    Rule,
    SeededRandom,
    Step,
)
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMAND
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.rules.plan import Draw, Plan

#: How much is told of a rule and of a reason in the journal, in characters.
WORDS = 300

#: For how many different commands it is kept which draws are for them.
COMMANDS_KEPT = 1024


@attrs.define
class Tally:
    """
    What a rule has met since its plan was set.

    @ivar seen: matching exchanges, or connections where its scope is the connection.
    @ivar applied: those of them that something happened to; connections when chosen.
    @ivar treated: the exchanges that its behavior was asked about.
    """

    seen: int = 0
    applied: int = 0
    treated: int = 0


@implementer(IDecider)
@attrs.define(eq=False)
class Decider:
    """
    Decides for one proxy, and counts for its rules.

    @ivar seed: 0 to 2**63 - 1.
    @ivar counters: what is told of faults.
    @ivar wishes: decides about exchanges that ask for something themselves, in place of
        the plan; C{None} where they cannot.
    """

    proxy: str
    wire: IWireProtocol
    seed: int
    journal: IJournal
    plan: Plan = attrs.field(factory=Plan)
    counters: Counters = attrs.field(factory=Counters)
    wishes: Callable[[Connection, Exchange], Decision | None] | None = attrs.field(
        default=None, init=False
    )
    _tallies: dict[tuple[int, int], Tally] = attrs.field(factory=dict, init=False)
    _generation: int = attrs.field(default=0, init=False)
    _byCommand: dict[str, tuple[tuple[int, Draw], ...]] = attrs.field(factory=dict, init=False)

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force; its rules' counts begin at zero.
        """
        self.shorten(plan)
        self._tallies = {}
        self._generation += 1

    def shorten(self, plan: Plan) -> None:
        """
        Put C{plan} in force, which is the one before with some rules expired: the
        others go on counting.
        """
        self.plan = plan
        self._byCommand = {}

    def amend(self, plan: Plan) -> frozenset[int]:
        """
        Put C{plan} in force, which is the one before with some draws that have a place of
        their own added, changed or taken out: the others go on counting.

        @return: the places of which connections must be chosen anew, by the numbers that
            they drew: those that are gone, and those with another percentage.
        """
        old, new = _shares(self.plan), _shares(plan)
        self._tallies = {
            key: own for key, own in self._tallies.items() if key[0] not in old or key[0] in new
        }
        self.shorten(plan)
        return frozenset(place for place, share in old.items() if new.get(place) != share)

    def decide(self, connection: Connection, exchange: Exchange) -> Decision:
        """
        Find the rules that choose this exchange and combine what they ask.
        """
        if self.wishes is not None:
            asked = self.wishes(connection, exchange)
            if asked is not None:
                self._countWish(asked)
                return asked
        if self.plan.transparent:
            return NOTHING
        draws = self._drawsFor(connection, exchange)
        return self._decide(draws, connection, exchange, False) if draws else NOTHING

    def _countWish(self, asked: Decision) -> None:
        for step in (asked.request or asked.reply)[:1]:
            if step.rule is not None:
                code = getattr(step.rule.options, "code", "")
                self.counters.fault(step.rule.behavior.name, str(code))

    def decideConnection(self, connection: Connection, exchange: Exchange) -> Decision:
        """
        The same, asking only the behaviors that meet bare connections.
        """
        if self.plan.transparent:
            return NOTHING
        draws = self._drawsFor(connection, exchange)
        return self._decide(draws, connection, exchange, True) if draws else NOTHING

    def counted(self, index: int, position: int) -> tuple[int, int]:
        """
        To how many exchanges a rule has applied since the plan was set, and how many it has
        met; connections where its scope is the connection.

        @param index: the place of its draw in the plan.
        @param position: its place in the draw.
        """
        tally = self._tallies.get((index, position), Tally())
        return tally.applied, tally.seen

    def _drawsFor(self, connection: Connection, exchange: Exchange) -> tuple[tuple[int, Draw], ...]:
        """
        The draws, with their places in the plan, that are not for other commands only.
        Most rules name a command, and most exchanges have another: they take one look.
        """
        draws = self._byCommand.get(exchange.command)
        if draws is None:
            draws = tuple(
                (index if draw.place is None else draw.place, draw)
                for index, draw in enumerate(self.plan.draws)
                if any(
                    not rule.inert and self._takes(rule, connection, exchange)
                    for rule in draw.alternatives
                )
            )
            # Commands come from clients, who may make up any number of them.
            if len(self._byCommand) < COMMANDS_KEPT:
                self._byCommand[exchange.command] = draws
        return draws

    def _takes(self, rule: Rule, connection: Connection, exchange: Exchange) -> bool:
        if "command" not in rule.when or COMMAND not in self.wire.targets:
            return True
        return COMMAND.predicate(rule.when["command"])(connection, exchange)

    def _decide(
        self,
        draws: Sequence[tuple[int, Draw]],
        connection: Connection,
        exchange: Exchange,
        bare: bool,
    ) -> Decision:
        request: list[Step] = []
        reply: list[Step] = []
        for index, draw in draws:
            position = self._choose(index, draw, connection, exchange, bare)
            if position < 0:
                continue
            rule = draw.alternatives[position]
            tally = self._tallies[index, position]
            chance = self._chance(connection, exchange.number, index)
            context = DecisionContext(connection, exchange, self.wire, tally.treated, chance)
            tally.treated += 1
            actions = rule.behavior.decide(rule.options, context)
            if actions is PASS or not (actions.request or actions.reply):
                continue
            if rule.scope == "exchange":
                # An exchange that the behavior let pass does not use up the rule's times.
                tally.applied += 1
            self.counters.fault(rule.behavior.name, actions.code)
            request += [Step(command, rule) for command in actions.request]
            reply += [Step(command, rule) for command in actions.reply]
            self.journal.record(
                "decision",
                self.proxy,
                connection.number,
                exchange=exchange.number,
                description=exchange.description,
                rule=short(rule.describe()),
                effect=actions.effect or effect(actions),
                reason=self._reason(draw, index, position, connection, exchange),
            )
            if any(isinstance(c, ENDING) for c in (*actions.request, *actions.reply)):
                break
        return Decision(tuple(request), tuple(reply)) if request or reply else NOTHING

    def _chance(self, connection: Connection, exchange: int, index: int) -> SeededRandom:
        return SeededRandom(self.seed, self.proxy, connection.number, exchange, index)

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
                (rule.matches is not None and not rule.matches(connection, exchange))
                or rule.inert
                or (bare and not rule.behavior.connections)
            ):
                continue
            whole = rule.scope == "connection"
            if whole:
                key = (self._generation, index, position)
                known = self._known(connection, key)
                if known is not None:
                    if known:
                        return position
                    continue
            tally = self._tallies.setdefault((index, position), Tally())
            tally.seen += 1
            chosen = tally.seen > rule.after and (rule.times is None or tally.applied < rule.times)
            if chosen and rule.percent < 100:
                number = CONNECTION if whole else exchange.number
                if number not in drawn:
                    drawn[number] = self._chance(connection, number, index).percent()
                chosen = below <= drawn[number] < above
            if whole:
                connection.chosen[key] = chosen
                tally.applied += chosen
            if chosen:
                return position
        return -1

    def _known(self, connection: Connection, key: tuple[int, int, int]) -> bool | None:
        """
        What the rule decided for this connection, C{None} if it has not been asked.
        """
        chosen = connection.chosen
        known = chosen.get(key)
        if known is None:
            # A connection that outlives many plans must not remember them all.
            for old in [each for each in chosen if each[0] != self._generation]:
                del chosen[old]
        return known

    def _reason(
        self, draw: Draw, index: int, position: int, connection: Connection, exchange: Exchange
    ) -> str:
        """
        Why the rule at C{position} chose this exchange.
        """
        rule = draw.alternatives[position]
        whole = rule.scope == "connection"
        words = [f"when {name} {pattern!r}" for name, pattern in rule.when.items()]
        if rule.percent < 100:
            drawn = self._chance(connection, CONNECTION if whole else exchange.number, index)
            words.append(f"drew {drawn.percent():.2f} for {rule.percent:g} percent")
            if whole:
                words[-1] += " of connections"
            below = sum(other.percent for other in draw.alternatives[:position])
            if below:
                words[-1] += f" from {below:g} on"
        if rule.after:
            words.append(f"after {rule.after}")
        if rule.times is not None and whole:
            words.append(f"one of {rule.times} connections")
        elif rule.times is not None:
            words.append(f"time {self._tallies[index, position].applied} of {rule.times}")
        return short(", ".join(words)) or "always"


def short(text: str) -> str:
    """
    No more than L{WORDS} of C{text}: a rule's options may be as long as a user likes.
    """
    return text if len(text) <= WORDS else text[: WORDS - 3] + "..."


def effect(actions: Actions) -> str:
    """
    The commands of a treatment in a few words.
    """
    words = [_word(command) for command in actions.request]
    words += ["reply: " + _word(command) for command in actions.reply]
    return ", ".join(words)


def _word(command: Command) -> str:
    name = type(command).__name__.lower()
    if hasattr(command, "seconds"):
        return f"{name} {command.seconds:g} s"
    if hasattr(command, "data"):
        return f"{name} {len(command.data)} bytes"
    return name


def _shares(plan: Plan) -> dict[int, list[float]]:
    """
    The percentages of the draws that have a place of their own.
    """
    return {
        draw.place: [rule.percent for rule in draw.alternatives]
        for draw in plan.draws
        if draw.place is not None
    }

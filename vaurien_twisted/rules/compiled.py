# -*- test-case-name: tests.rules -*-
"""
A plan prepared for decisions: for each command, the draws that can choose an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf, log

import attrs

from vaurien_twisted.interfaces import IBehavior, IFixedActions, IWireProtocol
from vaurien_twisted.model.batch_decision import BatchDecision
from vaurien_twisted.model.commands import CONDITIONAL, ENDING, PASS, Actions, Hold, Wait
from vaurien_twisted.model.decision import NOTHING, Decision, Rule, Step, drawBound
from vaurien_twisted.model.matchers import COMMAND, Predicate
from vaurien_twisted.rules.draws import Alternative, alternatives
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.tally import Tally
from vaurien_twisted.rules.texts import RuleTexts, effect

#: The most commands whose draws are cached.  Clients may send any number of different ones.
COMMANDS_KEPT = 1024

#: The most batch decisions of a plan that are cached.
BATCH_DECISIONS_KEPT = 256

#: The most rules of a plan that cache which exchanges they do not match.
REMEMBERING = 16


class CompiledRule:
    """
    A rule prepared for decisions.

    @ivar check: the test that an exchange of the rule's commands must still pass; C{None} if
        there is none.
    @ivar commands: the commands, in lower case, that the rule matches; C{None} for any.
    @ivar looks: whether C{check} looks at more of an exchange than its number, and whether it has a
        reply.
    @ivar whole: whether the rule is drawn once for a whole connection.
    @ivar certain: whether the rule applies whatever number is drawn.
    @ivar bounded: whether the rule has C{after} or C{times}.
    @ivar bounds: between which hashes the rule applies; see
        L{drawnBetween<vaurien_twisted.model.decision.drawnBetween>}.
    @ivar fixed: the actions of its behavior, if they are the same for every exchange; otherwise
        C{None}.
    @ivar decision: C{fixed} as a decision.
    @ivar effect: C{fixed} as text.
    @ivar misses: the cache of exchanges that the rule does not match; C{None} if it has none.
    @ivar waits: whether the rule only delays, and delays every exchange that it matches.
    @ivar chance: whether the number that is drawn alone decides if the rule applies to an
        exchange that it matches.
    @ivar over: whether the rule has applied C{times} times.
    """

    __slots__ = (
        "_latest",
        "_words",
        "alternative",
        "behavior",
        "bounded",
        "bounds",
        "certain",
        "chance",
        "check",
        "commands",
        "covers",
        "decision",
        "drawn",
        "effect",
        "fixed",
        "looks",
        "misses",
        "over",
        "tally",
        "times",
        "waits",
        "whole",
        "window",
    )

    def __init__(
        self,
        alternative: Alternative,
        tally: Tally,
        check: Predicate | None,
        commands: frozenset[str] | None,
    ) -> None:
        rule = alternative.rule
        self.alternative = alternative
        self.window, self.drawn = alternative.window, alternative.drawn
        self.covers = alternative.covers
        self.bounds = drawBound(alternative.low), drawBound(alternative.high)
        self.behavior = IBehavior(rule.behavior)
        self.tally = tally
        self.misses = tally.misses
        self.times = rule.times
        self.bounded = bool(rule.after) or rule.times is not None
        self.check = check
        self.looks = check is not None and rule.looks
        self.commands = commands
        self.whole = rule.scope == "connection"
        self.certain = rule.percent >= 100
        self.over = False
        self.fixed: Actions | None = None
        self.effect = ""
        self._latest = Outcome(PASS, rule)
        if IFixedActions.providedBy(rule.behavior):
            self.fixed = actions = rule.behavior.actions(rule.options)
            self._latest = Outcome(actions, rule)
            self.effect = effect(actions)
        self.decision = self._latest.decision
        always = not (self.whole or self.bounded)
        self.chance = always and not self.certain
        self.waits = (
            always
            and self.certain
            and bool(self.decision.request)
            and not (self.decision.reply or (self.fixed is not None and self.fixed.code))
            and all(isinstance(step.command, (Wait, Hold)) for step in self.decision.request)
        )
        #: Created on first use: many rules never apply.
        self._words: RuleTexts | None = None

    def outcome(self, actions: Actions) -> Outcome:
        """
        What follows from actions of the rule's behavior.
        """
        latest = self._latest
        if latest.actions is not actions:
            # Behaviors often return the same object.
            latest = self._latest = Outcome(actions, self.alternative.rule)
        return latest

    def wordsFor(self, seed: int, proxy: str) -> RuleTexts:
        """
        The texts about the rule for the journal.

        @param seed: the seed of the decisions, 0 to 2**63 - 1.
        @param proxy: the name of the proxy that decides.
        """
        words = self._words
        if words is None:
            words = self._words = RuleTexts(self.alternative, seed, proxy)
        return words


class Outcome:
    """
    What follows from actions.

    @ivar decision: the decision that consists only of them.
    @ivar ends: whether they end the exchange, so that no further rule is asked.
    @ivar cuts: whether they cut or edit a message that is long enough and has the right format.
    """

    __slots__ = ("actions", "cuts", "decision", "ends")

    def __init__(self, actions: Actions, rule: Rule) -> None:
        self.actions = actions
        self.decision = decisionOf(actions, rule)
        commands = (*actions.request, *actions.reply)
        self.ends = any(isinstance(each, ENDING) for each in commands)
        self.cuts = any(isinstance(each, CONDITIONAL) for each in commands)


def decisionOf(actions: Actions, rule: Rule) -> Decision:
    """
    The decision that consists only of C{actions}.
    """
    if not (actions.request or actions.reply):
        return NOTHING
    return Decision(
        tuple(Step(command, rule) for command in actions.request),
        tuple(Step(command, rule) for command in actions.reply),
    )


#: The alternatives of one draw.
CompiledDraw = tuple[CompiledRule, ...]


@attrs.frozen(eq=False)
class RuleBatchDecision(BatchDecision):
    """
    A batch decision that comes from compiled rules.
    """

    rules: tuple[CompiledRule, ...] = ()
    chances: tuple[CompiledDraw, ...] = ()


class CompiledPlan:
    """
    The draws of a plan that can choose an exchange.

    @param tallies: the counts of rules by L{Alternative.counted}; counts for new rules are
        added to it.
    @param traffic: the numbers of exchanges and connections that the proxy has had.
    @ivar bare: the draws whose behaviors also decide about bare connections.
    """

    def __init__(
        self,
        plan: Plan,
        wire: IWireProtocol,
        tallies: dict[tuple[int, int], Tally],
        traffic: Callable[[], tuple[int, int]],
    ) -> None:
        named = COMMAND in wire.targets
        self._draws: list[CompiledDraw] = []
        self._names: set[str] = set()
        self._byCommand: dict[str, tuple[CompiledDraw, ...]] = {}
        self._others: tuple[CompiledDraw, ...] | None = None
        bare: list[CompiledDraw] = []
        began: tuple[int, int] | None = None
        remembering = sum(tally.misses is not None for tally in tallies.values())
        for each in alternatives(plan):
            rules = []
            for alternative in each:
                rule = alternative.rule
                if rule.expired:
                    continue
                tally = tallies.get(alternative.counted)
                if tally is None:
                    began = traffic() if began is None else began
                    tally = tallies[alternative.counted] = Tally(
                        exchanges=began[0], connections=began[1]
                    )
                if rule.inert or not rule.percent:
                    continue
                if rule.when and tally.misses is None and remembering < REMEMBERING:
                    remembering += 1
                    tally.misses = []
                commands = rule.commands if named else None
                check = rule.matches if commands is None else rule.further
                rules.append(CompiledRule(alternative, tally, check, commands))
                if commands is not None:
                    self._names.update(commands)
            if all(each.behavior.name == "dummy" for each in rules):
                continue
            self._draws.append(tuple(rules))
            asked = [each for each in rules if each.behavior.connections]
            if asked:
                bare.append(
                    tuple(
                        CompiledRule(
                            each.alternative, each.tally, each.alternative.rule.matches, None
                        )
                        for each in asked
                    )
                )
        self.bare = tuple(bare)
        self._batchDecisions: dict[
            tuple[CompiledDraw, tuple[CompiledDraw, ...]], RuleBatchDecision
        ] = {}

    @property
    def rules(self) -> list[CompiledRule]:
        """
        The rules that can choose an exchange, in order.
        """
        return [rule for draw in self._draws for rule in draw]

    def draws(self, command: str) -> tuple[CompiledDraw, ...]:
        """
        The draws that can choose an exchange of C{command}, in order.
        """
        draws = self._byCommand.get(command)
        if draws is None:
            word = command.lower()
            if word in self._names:
                draws = tuple(_only(self._draws, word))
            else:
                # No rule names most commands: they share this value.
                draws = self._others
                if draws is None:
                    draws = self._others = tuple(_only(self._draws, None))
            if len(self._byCommand) < COMMANDS_KEPT:
                self._byCommand[command] = draws
        return draws

    def batchDecision(
        self, rules: tuple[CompiledRule, ...], chances: tuple[CompiledDraw, ...]
    ) -> RuleBatchDecision:
        """
        The combined delays of rules that only delay exchanges.

        @param rules: the rules, in order.
        @param chances: by draw, the rules that must not apply to such an exchange.
        """
        batchDecision = self._batchDecisions.get((rules, chances))
        if batchDecision is None:
            decision = rules[0].decision if rules else NOTHING
            for rule in rules[1:]:
                decision = decision.plus(rule.decision)
            if len(self._batchDecisions) >= BATCH_DECISIONS_KEPT:
                self._batchDecisions.clear()
            batchDecision = RuleBatchDecision(
                decision=decision, rules=rules, chances=chances, most=_likely(chances)
            )
            self._batchDecisions[rules, chances] = batchDecision
        return batchDecision

    def drop(self, rule: CompiledRule) -> None:
        """
        Remove a rule that cannot apply again.
        """
        rule.over = True
        self._byCommand.clear()
        self._others = None


def _likely(chances: Iterable[CompiledDraw]) -> float:
    """
    The number of exchanges to which none of these rules applies with a probability of one half.
    """
    spared = 1.0
    for draw in chances:
        spared *= max(0.0, 1 - sum(rule.alternative.rule.percent for rule in draw) / 100)
    return 0.0 if not spared else log(0.5) / log(spared) if spared < 1 else inf


def _only(draws: Iterable[CompiledDraw], command: str | None) -> Iterator[CompiledDraw]:
    """
    C{draws} without the alternatives that cannot match a command.
    """
    for draw in draws:
        left = tuple(
            rule
            for rule in draw
            if not rule.over and (rule.commands is None or command in rule.commands)
        )
        if left:
            yield left

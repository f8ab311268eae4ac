# -*- test-case-name: tests.rules -*-
"""
A plan made ready for deciding: for each command the draws that can choose an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf, log

from vaurien_twisted.interfaces import IBehavior, IFixedActions, IWireProtocol
from vaurien_twisted.model.commands import CONDITIONAL, ENDING, Actions, Hold, Wait
from vaurien_twisted.model.decision import NOTHING, Decision, Rule, Step
from vaurien_twisted.model.matchers import COMMAND, Predicate
from vaurien_twisted.model.treatment import Treatment
from vaurien_twisted.rules.draws import Alternative, alternatives
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.tally import Tally
from vaurien_twisted.rules.words import RuleWords, effect

#: For how many different commands the draws are kept.  Clients may make up any number.
COMMANDS_KEPT = 1024

#: How many treatments of a plan are kept.
TREATMENTS_KEPT = 256

#: How many rules of a plan remember exchanges that they did not match.
REMEMBERING = 16


class CompiledRule:
    """
    A rule ready for deciding.

    @ivar check: what is left to check of an exchange; C{None}: nothing.
    @ivar commands: the commands in lower case that the rule is for; C{None}: any.
    @ivar whole: whether it is chosen for all of a connection.
    @ivar certain: whether it applies whatever number is drawn.
    @ivar bounded: whether its window has a beginning or an end.
    @ivar fixed: what its behavior does to every exchange; C{None} if that depends.
    @ivar decision: C{fixed} as a decision.
    @ivar ends: whether C{fixed} ends the exchange.
    @ivar effect: C{fixed} in words.
    @ivar cuts: whether C{fixed} cuts the reply, so that only its end shows the effect.
    @ivar misses: where exchanges are remembered that it does not match, C{None}: nowhere.
    @ivar waits: whether all it does, to every exchange that it matches, is to let it wait.
    @ivar chance: whether nothing but the number that is drawn says whether it applies to an
        exchange that it matches.
    @ivar over: whether it has applied as often as it may.
    """

    __slots__ = (
        "_words",
        "alternative",
        "behavior",
        "bounded",
        "certain",
        "chance",
        "check",
        "commands",
        "covers",
        "cuts",
        "decision",
        "drawn",
        "effect",
        "ends",
        "fixed",
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
        self.behavior = IBehavior(rule.behavior)
        self.tally = tally
        self.misses = tally.misses
        self.times = rule.times
        self.bounded = bool(rule.after) or rule.times is not None
        self.check = check
        self.commands = commands
        self.whole = rule.scope == "connection"
        self.certain = rule.percent >= 100
        self.over = False
        self.fixed: Actions | None = None
        self.decision, self.ends, self.effect, self.cuts = NOTHING, False, "", False
        if IFixedActions.providedBy(rule.behavior):
            self.fixed = actions = rule.behavior.actions(rule.options)
            self.decision, self.ends = decisionOf(actions, rule), ends(actions)
            self.effect, self.cuts = effect(actions), cuts(actions)
        always = not (self.whole or self.bounded)
        self.chance = always and not self.certain
        self.waits = (
            always
            and self.certain
            and bool(self.decision.request)
            and not (self.decision.reply or (self.fixed is not None and self.fixed.code))
            and all(isinstance(step.command, (Wait, Hold)) for step in self.decision.request)
        )
        #: Made when they are first needed: many rules never apply.
        self._words: RuleWords | None = None

    def wordsFor(self, seed: int, proxy: str) -> RuleWords:
        """
        What the journal says of the rule.

        @param seed: of the decisions.
        @param proxy: the name of the proxy that decides.
        """
        words = self._words
        if words is None:
            words = self._words = RuleWords(self.alternative, seed, proxy)
        return words


def decisionOf(actions: Actions, rule: Rule) -> Decision:
    """
    The decision that consists of C{actions} alone.
    """
    if not (actions.request or actions.reply):
        return NOTHING
    return Decision(
        tuple(Step(command, rule) for command in actions.request),
        tuple(Step(command, rule) for command in actions.reply),
    )


def ends(actions: Actions) -> bool:
    """
    Whether nothing more is decided about an exchange after C{actions}.
    """
    return any(isinstance(each, ENDING) for each in (*actions.request, *actions.reply))


def cuts(actions: Actions) -> bool:
    """
    Whether C{actions} cut or edit a message, if it is long enough and of the right form.
    """
    return any(isinstance(each, CONDITIONAL) for each in (*actions.request, *actions.reply))


#: The alternatives of one draw.
CompiledDraw = tuple[CompiledRule, ...]


class CompiledPlan:
    """
    The draws of a plan that can choose an exchange.

    @param tallies: the counts of rules by L{Alternative.counted}; those of rules that are new
        are added.
    @param traffic: how many exchanges the proxy has had, and connections.
    @ivar bare: the draws whose behaviors are also asked about bare connections.
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
        self._treatments: dict[tuple[CompiledDraw, tuple[CompiledDraw, ...]], Treatment] = {}

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
                # Most commands are named by no rule: they share this.
                draws = self._others
                if draws is None:
                    draws = self._others = tuple(_only(self._draws, None))
            if len(self._byCommand) < COMMANDS_KEPT:
                self._byCommand[command] = draws
        return draws

    def treatment(
        self, rules: tuple[CompiledRule, ...], chances: tuple[CompiledDraw, ...]
    ) -> Treatment:
        """
        What rules do together that only let exchanges wait.

        @param rules: they, in order.
        @param chances: the rules of which none must apply besides, by draw.
        """
        treatment = self._treatments.get((rules, chances))
        if treatment is None:
            decision = rules[0].decision if rules else NOTHING
            for rule in rules[1:]:
                decision = decision.plus(rule.decision)
            if len(self._treatments) >= TREATMENTS_KEPT:
                self._treatments.clear()
            treatment = Treatment(decision, rules, chances, _likely(chances))
            self._treatments[rules, chances] = treatment
        return treatment

    def drop(self, rule: CompiledRule) -> None:
        """
        Take out a rule that never applies again.
        """
        rule.over = True
        self._byCommand.clear()
        self._others = None


def _likely(chances: Iterable[CompiledDraw]) -> float:
    """
    How many exchanges are as likely as not to meet none of these rules.
    """
    spared = 1.0
    for draw in chances:
        spared *= max(0.0, 1 - sum(rule.alternative.rule.percent for rule in draw) / 100)
    return 0.0 if not spared else log(0.5) / log(spared) if spared < 1 else inf


def _only(draws: Iterable[CompiledDraw], command: str | None) -> Iterator[CompiledDraw]:
    """
    What is left of C{draws} for a command.
    """
    for draw in draws:
        left = tuple(
            rule
            for rule in draw
            if not rule.over and (rule.commands is None or command in rule.commands)
        )
        if left:
            yield left

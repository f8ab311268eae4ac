# -*- test-case-name: tests.proxies.test_faults -*-
"""
The faults in force on a proxy: its plan and its toxics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from twisted.logger import Logger

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.actors import actor
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.single import newRule, rulesCalled
from vaurien_twisted.rules.texts import short
from vaurien_twisted.rules.toxics import Toxics, isToxic

#: The most rules that a log line names.
LOGGED = 20


class Faults:
    """
    Puts plans, single rules and toxics in force on a proxy's relays.  The relays get one plan,
    whose last draws are the toxics.

    @ivar toxics: the toxics in force.
    @ivar leased: returns whether a lease is held.
    @ivar active: whether changes are logged and recorded in the journal: since the proxy was
        started.  Changes without an actor, made by code in this process, are only logged.
    """

    _log = Logger()

    def __init__(self, relays: RelayFactory) -> None:
        self._relays = relays
        self.toxics = Toxics()
        self.leased: Callable[[str], bool] = _noLease
        self.active = False
        relays.reverted = self._reverted

    @property
    def plan(self) -> Plan:
        """
        The plan in force, without the toxics.
        """
        draws = self._relays.decider.plan.draws
        return Plan(tuple(draw for draw in draws if not isToxic(draw)))

    def setPlan(self, plan: Plan, seed: int | None = None) -> None:
        """
        Put C{plan} in force.  The toxics stay.

        @param seed: if given, an epoch begins with it: connections and exchanges are numbered
            from 1 again, so that decisions do not depend on earlier ones.
        @raise Refused: a rule has the name of a toxic, or a lease that is not held; nothing
            has changed.
        """
        self.checkLeases(plan.rules)
        taken = {toxic.name for toxic in self.toxics}
        for rule in plan.rules:
            if rule.name in taken:
                raise Refused(f"a toxic is called {rule.name!r}: use another name for the rule")
        self._relays.setPlan(_whole(plan, self.toxics), seed)
        self._changed("rules", plan.rules)

    def setToxics(self, toxics: Toxics) -> None:
        """
        Put C{toxics} in force.  The plan stays.

        @raise Refused: a toxic has the name of a rule, or a new one has a lease that is not
            held; nothing has changed.
        """
        plan, old = self.plan, self.toxics.items
        self.checkLeases(each.rule for each in toxics if each not in old)
        taken = {rule.name for rule in plan.rules}
        for toxic in toxics:
            if toxic.name in taken:
                raise Refused(
                    f"a rule is called {toxic.name!r}: use another name for the toxic", "name"
                )
        self.toxics = toxics
        self._relays.amendPlan(_whole(plan, toxics))
        self._changed("toxics", [each.rule for each in toxics])

    def add(self, rule: Rule) -> Rule:
        """
        Add a rule to those in force.  The other rules keep their counts.

        @return: the rule with its name.  A rule without a name gets that of its behavior, with
            a number if that is taken.
        @raise RuleExists: a rule or toxic has its name; nothing has changed.
        @raise Refused: its lease is not held, or there are too many rules.
        """
        self.checkLeases([rule])
        plan = self.plan
        named, draw = newRule(plan, rule, {toxic.name for toxic in self.toxics})
        self._relays.amendPlan(_whole(plan.adding(draw), self.toxics))
        self._changed("rule added", [named])
        return named

    def remove(self, name: str) -> None:
        """
        Remove the rules called C{name} from the plan.  The other rules keep their counts.

        @raise NoSuchRule: there is none; the message names the most similar one.
        """
        rules = rulesCalled(self.plan, name)
        self._take(rules, self.toxics)
        self._changed("rule removed", rules)

    def clear(self) -> None:
        """
        Remove all rules and all toxics.
        """
        self.toxics = Toxics()
        self._relays.setPlan(Plan())
        self._changed("normal", [])

    def lift(self, lease: str) -> None:
        """
        Remove all rules and toxics that have the lease C{lease}.
        """
        rules = [rule for rule in self.plan.rules if rule.lease == lease]
        gone = rules + [each.rule for each in self.toxics if each.rule.lease == lease]
        if gone:
            toxics = Toxics(tuple(each for each in self.toxics if each.rule.lease != lease))
            self._take(rules, toxics)
            self._changed("lease ended", gone)

    def _take(self, rules: list[Rule], toxics: Toxics) -> None:
        plan = self.plan.without(rules)
        self.toxics = toxics
        self._relays.amendPlan(_whole(plan, toxics))

    def _reverted(self, over: Sequence[Rule]) -> None:
        self.toxics = Toxics(tuple(each for each in self.toxics if each.rule not in over))

    def checkLeases(self, rules: Iterable[Rule]) -> None:
        """
        Check that the leases of C{rules} are held.

        @raise Refused: a rule has a lease that is not held.
        """
        for rule in rules:
            if rule.lease and not self.leased(rule.lease):
                raise Refused(f"there is no lease {rule.lease!r}: it may have ended", "lease")

    def begin(self) -> None:
        """
        Start to log and record: the rules in force now, and changes from now on.
        """
        self.active = True
        rules = list(self._relays.decider.plan.rules)
        self.log()
        if rules:
            self.record("rules", _words(rules))

    def record(self, what: str, effect: str) -> None:
        """
        Record in the journal that something was set, and the actor.

        @param what: the kind of setting: C{rules}, C{toxics}, C{normal}, C{backend} and so on.
        """
        who = actor()
        if self.active and who:
            journal, name = self._relays.journal, self._relays.name
            journal.record("set", name, 0, what=what, effect=effect, by=who)

    def _changed(self, what: str, rules: Iterable[Rule]) -> None:
        if self.active:
            self.log()
            self.record(what, _words(rules))

    def log(self) -> None:
        """
        Log the rules and toxics in force.
        """
        rules = list(self._relays.decider.plan.rules)
        # The dummy behavior is not a fault.
        words = _list(rules) if any(rule.behavior.name != "dummy" for rule in rules) else "no fault"
        self._log.info("{name}: rules in force: {rules}", name=self._relays.name, rules=words)


def _list(rules: Iterable[Rule]) -> str:
    found = list(rules)
    words = [rule.describe() for rule in found[:LOGGED]]
    if len(found) > LOGGED:
        words.append(f"and {len(found) - LOGGED} more")
    return "; ".join(words) or "dummy"


def _words(rules: Iterable[Rule]) -> str:
    return short(_list(rules))


def _whole(plan: Plan, toxics: Toxics) -> Plan:
    return Plan(plan.draws + tuple(toxic.draw for toxic in toxics), plan.keep)


def _noLease(name: str) -> bool:
    return False

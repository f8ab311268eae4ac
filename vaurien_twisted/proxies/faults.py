# -*- test-case-name: tests.proxies.test_proxy -*-
"""
The faults in force on a proxy: its plan, and the toxics beside it.
"""

from __future__ import annotations

from twisted.logger import Logger

from vaurien_twisted.model.options import Refused
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.toxics import Toxics

#: The most rules that a log line names.
LOGGED = 20


class Faults:
    """
    Puts plans and toxics in force on a proxy's relays.  To these, they are one plan: the
    toxics are its last draws.

    @ivar toxics: the toxics in force.
    """

    _log = Logger()

    def __init__(self, relays: RelayFactory) -> None:
        self._relays = relays
        self.toxics = Toxics()

    @property
    def plan(self) -> Plan:
        """
        The plan in force, without the toxics.
        """
        draws = self._relays.decider.plan.draws
        return Plan(draws[: len(draws) - len(self.toxics)])

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force, and leave the toxics.

        @raise Refused: a rule has the name of a toxic; nothing has changed.
        """
        taken = {toxic.name for toxic in self.toxics}
        for rule in plan.rules:
            if rule.name in taken:
                raise Refused(f"there is a toxic called {rule.name!r}: name the rule otherwise")
        self._relays.setPlan(_whole(plan, self.toxics))

    def setToxics(self, toxics: Toxics) -> None:
        """
        Put C{toxics} in force, and leave the plan.

        @raise Refused: a toxic has the name of a rule; nothing has changed.
        """
        plan = self.plan
        taken = {rule.name for rule in plan.rules}
        for toxic in toxics:
            if toxic.name in taken:
                raise Refused(f"there is a rule called {toxic.name!r}", "name")
        self.toxics = toxics
        self._relays.amendPlan(_whole(plan, toxics))

    def log(self) -> None:
        """
        Log what is in force.
        """
        rules = [rule.describe() for rule in self._relays.decider.plan.rules]
        if len(rules) > LOGGED:
            rules[LOGGED:] = [f"and {len(rules) - LOGGED} more"]
        self._log.info(
            "{name}: in force: {rules}", name=self._relays.name, rules="; ".join(rules) or "dummy"
        )


def _whole(plan: Plan, toxics: Toxics) -> Plan:
    return Plan(plan.draws + tuple(toxic.draw for toxic in toxics), plan.keep)

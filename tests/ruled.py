"""
Deciders of rules, for the tests' own protocol.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.lines import linesRegistry
from vaurien_twisted.interfaces import IBehaviorBase
from vaurien_twisted.model.decision import NOTHING, Rule
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Draw, Plan

LINES = RuleBuilder(linesRegistry(), wire=linesRegistry().wire("lines"))


def onlyRule(behavior: IBehaviorBase, options: object) -> Plan:
    """
    The plan in which every exchange meets one behavior.
    """
    return Plan((Draw((Rule(behavior, options),)),))


def ruled(*rules: dict[str, Any], seed: int = 7) -> Decider:
    """
    The decider of a proxy of the tests' own protocol, with these rules.
    """
    plan = planFromRules(LINES, list(rules))
    return Decider("proxy", LINES.wire, seed, Journal(Clock().seconds), plan)


class RuleCase(SynchronousTestCase):
    """
    A test with rules, that sends them exchanges.
    """

    def chosen(self, of: Decider, numbers: Any, connection: Any = None, **what: str) -> list[int]:
        """
        Which of these exchanges of a connection something happens to.
        """
        met = connection or Connection(1)
        return [n for n in numbers if of.decide(met, Exchange(n, **what)) is not NOTHING]

"""
Behaviors of the tests' own, and deciders to put them into.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.task import Clock
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import PASS, Actions
from vaurien_twisted.model.decision import DecisionContext, Step
from vaurien_twisted.model.options import NoOptions
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()


@implementer(IPlugin, IBehavior)
@attrs.define
class RecordingBehavior:
    """
    Does as told, and keeps the occasions it was given.
    """

    actions: Actions = PASS
    name: str = "noting"
    options: type = NoOptions
    connections: bool = False
    met: list[DecisionContext] = attrs.field(factory=list)

    def decide(self, options: Any, context: DecisionContext) -> Actions:
        """
        As told.
        """
        self.met.append(context)
        return self.actions


def decider(plan: Plan, seed: int = 7, name: str = "proxy") -> Decider:
    """
    The decider of one proxy, with a journal of its own.
    """
    return Decider(name, REGISTRY.wire("tcp"), seed, Journal(Clock().seconds), plan)


def entries(of: Decider) -> list[dict[str, Any]]:
    """
    What its journal was told.
    """
    assert isinstance(of.journal, Journal)
    return of.journal.since()


def chosenBy(step: Step) -> str:
    """
    The name of the behavior that asked for it.
    """
    assert step.rule is not None
    return step.rule.behavior.name

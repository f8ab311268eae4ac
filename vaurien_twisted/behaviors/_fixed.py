# -*- test-case-name: tests.behaviors.test_hang,tests.behaviors.test_delay -*-
"""
The base of behaviors with the same actions for every exchange.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions, Options
from vaurien_twisted.model.commands import PASS, Actions
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import NoOptions


@implementer(IBehavior, IFixedActions)
class Fixed:
    """
    The base of such behaviors: it has no options, and passes every exchange.
    """

    name: str
    options: type = NoOptions
    connections = False

    def actions(self, options: Options) -> Actions:
        return PASS

    def decide(self, options: Options, context: DecisionContext) -> Actions:
        return self.actions(options)

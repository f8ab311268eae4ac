# -*- test-case-name: tests.behaviors.test_dummy -*-
"""
C{dummy}: no fault.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions
from vaurien_twisted.model.commands import PASS, Actions
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import NoOptions


@implementer(IPlugin, IBehavior, IFixedActions)
class Dummy:
    """
    Passes everything unchanged.
    """

    name = "dummy"
    options = NoOptions
    connections = False

    def actions(self, options: NoOptions) -> Actions:
        """
        Leave the request alone.
        """
        return PASS

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

# -*- test-case-name: tests.behaviors.test_hang -*-
"""
C{hang}: requests are held until the behavior is removed.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions
from vaurien_twisted.model.commands import Actions, Hold
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import NoOptions


@implementer(IPlugin, IBehavior, IFixedActions)
class Hang:
    """
    Holds each request and sends no answer; the connection stays open.  When you change the
    behavior, the held requests go to the backend and are answered.
    """

    name = "hang"
    options = NoOptions
    connections = False

    def actions(self, options: NoOptions) -> Actions:
        """
        Hold the request.
        """
        return Actions(request=(Hold(),))

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

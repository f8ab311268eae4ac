# -*- test-case-name: tests.behaviors.test_blackout -*-
"""
C{blackout}: the service is gone.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions
from vaurien_twisted.model.commands import Actions, Close
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import NoOptions


@implementer(IPlugin, IBehavior, IFixedActions)
class Blackout:
    """
    Closes the client's connection at once, as if the backend had been shut down: a
    new connection when it is made, an open one when it is next used.
    """

    name = "blackout"
    options = NoOptions
    connections = True

    def actions(self, options: NoOptions) -> Actions:
        """
        Close.
        """
        return Actions(request=(Close(),))

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

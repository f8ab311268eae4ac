# -*- test-case-name: tests.behaviors.test_blackout -*-
"""
C{blackout}: connections are closed.
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
    Closes connections, as if the backend had been shut down: a new connection at once, an
    open one at its next request.
    """

    name = "blackout"
    options = NoOptions
    connections = True

    def actions(self, options: NoOptions) -> Actions:
        """
        Close the connection.
        """
        return Actions(request=(Close(),))

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

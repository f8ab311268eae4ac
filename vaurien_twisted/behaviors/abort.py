# -*- test-case-name: tests.behaviors.test_abort -*-
"""
C{abort}: the answer is lost in a reset.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions
from vaurien_twisted.model.commands import Actions, Reset
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import NoOptions


@implementer(IPlugin, IBehavior, IFixedActions)
class Abort:
    """
    Lets the request reach the backend and, when the backend begins to answer, resets
    both connections: the client reads ECONNRESET, the backend has a vanished client.
    """

    name = "abort"
    options = NoOptions
    connections = False

    def actions(self, options: NoOptions) -> Actions:
        """
        Reset where the reply would begin.
        """
        return Actions(reply=(Reset(),))

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

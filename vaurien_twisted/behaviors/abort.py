# -*- test-case-name: tests.behaviors.test_abort -*-
"""
C{abort}: the connection is reset instead of a reply.
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
    Passes the request to the backend.  When the backend begins to reply, both connections
    are reset: the client reads ECONNRESET and does not know whether the request was carried
    out.
    """

    name = "abort"
    options = NoOptions
    connections = False

    def actions(self, options: NoOptions) -> Actions:
        """
        Reset when the reply begins.
        """
        return Actions(reply=(Reset(),))

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

# -*- test-case-name: tests.behaviors.test_delay -*-
"""
C{delay}: requests or replies are late by a fixed time.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior, IFixedActions
from vaurien_twisted.model.commands import Actions, Wait
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class DelayOptions:
    """
    The options of C{delay}.
    """

    sleep: float = option(float, 1.0, "How long to wait.", unit="s", minimum=0, maximum=86400)
    before: bool = option(
        bool,
        True,
        "Delay the request, before the backend gets it; if false, delay the reply.",
    )


@implementer(IPlugin, IBehavior, IFixedActions)
class Delay:
    """
    Delays each request, or each reply, by a fixed time.
    """

    name = "delay"
    options = DelayOptions
    connections = False

    def actions(self, options: DelayOptions) -> Actions:
        """
        Wait before the request or before the reply.
        """
        wait = (Wait(options.sleep),)
        return Actions(request=wait) if options.before else Actions(reply=wait)

    def decide(self, options: DelayOptions, context: DecisionContext) -> Actions:
        """
        The same for every exchange.
        """
        return self.actions(options)

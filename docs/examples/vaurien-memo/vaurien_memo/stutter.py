"""
C{stutter}: now and then, a pause.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import PASS, Actions, Wait
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class StutterOptions:
    """
    How often, and how long.
    """

    every: int = option(
        int, 3, "Of how many requests the last one waits.", unit="requests", minimum=1
    )
    pause: float = option(
        float, 1.0, "How long it waits at least.", unit="s", minimum=0, maximum=3600
    )
    jitter: float = option(
        float, 0.0, "How much longer it may wait, at random.", unit="s", minimum=0, maximum=3600
    )


@implementer(IPlugin, IBehavior)
class Stutter:
    """
    Lets requests pass, but holds back one after each few that passed, for a while.
    """

    name = "stutter"
    options = StutterOptions
    connections = False

    def decide(self, options: StutterOptions, context: DecisionContext) -> Actions:
        """
        Wait, if it is this request's turn.
        """
        if (context.number + 1) % options.every:
            return PASS
        extra = context.chance.random().uniform(0, options.jitter)
        return Actions(request=(Wait(options.pause + extra),))

"""
What a newcomer may add, declared here: a behavior, an option of all proxies, and an option of
the service.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from tests.support import REGISTRY
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import Actions, Wait
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.rules.registry import Registry


@attrs.frozen
class StumbleOptions:
    """
    The options of C{stumble}.
    """

    steps: int = option(int, 3, "How many steps it stumbles.", unit="steps", minimum=1, maximum=9)


@implementer(IPlugin, IBehavior)
class Stumble:
    """
    Waits a second for each step.
    """

    name = "stumble"
    options = StumbleOptions
    connections = False

    def decide(self, options: StumbleOptions, context: DecisionContext) -> Actions:
        """
        Wait.
        """
        return Actions(request=(Wait(float(options.steps)),))


@attrs.frozen
class MoreProxyOptions(ProxyOptions):
    """
    One more option of proxies.
    """

    errands: int = option(int, 2, "How many errands a proxy runs.", minimum=0, maximum=5)


@attrs.frozen
class MoreSettings(Settings):
    """
    One more option of the service.
    """

    color: str = option(str, "red", "The color of the service.", choices=("red", "blue"))


def registry() -> Registry:
    """
    The registry, with the behavior.
    """
    stumble: Any = Stumble()
    return Registry({**REGISTRY.behaviors, stumble.name: stumble}, REGISTRY.wires)

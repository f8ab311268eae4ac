# -*- test-case-name: tests.behaviors.test_down -*-
"""
C{down}: the service is gone.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PlainStage, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import Then
from vaurien_twisted.model.decision import StreamContext


@attrs.frozen
class DownOptions:
    """
    It is for the whole proxy, so for both directions whichever is said.
    """

    direction: str = DIRECTION()


class DownStage(PlainStage):
    """
    Ends the link.
    """

    def deadline(self, now: float) -> tuple[float, Then]:
        """
        At once.
        """
        return now, Then.RESET


@implementer(IPlugin, IStreamBehavior)
class Down(StreamBehavior):
    """
    As if the service were gone: nothing is accepted, and connections that are open are
    reset.
    """

    name = "down"
    options = DownOptions
    listens = False

    def stage(self, options: DownOptions, context: StreamContext) -> PlainStage:
        """
        A stage that resets.
        """
        return DownStage()

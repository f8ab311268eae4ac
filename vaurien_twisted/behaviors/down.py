# -*- test-case-name: tests.behaviors.test_down -*-
"""
C{down}: the service is gone.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext


@attrs.frozen
class DownOptions:
    """
    It is for the whole proxy, so for both directions whichever is said.
    """

    direction: str = DIRECTION()


class DownFilter(PassThroughFilter):
    """
    Ends the link.
    """

    def deadline(self, now: float) -> tuple[float, ConnectionFate]:
        """
        At once.
        """
        return now, ConnectionFate.RESET


@implementer(IPlugin, IStreamBehavior)
class Down(StreamBehavior):
    """
    As if the service were gone: nothing is accepted, and connections that are open are
    reset.
    """

    name = "down"
    options = DownOptions
    listens = False

    def streamFilter(self, options: DownOptions, context: StreamContext) -> PassThroughFilter:
        """
        A stage that resets.
        """
        return DownFilter()

# -*- test-case-name: tests.behaviors.test_down -*-
"""
C{down}: the proxy does not listen, and connections are reset.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import PassThroughFilter, StreamBehavior, WholeProxyOptions
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext


class DownFilter(PassThroughFilter):
    """
    Resets the connection.
    """

    def deadline(self, now: float) -> tuple[float, ConnectionFate]:
        """
        Reset now.
        """
        return now, ConnectionFate.RESET


@implementer(IPlugin, IStreamBehavior)
class Down(StreamBehavior):
    """
    Stops listening and resets open connections, as if the service had crashed.  New clients
    read ECONNREFUSED.
    """

    name = "down"
    options = WholeProxyOptions
    listens = False

    def effect(self, options: WholeProxyOptions) -> str:
        """
        Say that the connection is reset.
        """
        return "connection reset"

    def streamFilter(self, options: WholeProxyOptions, context: StreamContext) -> PassThroughFilter:
        """
        A filter that resets.
        """
        return DownFilter()

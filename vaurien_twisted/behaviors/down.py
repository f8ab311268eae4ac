# -*- test-case-name: tests.behaviors.test_down -*-
"""
C{down}: the proxy does not listen, and connections are reset.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._base import PassThroughFilter, StreamBehavior, WholeProxyOptions
from vaurien_twisted.model.commands import ConnectionFate


class DownFilter(PassThroughFilter):
    """
    Resets the connection.
    """

    def deadline(self, now: float) -> tuple[float, ConnectionFate]:
        return now, ConnectionFate.RESET


class Down(StreamBehavior):
    """
    Stops listening and resets open connections, as if the service had crashed.  New clients
    read ECONNREFUSED.
    """

    name = "down"
    options = WholeProxyOptions
    filter = DownFilter
    listens = False

    def effect(self, options: WholeProxyOptions) -> str:
        return "connection reset"

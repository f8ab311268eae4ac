# -*- test-case-name: tests.behaviors.test_refuse -*-
"""
C{refuse}: the proxy does not listen.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._base import PassThroughFilter, StreamBehavior, WholeProxyOptions


class Refuse(StreamBehavior):
    """
    Stops listening: new clients read ECONNREFUSED.  Open connections go on.
    """

    name = "refuse"
    options = WholeProxyOptions
    filter = PassThroughFilter
    listens = False

    def effect(self, options: WholeProxyOptions) -> str:
        return "connection refused"

# -*- test-case-name: tests.behaviors.test_refuse -*-
"""
C{refuse}: the proxy does not listen.
"""

from __future__ import annotations

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import PassThroughFilter, StreamBehavior, WholeProxyOptions
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext


@implementer(IPlugin, IStreamBehavior)
class Refuse(StreamBehavior):
    """
    Stops listening: new clients read ECONNREFUSED.  Open connections go on.
    """

    name = "refuse"
    options = WholeProxyOptions
    listens = False

    def effect(self, options: WholeProxyOptions) -> str:
        """
        Say that new connections are refused.
        """
        return "connection refused"

    def streamFilter(self, options: WholeProxyOptions, context: StreamContext) -> PassThroughFilter:
        """
        A filter that passes everything: open connections go on.
        """
        return PassThroughFilter()

# -*- test-case-name: tests.behaviors.test_refuse -*-
"""
C{refuse}: the proxy does not listen.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext


@attrs.frozen
class RefuseOptions:
    """
    The options of C{refuse}.  The direction has no effect.
    """

    direction: str = DIRECTION()


@implementer(IPlugin, IStreamBehavior)
class Refuse(StreamBehavior):
    """
    Stops listening: new clients read ECONNREFUSED.  Open connections go on.
    """

    name = "refuse"
    options = RefuseOptions
    listens = False

    def streamFilter(self, options: RefuseOptions, context: StreamContext) -> PassThroughFilter:
        """
        A filter that passes everything: open connections go on.
        """
        return PassThroughFilter()

# -*- test-case-name: tests.behaviors.test_refuse -*-
"""
C{refuse}: no new connections.
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
    It is for the whole proxy, so for both directions whichever is said.
    """

    direction: str = DIRECTION()


@implementer(IPlugin, IStreamBehavior)
class Refuse(StreamBehavior):
    """
    New clients are refused with ECONNREFUSED, as nothing listens; connections that are
    open carry on.
    """

    name = "refuse"
    options = RefuseOptions
    listens = False

    def streamFilter(self, options: RefuseOptions, context: StreamContext) -> PassThroughFilter:
        """
        Open connections meet nothing.
        """
        return PassThroughFilter()

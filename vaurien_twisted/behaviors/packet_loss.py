# -*- test-case-name: tests.behaviors.test_packet_loss -*-
"""
C{packet_loss}: as C{loss}, with the attributes that Toxiproxy has for it.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, StreamBehavior
from vaurien_twisted.behaviors.loss import LossFilter, LossOptions
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class PacketLossOptions:
    """
    How many, and how they follow each other.
    """

    loss_rate: float = option(
        float, 0.1, "The chance that a segment is lost.", minimum=0, maximum=1
    )
    correlation: float = option(
        float, 0.0, "By how much that grows after one that was lost.", minimum=0, maximum=1
    )
    direction: str = DIRECTION()


def asLoss(options: PacketLossOptions) -> LossOptions:
    """
    The same in C{loss}'s terms: the line is bad while segments are lost.
    """
    again = min(1.0, options.loss_rate + options.correlation)
    return LossOptions(
        p=options.loss_rate, r=1 - again, loss_bad=1.0, loss_good=0.0, direction=options.direction
    )


@implementer(IPlugin, IStreamBehavior)
class PacketLoss(StreamBehavior):
    """
    The same as C{loss}, told by how many segments are lost, and how much more likely that
    is after one that was.  No byte is missing; they arrive later.
    """

    name = "packet_loss"
    options = PacketLossOptions

    def streamFilter(self, options: PacketLossOptions, context: StreamContext) -> LossFilter:
        """
        A stage that loses segments.
        """
        return LossFilter(options, context.random, asLoss)

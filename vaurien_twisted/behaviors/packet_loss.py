# -*- test-case-name: tests.behaviors.test_packet_loss -*-
"""
C{packet_loss}: C{loss} with the attributes of Toxiproxy.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.behaviors._base import DIRECTION, StreamBehavior, way
from vaurien_twisted.behaviors.loss import LossFilter, LossOptions
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class PacketLossOptions:
    """
    The options of C{packet_loss}.
    """

    loss_rate: float = option(
        float, 0.1, "The probability that a segment is lost.", minimum=0, maximum=1
    )
    correlation: float = option(
        float, 0.0, "How much the probability grows after a lost segment.", minimum=0, maximum=1
    )
    direction: str = DIRECTION()


def lossOptions(options: PacketLossOptions) -> LossOptions:
    """
    The options of C{loss} that do the same: the line is bad while segments are lost.
    """
    again = min(1.0, options.loss_rate + options.correlation)
    return LossOptions(
        p=options.loss_rate, r=1 - again, loss_bad=1.0, loss_good=0.0, direction=options.direction
    )


class PacketLoss(StreamBehavior):
    """
    Imitates a network that loses TCP segments, with one probability.  No byte is missing:
    a lost segment and all that follows it arrive later.  C{loss} has more options.
    """

    name = "packet_loss"
    options = PacketLossOptions

    def effect(self, options: PacketLossOptions) -> str:
        return f"segments lost and sent again {way(options)}"

    def streamFilter(
        self, options: PacketLossOptions, context: StreamContext
    ) -> LossFilter[PacketLossOptions]:
        return LossFilter(options, context, lossOptions)

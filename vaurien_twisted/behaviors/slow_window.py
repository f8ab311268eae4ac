# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
C{slow_window}: one end of a stream gives no credit for more bytes.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTIONS
from vaurien_twisted.behaviors._streams import OfStreams
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import Actions, Withhold
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class SlowWindowOptions:
    """
    The options of C{slow_window}.
    """

    seconds: float = option(
        float,
        0.0,
        "How long the credit is kept back. 0: until the behavior is removed.",
        unit="s",
        minimum=0,
        maximum=86400,
    )
    direction: str = option(
        str,
        "downstream",
        "Credit for which bytes: those to the backend (upstream), to the client (downstream), or "
        "both.",
        choices=DIRECTIONS,
    )


@implementer(IBehavior)
class SlowWindow(OfStreams):
    """
    Keeps back the credit (WINDOW_UPDATE) of a stream of HTTP/2.  Its sender stops when it has
    used up the first window, which the receiver has set (65,535 bytes if it has set none); other
    streams go on.
    """

    name = "slow_window"
    options = SlowWindowOptions

    def decide(self, options: SlowWindowOptions, context: DecisionContext) -> Actions:
        way = options.direction
        withhold = Withhold(way != "downstream", way != "upstream", options.seconds)
        return Actions(request=(withhold,))

# -*- test-case-name: tests.behaviors.test_bandwidth -*-
"""
C{bandwidth}: only so many bytes in a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: A kilobyte, as Toxiproxy counts.
KILOBYTE = 1000

#: What passes in so many seconds passes as one part.
QUANTUM = 0.02

#: How much of what timers were late may be made up for, in seconds.
ARREARS = 0.02


@attrs.frozen
class BandwidthOptions:
    """
    How much.
    """

    rate: int = option(
        int,
        0,
        "How much passes, in kilobytes of 1000 bytes; nothing at all if 0.",
        unit="KB/s",
        minimum=0,
        maximum=10_000_000,
    )
    shared: bool = option(
        bool,
        False,
        "All connections of the proxy share that much, else each has as much for itself.",
    )
    direction: str = DIRECTION()


class Budget:
    """
    What may pass in one direction.

    @ivar free: when all that was granted so far has passed, in seconds.
    """

    __slots__ = ("free",)

    def __init__(self, now: float) -> None:
        self.free = now

    def grant(self, size: int, rate: float, now: float) -> float:
        """
        When the next C{size} bytes have passed, at C{rate} bytes in a second.
        """
        self.free = max(self.free, now - ARREARS) + size / rate
        return self.free


class BandwidthFilter(PassThroughFilter):
    """
    Takes its turn for each small part, so that connections which share a budget share
    it alike, and other options count from the next part on.
    """

    def __init__(self, options: BandwidthOptions, context: StreamContext) -> None:
        self._options = options
        self._own = Budget(context.now)
        common: Budget = context.shared.setdefault(context.direction, Budget(context.now))
        self._common = common

    def push(self, data: bytes, now: float) -> Iterator[tuple[float, bytes]]:
        """
        Its parts, each when it would have been transmitted whole.
        """
        place = 0
        while place < len(data):
            rate = self._options.rate * KILOBYTE
            part = data[place : place + max(1, int((rate or KILOBYTE) * QUANTUM))]
            place += len(part)
            budget = self._common if self._options.shared else self._own
            yield budget.grant(len(part), rate, now) if rate else math.inf, part

    def update(self, options: BandwidthOptions, now: float) -> Callable[[float], float]:
        """
        A part that would have waited for ever goes on; there are no arrears from before.
        """
        self._options = options
        for budget in (self._own, self._common):
            budget.free = max(budget.free, now)
        return lambda when: now if when == math.inf else when


@implementer(IPlugin, IStreamBehavior)
class Bandwidth(StreamBehavior):
    """
    The stream is as slow as a thin line: so many kilobytes in a second and no more.  The
    sender is made to wait.
    """

    name = "bandwidth"
    options = BandwidthOptions

    def streamFilter(self, options: BandwidthOptions, context: StreamContext) -> BandwidthFilter:
        """
        A stage that spends a budget.
        """
        return BandwidthFilter(options, context)

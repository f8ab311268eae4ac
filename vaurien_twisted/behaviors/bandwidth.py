# -*- test-case-name: tests.behaviors.test_bandwidth -*-
"""
C{bandwidth}: a limited number of bytes per second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import cast

import attrs

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior, way
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: A kilobyte, as Toxiproxy counts.
KILOBYTE = 1000

#: Bytes are passed in parts, each of what may pass in this time, in seconds.
QUANTUM = 0.02

#: How much lateness of timers is made up for, in seconds.
ARREARS = 0.02


@attrs.frozen
class BandwidthOptions:
    """
    The options of C{bandwidth}.
    """

    rate: int = option(
        int,
        0,
        "The limit, in kilobytes (1000 bytes) per second. 0: nothing passes.",
        unit="KB/s",
        minimum=0,
        maximum=10_000_000,
    )
    shared: bool = option(
        bool,
        False,
        "The connections of the proxy share the limit; if false, each has its own.",
    )
    direction: str = DIRECTION()


class Budget:
    """
    The bandwidth of one direction.

    @ivar free: the time at which all granted bytes have passed, in seconds.
    """

    __slots__ = ("free",)

    def __init__(self, now: float) -> None:
        self.free = now

    def grant(self, size: int, rate: float, now: float) -> float:
        """
        The time at which the next C{size} bytes have passed, at C{rate} bytes per second.
        """
        self.free = max(self.free, now - ARREARS) + size / rate
        return self.free


class BandwidthFilter(PassThroughFilter):
    """
    Grants one small part at a time, so that connections share a budget fairly, and changed
    options take effect with the next part.
    """

    _options: BandwidthOptions

    def __init__(self, options: BandwidthOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._own = Budget(context.now)
        common = context.shared.setdefault(context.direction, Budget(context.now))
        self._common = cast(Budget, common)

    def push(self, data: bytes, now: float) -> Iterator[tuple[float, bytes]]:
        """
        Pass each part at the time at which its last byte would have arrived.
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
        Release a part that a rate of 0 holds, and forget lateness from before the change.
        """
        self._options = options
        for budget in (self._own, self._common):
            budget.free = max(budget.free, now)
        return lambda when: now if when == math.inf else when


class Bandwidth(StreamBehavior):
    """
    Limits the bytes per second.  A faster sender has to wait.
    """

    name = "bandwidth"
    options = BandwidthOptions
    filter = BandwidthFilter

    def effect(self, options: BandwidthOptions) -> str:
        done = f"limited to {options.rate:,} KB/s" if options.rate else "stopped"
        return f"{done} {way(options)}"

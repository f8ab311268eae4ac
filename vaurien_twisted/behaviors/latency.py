# -*- test-case-name: tests.behaviors.test_latency -*-
"""
C{latency}: bytes arrive later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from random import Random

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import (
    DAY_MS,
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    about,
    way,
)
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: How many delayed bytes are kept before the sender must wait, as the window of TCP would.
WINDOW = 8 * 2**20


@attrs.frozen
class LatencyOptions:
    """
    The options of C{latency}.
    """

    latency: int = option(int, 0, "The average delay.", unit="ms", minimum=0, maximum=DAY_MS)
    jitter: int = option(int, 0, "How much the delay varies.", unit="ms", minimum=0, maximum=DAY_MS)
    distribution: str = option(
        str,
        "uniform",
        "How the delay varies: uniform (by up to the jitter), or one of the others, with "
        "the jitter as standard deviation.",
        choices=("uniform", "normal", "pareto", "lognormal"),
    )
    direction: str = DIRECTION()


class LatencyFilter(PassThroughFilter):
    """
    Delays each part from its own arrival, and keeps the order.
    """

    flight = WINDOW

    def __init__(self, options: LatencyOptions, context: StreamContext) -> None:
        self._options = options
        self._random = context.random
        self._last = 0.0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Pass C{data} later.
        """
        self._last = max(self._last, now + draw(self._options, self._random))
        return ((self._last, data),)

    def end(self, now: float) -> float:
        """
        Pass the end of the stream after the last bytes.
        """
        return max(self._last, now)

    def update(self, options: LatencyOptions, now: float) -> Callable[[float], float]:
        """
        Shift what waits by as much as the latency has changed.
        """
        change = (options.latency - self._options.latency) / 1000
        self._options = options

        def later(when: float) -> float:
            return max(now, when + change)

        self._last = later(self._last)
        return later


def draw(options: LatencyOptions, random: Random) -> float:
    """
    A random delay in seconds, at least 0.
    """
    mean, jitter = options.latency / 1000, options.jitter / 1000
    if not jitter:
        return mean
    if options.distribution == "normal":
        return max(0.0, random.gauss(mean, jitter))
    if options.distribution == "lognormal":
        # Without a latency the jitter is all there is.
        mean = mean or jitter
        variance = math.log1p((jitter / mean) ** 2)
        return random.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))
    if options.distribution == "pareto":
        # Of the shape 3: most a little early, a few very late.
        return max(0.0, mean + jitter * (random.paretovariate(3) - 1.5) / math.sqrt(0.75))
    return max(0.0, mean + random.uniform(-jitter, jitter))


@implementer(IPlugin, IStreamBehavior)
class Latency(StreamBehavior):
    """
    Delays all bytes, in order and without limiting the bandwidth.
    """

    name = "latency"
    options = LatencyOptions

    def effect(self, options: LatencyOptions) -> str:
        """
        Say how much later bytes come.
        """
        return f"delayed {about(options.latency, options.jitter, 'ms')} {way(options)}"

    def streamFilter(self, options: LatencyOptions, context: StreamContext) -> LatencyFilter:
        """
        A filter that delays bytes.
        """
        return LatencyFilter(options, context)

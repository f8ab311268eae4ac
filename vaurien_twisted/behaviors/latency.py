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

from vaurien_twisted.behaviors._base import DAY_MS, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: So much is under way at most before the sender waits: the window of a fast, long network.
WINDOW = 8 * 2**20


@attrs.frozen
class LatencyOptions:
    """
    How late.
    """

    latency: int = option(
        int, 0, "How much later bytes arrive.", unit="ms", minimum=0, maximum=DAY_MS
    )
    jitter: int = option(int, 0, "By how much that varies.", unit="ms", minimum=0, maximum=DAY_MS)
    distribution: str = option(
        str,
        "uniform",
        "How it varies: uniform within the jitter, or with the jitter as standard deviation.",
        choices=("uniform", "normal", "pareto", "lognormal"),
    )
    direction: str = DIRECTION()


class LatencyFilter(PassThroughFilter):
    """
    Each part is late from its own arrival, and never overtakes another.
    """

    flight = WINDOW

    def __init__(self, options: LatencyOptions, context: StreamContext) -> None:
        self._options = options
        self._random = context.random
        self._last = 0.0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        All of it, later.
        """
        self._last = max(self._last, now + draw(self._options, self._random))
        return ((self._last, data),)

    def end(self, now: float) -> float:
        """
        Behind the last bytes.
        """
        return max(self._last, now)

    def update(self, options: LatencyOptions, now: float) -> Callable[[float], float]:
        """
        What waits is later, or earlier, by as much as the latency has changed.
        """
        change = (options.latency - self._options.latency) / 1000
        self._options = options

        def later(when: float) -> float:
            return max(now, when + change)

        self._last = later(self._last)
        return later


def draw(options: LatencyOptions, random: Random) -> float:
    """
    One delay, in seconds, never negative.
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
    Every part of the stream arrives later, all in order, at full bandwidth.
    """

    name = "latency"
    options = LatencyOptions

    def streamFilter(self, options: LatencyOptions, context: StreamContext) -> LatencyFilter:
        """
        A stage that holds bytes back.
        """
        return LatencyFilter(options, context)

# -*- test-case-name: tests.behaviors.test_latency -*-
"""
C{latency}: bytes arrive later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from random import Random

import attrs

from vaurien_twisted.behaviors._base import (
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    about,
    milliseconds,
    way,
)
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: How many delayed bytes are kept before the sender must wait, as the window of TCP would.
WINDOW = 8 * 2**20


@attrs.frozen
class LatencyOptions:
    """
    The options of C{latency}.
    """

    latency: int = milliseconds("The average delay.")
    jitter: int = milliseconds("How much the delay varies.")
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

    _options: LatencyOptions
    flight = WINDOW

    def __init__(self, options: LatencyOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._random = context.random
        self._last = 0.0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        self._last = max(self._last, now + draw(self._options, self._random))
        return ((self._last, data),)

    def end(self, now: float) -> float:
        return max(self._last, now)

    def update(self, options: LatencyOptions, now: float) -> Callable[[float], float]:
        # What waits is shifted by as much as the latency has changed.
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


class Latency(StreamBehavior):
    """
    Delays all bytes, in order and without limiting the bandwidth.
    """

    name = "latency"
    options = LatencyOptions
    filter = LatencyFilter

    def effect(self, options: LatencyOptions) -> str:
        return f"delayed {about(options.latency, options.jitter, 'ms')} {way(options)}"

# -*- test-case-name: tests.behaviors.test_slicer -*-
"""
C{slicer}: bytes arrive in small slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DAY_MS, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class SlicerOptions:
    """
    How small.
    """

    average_size: int = option(
        int, 0, "How big slices are; nothing is sliced if 0.", unit="bytes", minimum=0
    )
    size_variation: int = option(
        int, 0, "By how much that varies; a slice has a byte at least.", unit="bytes", minimum=0
    )
    delay: int = option(
        int,
        0,
        "How long after a slice the next one follows.",
        unit="µs",
        minimum=0,
        maximum=DAY_MS * 1000,
    )
    direction: str = DIRECTION()


class SlicerFilter(PassThroughFilter):
    """
    Cuts what comes, and never joins it.
    """

    def __init__(self, options: SlicerOptions, random: Random) -> None:
        self._options = options
        self._random = random
        self._next = 0.0

    def push(self, data: bytes, now: float) -> Iterator[tuple[float, bytes]]:
        """
        The slices, one after the other.
        """
        place = 0
        while place < len(data):
            options = self._options
            part = data[place : place + self._size(len(data))]
            place += len(part)
            when = max(now, self._next)
            self._next = when + options.delay / 1e6
            yield when, part

    def _size(self, whole: int) -> int:
        average, variation = self._options.average_size, self._options.size_variation
        if not average:
            return whole
        return max(1, average + self._random.randint(-variation, variation))

    def update(self, options: SlicerOptions, now: float) -> None:
        """
        For the next slice.
        """
        self._options = options
        self._next = min(self._next, now + options.delay / 1e6)


@implementer(IPlugin, IStreamBehavior)
class Slicer(StreamBehavior):
    """
    Whatever is sent arrives in slices, each for itself: for readers that take it for
    granted that one read has all of a message.
    """

    name = "slicer"
    options = SlicerOptions

    def streamFilter(self, options: SlicerOptions, context: StreamContext) -> SlicerFilter:
        """
        A stage that cuts at random.
        """
        return SlicerFilter(options, context.random)

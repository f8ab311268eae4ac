# -*- test-case-name: tests.behaviors.test_slicer -*-
"""
C{slicer}: bytes arrive in small pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
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


@attrs.frozen
class SlicerOptions:
    """
    The options of C{slicer}.
    """

    average_size: int = option(
        int, 0, "The average size of a piece. 0: nothing is sliced.", unit="bytes", minimum=0
    )
    size_variation: int = option(
        int,
        0,
        "How much larger or smaller a piece can be. It has at least 1 byte.",
        unit="bytes",
        minimum=0,
    )
    delay: int = option(
        int,
        0,
        "The time between two pieces.",
        unit="µs",
        minimum=0,
        maximum=DAY_MS * 1000,
    )
    direction: str = DIRECTION()


class SlicerFilter(PassThroughFilter):
    """
    Cuts bytes into pieces, and never joins them.
    """

    def __init__(self, options: SlicerOptions, random: Random) -> None:
        self._options = options
        self._random = random
        self._next = 0.0

    def push(self, data: bytes, now: float) -> Iterator[tuple[float, bytes]]:
        """
        Pass the pieces one after the other.
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
        Use the new options for the next piece.
        """
        self._options = options
        self._next = min(self._next, now + options.delay / 1e6)


@implementer(IPlugin, IStreamBehavior)
class Slicer(StreamBehavior):
    """
    Sends bytes in small pieces.  It finds programs that expect a whole message from one
    read.
    """

    name = "slicer"
    options = SlicerOptions

    def effect(self, options: SlicerOptions) -> str:
        """
        Say how large the pieces are.
        """
        size = about(options.average_size, options.size_variation, "bytes")
        apart = f" {options.delay:,} µs apart" if options.delay else ""
        return f"sent in pieces of {size}{apart} {way(options)}"

    def streamFilter(self, options: SlicerOptions, context: StreamContext) -> SlicerFilter:
        """
        A filter that cuts at random sizes.
        """
        return SlicerFilter(options, context.random)

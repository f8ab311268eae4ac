# -*- test-case-name: tests.behaviors.test_slicer -*-
"""
C{slicer}: bytes arrive in small pieces.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from vaurien_twisted.behaviors._base import (
    DAY_MS,
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    about,
    way,
)
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

    _options: SlicerOptions

    def __init__(self, options: SlicerOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._random = context.random
        self._next = 0.0

    def push(self, data: bytes, now: float) -> Iterator[tuple[float, bytes]]:
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
        self._options = options
        self._next = min(self._next, now + options.delay / 1e6)


class Slicer(StreamBehavior):
    """
    Sends bytes in small pieces.  It finds programs that expect a whole message from one
    read.
    """

    name = "slicer"
    options = SlicerOptions
    filter = SlicerFilter

    def effect(self, options: SlicerOptions) -> str:
        size = about(options.average_size, options.size_variation, "bytes")
        apart = f" {options.delay:,} µs apart" if options.delay else ""
        return f"sent in pieces of {size}{apart} {way(options)}"

# -*- test-case-name: tests.behaviors.test_corrupt -*-
"""
C{corrupt}: some bits are flipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import attrs

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior, way
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class CorruptOptions:
    """
    The options of C{corrupt}.
    """

    rate: float = option(
        float,
        0.001,
        "The probability, for each byte, that one of its bits is flipped.",
        minimum=0,
        maximum=1,
    )
    direction: str = DIRECTION()


class CorruptFilter(PassThroughFilter):
    """
    Counts the bytes up to the next one that it damages.
    """

    def __init__(self, options: CorruptOptions, context: StreamContext) -> None:
        self._random = context.random
        self._rate = options.rate
        self._left = self._skip()

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        if self._left >= len(data):
            self._left -= len(data)
            return ((now, data),)
        wrong, place = bytearray(data), self._left
        while place < len(wrong):
            wrong[int(place)] ^= 1 << self._random.randrange(8)
            place += 1 + self._skip()
        self._left = place - len(wrong)
        return ((now, bytes(wrong)),)

    def _skip(self) -> float:
        """
        The number of bytes to skip, from the geometric distribution.  Each byte then has the same
        probability, without a random number for each.
        """
        if self._rate <= 0:
            return math.inf
        if self._rate >= 1:
            return 0.0
        skip = math.log(1 - self._random.random()) / math.log1p(-self._rate)
        # More than any connection carries.
        return float(int(min(skip, 2.0**60)))

    def update(self, options: CorruptOptions, now: float) -> None:
        self._rate = options.rate
        self._left = self._skip()


class Corrupt(StreamBehavior):
    """
    Flips single bits at random.  All bytes arrive, in order and without delay.
    """

    name = "corrupt"
    options = CorruptOptions
    filter = CorruptFilter

    def effect(self, options: CorruptOptions) -> str:
        return f"bits flipped {way(options)}"

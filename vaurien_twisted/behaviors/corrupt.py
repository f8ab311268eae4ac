# -*- test-case-name: tests.behaviors.test_corrupt -*-
"""
C{corrupt}: some bits arrive wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class CorruptOptions:
    """
    How many.
    """

    rate: float = option(
        float, 0.001, "The part of all bytes in which a bit is flipped.", minimum=0, maximum=1
    )
    direction: str = DIRECTION()


class CorruptFilter(PassThroughFilter):
    """
    Knows how many bytes are right before the next wrong one.
    """

    def __init__(self, options: CorruptOptions, random: Random) -> None:
        self._random = random
        self._rate = options.rate
        self._left = self._skip()

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        All of it at once, some bits of it flipped.
        """
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
        How many bytes are right: of the geometric distribution, so that each byte has the
        same chance and takes no number of its own.
        """
        if self._rate <= 0:
            return math.inf
        if self._rate >= 1:
            return 0.0
        skip = math.log(1 - self._random.random()) / math.log1p(-self._rate)
        # More than any connection carries.
        return float(int(min(skip, 2.0**60)))

    def update(self, options: CorruptOptions, now: float) -> None:
        """
        For bytes from now on.
        """
        self._rate = options.rate
        self._left = self._skip()


@implementer(IPlugin, IStreamBehavior)
class Corrupt(StreamBehavior):
    """
    Single bits are flipped at random; every byte arrives, in order and at once.
    """

    name = "corrupt"
    options = CorruptOptions

    def streamFilter(self, options: CorruptOptions, context: StreamContext) -> CorruptFilter:
        """
        A stage that flips bits.
        """
        return CorruptFilter(options, context.random)

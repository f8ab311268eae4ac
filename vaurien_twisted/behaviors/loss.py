# -*- test-case-name: tests.behaviors.test_loss -*-
"""
C{loss}: segments are lost and sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import attrs

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior, way
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: How many bytes a TCP segment carries on an Ethernet.
SEGMENT = 1460

#: The longest timeout, in seconds, and how often a segment can be lost in a row: as often as
#: Linux sends it again before it gives the connection up (tcp(7): tcp_retries2).
LONGEST, RETRIES = 120.0, 15


def _chance(default: float, description: str) -> float:
    made: float = option(float, default, description, minimum=0, maximum=1)
    return made


@attrs.frozen
class LossOptions:
    """
    The options of C{loss}: the model of Gilbert and Elliott, a line that is good or bad.
    """

    p: float = _chance(0.01, "The probability, for each segment, that a good line turns bad.")
    r: float = _chance(0.5, "The probability, for each segment, that a bad line turns good.")
    loss_bad: float = _chance(1.0, "The probability that a segment is lost while the line is bad.")
    loss_good: float = _chance(
        0.0, "The probability that a segment is lost while the line is good."
    )
    rto: int = option(
        int,
        200,
        "The time until a lost segment is sent again. It doubles with each loss in a row.",
        unit="ms",
        minimum=1,
        maximum=int(LONGEST * 1000),
    )
    direction: str = DIRECTION()


T = TypeVar("T")


class LossFilter(PassThroughFilter, Generic[T]):
    """
    Delays a lost segment and all segments after it, because TCP keeps the order.

    @param read: converts the options of its behavior to those of C{loss}.
    """

    _options: LossOptions

    def __init__(
        self, options: T, context: StreamContext, read: Callable[[T], LossOptions]
    ) -> None:
        self._read = read
        self._options = read(options)
        self._random = context.random.random
        self._bad = False
        self._last = 0.0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Pass each segment when it arrives; those that arrive together are one part.
        """
        parts: list[tuple[float, bytes]] = []
        start = 0
        last = max(now, self._last)
        for place in range(0, len(data), SEGMENT):
            late = self._late()
            if now + late > last:
                if place > start:
                    parts.append((last, data[start:place]))
                start, last = place, now + late
        self._last = last
        parts.append((last, data[start:]))
        return tuple(parts)

    def _late(self) -> float:
        """
        How late the next segment is, in seconds.
        """
        late, timeout = 0.0, self._options.rto / 1000
        for _ in range(RETRIES):
            if not self._lost():
                break
            late += timeout
            timeout = min(2 * timeout, LONGEST)
        return late

    def _lost(self) -> bool:
        options = self._options
        if self._random() < (options.r if self._bad else options.p):
            self._bad = not self._bad
        return self._random() < (options.loss_bad if self._bad else options.loss_good)

    def end(self, now: float) -> float:
        return max(now, self._last)

    def update(self, options: T, now: float) -> None:
        self._options = self._read(options)


class Loss(StreamBehavior):
    """
    Imitates a network that loses TCP segments in bursts.  No byte is missing: a lost segment
    and all that follows it arrive when TCP would have sent it again.
    """

    name = "loss"
    options = LossOptions

    def effect(self, options: LossOptions) -> str:
        return f"segments lost and sent again {way(options)}"

    def streamFilter(self, options: LossOptions, context: StreamContext) -> LossFilter[LossOptions]:
        return LossFilter(options, context, lambda own: own)

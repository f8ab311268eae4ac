# -*- test-case-name: tests.behaviors.test_loss -*-
"""
C{loss}: lost segments arrive later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: How many bytes a segment carries on an Ethernet.
SEGMENT = 1460

#: The longest timeout, in seconds, and how often a segment is lost in a row at most:
#: where Linux gives a connection up (tcp(7): tcp_retries2).
LONGEST, RETRIES = 120.0, 15


def _chance(default: float, description: str) -> float:
    made: float = option(float, default, description, minimum=0, maximum=1)
    return made


@attrs.frozen
class LossOptions:
    """
    The model of Gilbert and Elliott: the line is good or bad.
    """

    p: float = _chance(0.01, "The chance before each segment that a good line turns bad.")
    r: float = _chance(0.5, "The chance before each segment that a bad line turns good.")
    loss_bad: float = _chance(1.0, "The chance that a segment is lost while the line is bad.")
    loss_good: float = _chance(0.0, "The chance that a segment is lost while the line is good.")
    rto: int = option(
        int,
        200,
        "How long until a lost segment is sent again; twice as long each time.",
        unit="ms",
        minimum=1,
        maximum=int(LONGEST * 1000),
    )
    direction: str = DIRECTION()


class LossFilter(PassThroughFilter):
    """
    A segment that was lost holds up all that are behind it, as TCP keeps the order.

    @param read: makes the model of options that say it in other words.
    """

    def __init__(
        self, options: Any, random: Random, read: Callable[[Any], LossOptions] | None = None
    ) -> None:
        self._read = read
        self._options: LossOptions = options if read is None else read(options)
        self._random = random.random
        self._bad = False
        self._last = 0.0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        The segments, each when it has come through; those that come together in one part.
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
        How long the next segment takes to come through, in seconds.
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
        """
        Behind the last bytes.
        """
        return max(now, self._last)

    def update(self, options: Any, now: float) -> None:
        """
        For segments from now on.
        """
        self._options = options if self._read is None else self._read(options)


@implementer(IPlugin, IStreamBehavior)
class Loss(StreamBehavior):
    """
    A line that loses segments, in bursts: no byte is missing, but what was lost arrives
    when it would have been sent again, and all that follows with it.
    """

    name = "loss"
    options = LossOptions

    def streamFilter(self, options: LossOptions, context: StreamContext) -> LossFilter:
        """
        A stage that loses segments.
        """
        return LossFilter(options, context.random)

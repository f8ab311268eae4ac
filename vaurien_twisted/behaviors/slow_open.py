# -*- test-case-name: tests.behaviors.test_slow_open -*-
"""
C{slow_open}: new connections carry nothing at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from vaurien_twisted.behaviors._base import (
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    milliseconds,
    way,
)
from vaurien_twisted.model.decision import StreamContext


@attrs.frozen
class SlowOpenOptions:
    """
    The options of C{slow_open}.
    """

    delay: int = milliseconds("How long a new connection carries nothing.")
    direction: str = DIRECTION()


class SlowOpenFilter(PassThroughFilter):
    """
    Holds all bytes until the connection is old enough.
    """

    def __init__(self, options: SlowOpenOptions, context: StreamContext) -> None:
        self._began = context.began
        self._opens = context.began + options.delay / 1000

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        return ((max(now, self._opens), data),)

    def end(self, now: float) -> float:
        return max(now, self._opens)

    def update(self, options: SlowOpenOptions, now: float) -> Callable[[float], float]:
        self._opens = opens = self._began + options.delay / 1000
        return lambda when: opens


class SlowOpen(StreamBehavior):
    """
    Accepts new connections at once but passes no bytes for a while, as a busy server does.
    Connections that are already older are not affected.
    """

    name = "slow_open"
    options = SlowOpenOptions
    filter = SlowOpenFilter

    def effect(self, options: SlowOpenOptions) -> str:
        return f"first bytes held {options.delay:,} ms {way(options)}"

# -*- test-case-name: tests.behaviors.test_slow_open -*-
"""
C{slow_open}: new connections carry nothing at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import (
    DAY_MS,
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    way,
)
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class SlowOpenOptions:
    """
    The options of C{slow_open}.
    """

    delay: int = option(
        int,
        0,
        "How long a new connection carries nothing.",
        unit="ms",
        minimum=0,
        maximum=DAY_MS,
    )
    direction: str = DIRECTION()


class SlowOpenFilter(PassThroughFilter):
    """
    Holds all bytes until the connection is old enough.
    """

    def __init__(self, options: SlowOpenOptions, began: float) -> None:
        self._began = began
        self._opens = began + options.delay / 1000

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Pass C{data} when the connection is old enough.
        """
        return ((max(now, self._opens), data),)

    def end(self, now: float) -> float:
        """
        Pass the end of the stream after the bytes.
        """
        return max(now, self._opens)

    def update(self, options: SlowOpenOptions, now: float) -> Callable[[float], float]:
        """
        Release what waits when the new delay is over.
        """
        self._opens = opens = self._began + options.delay / 1000
        return lambda when: opens


@implementer(IPlugin, IStreamBehavior)
class SlowOpen(StreamBehavior):
    """
    Accepts new connections at once but passes no bytes for a while, as a busy server does.
    Connections that are already older are not affected.
    """

    name = "slow_open"
    options = SlowOpenOptions

    def effect(self, options: SlowOpenOptions) -> str:
        """
        Say how long the first bytes are held.
        """
        return f"first bytes held {options.delay:,} ms {way(options)}"

    def streamFilter(self, options: SlowOpenOptions, context: StreamContext) -> SlowOpenFilter:
        """
        A filter that opens later.
        """
        return SlowOpenFilter(options, context.began)

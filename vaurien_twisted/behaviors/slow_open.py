# -*- test-case-name: tests.behaviors.test_slow_open -*-
"""
C{slow_open}: a connection carries nothing at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DAY_MS, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class SlowOpenOptions:
    """
    For how long.
    """

    delay: int = option(
        int,
        0,
        "How long after its beginning a connection carries nothing.",
        unit="ms",
        minimum=0,
        maximum=DAY_MS,
    )
    direction: str = DIRECTION()


class SlowOpenFilter(PassThroughFilter):
    """
    Keeps all until the connection is old enough.
    """

    def __init__(self, options: SlowOpenOptions, began: float) -> None:
        self._began = began
        self._opens = began + options.delay / 1000

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        All of it, when the connection opens.
        """
        return ((max(now, self._opens), data),)

    def end(self, now: float) -> float:
        """
        Not before the bytes.
        """
        return max(now, self._opens)

    def update(self, options: SlowOpenOptions, now: float) -> Callable[[float], float]:
        """
        All that waits goes on when the connection opens by the new delay.
        """
        self._opens = opens = self._began + options.delay / 1000
        return lambda when: opens


@implementer(IPlugin, IStreamBehavior)
class SlowOpen(StreamBehavior):
    """
    A new connection is accepted at once but carries nothing for a while, as where a server
    is slow to take it up.  Connections that are older already carry on.
    """

    name = "slow_open"
    options = SlowOpenOptions

    def streamFilter(self, options: SlowOpenOptions, context: StreamContext) -> SlowOpenFilter:
        """
        A stage that opens later.
        """
        return SlowOpenFilter(options, context.began)

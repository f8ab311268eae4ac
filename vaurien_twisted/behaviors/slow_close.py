# -*- test-case-name: tests.behaviors.test_slow_close -*-
"""
C{slow_close}: the end of a connection arrives later.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DAY_MS, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class SlowCloseOptions:
    """
    How much later.
    """

    delay: int = option(
        int, 0, "How much later the end arrives.", unit="ms", minimum=0, maximum=DAY_MS
    )
    direction: str = DIRECTION()


class SlowCloseFilter(PassThroughFilter):
    """
    Keeps nothing but the end.
    """

    def __init__(self, options: SlowCloseOptions) -> None:
        self._options = options

    def end(self, now: float) -> float:
        """
        Later.
        """
        return now + self._options.delay / 1000

    def update(self, options: SlowCloseOptions, now: float) -> Callable[[float], float]:
        """
        An end that waits is later, or earlier, by as much as the delay has changed.
        """
        change = (options.delay - self._options.delay) / 1000
        self._options = options
        return lambda when: when + change


@implementer(IPlugin, IStreamBehavior)
class SlowClose(StreamBehavior):
    """
    Bytes pass at once, but when one side closes the other hears of it later.  A reset is
    a reset at once.
    """

    name = "slow_close"
    options = SlowCloseOptions

    def streamFilter(self, options: SlowCloseOptions, context: StreamContext) -> SlowCloseFilter:
        """
        A stage that keeps the end.
        """
        return SlowCloseFilter(options)

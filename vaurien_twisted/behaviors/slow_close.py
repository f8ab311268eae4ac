# -*- test-case-name: tests.behaviors.test_slow_close -*-
"""
C{slow_close}: the end of a connection arrives later.
"""

from __future__ import annotations

from collections.abc import Callable

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
class SlowCloseOptions:
    """
    The options of C{slow_close}.
    """

    delay: int = option(
        int, 0, "How much later the end arrives.", unit="ms", minimum=0, maximum=DAY_MS
    )
    direction: str = DIRECTION()


class SlowCloseFilter(PassThroughFilter):
    """
    Holds the end of the stream, not its bytes.
    """

    def __init__(self, options: SlowCloseOptions) -> None:
        self._options = options

    def end(self, now: float) -> float:
        """
        Pass the end of the stream after the delay.
        """
        return now + self._options.delay / 1000

    def update(self, options: SlowCloseOptions, now: float) -> Callable[[float], float]:
        """
        Shift an end that waits by as much as the delay has changed.
        """
        change = (options.delay - self._options.delay) / 1000
        self._options = options
        return lambda when: when + change


@implementer(IPlugin, IStreamBehavior)
class SlowClose(StreamBehavior):
    """
    Passes bytes at once, but when one side closes the connection, the other side learns it
    later.  Resets are not delayed.
    """

    name = "slow_close"
    options = SlowCloseOptions

    def effect(self, options: SlowCloseOptions) -> str:
        """
        Say how much later the end comes.
        """
        return f"end of the connection delayed {options.delay:,} ms {way(options)}"

    def streamFilter(self, options: SlowCloseOptions, context: StreamContext) -> SlowCloseFilter:
        """
        A filter that delays the end.
        """
        return SlowCloseFilter(options)

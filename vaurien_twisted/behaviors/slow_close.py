# -*- test-case-name: tests.behaviors.test_slow_close -*-
"""
C{slow_close}: the end of a connection arrives later.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from vaurien_twisted.behaviors._base import (
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    milliseconds,
    way,
)


@attrs.frozen
class SlowCloseOptions:
    """
    The options of C{slow_close}.
    """

    delay: int = milliseconds("How much later the end arrives.")
    direction: str = DIRECTION()


class SlowCloseFilter(PassThroughFilter):
    """
    Holds the end of the stream, not its bytes.
    """

    _options: SlowCloseOptions

    def end(self, now: float) -> float:
        return now + self._options.delay / 1000

    def update(self, options: SlowCloseOptions, now: float) -> Callable[[float], float]:
        # An end that waits is shifted by as much as the delay has changed.
        change = (options.delay - self._options.delay) / 1000
        self._options = options
        return lambda when: when + change


class SlowClose(StreamBehavior):
    """
    Passes bytes at once, but when one side closes the connection, the other side learns it
    later.  Resets are not delayed.
    """

    name = "slow_close"
    options = SlowCloseOptions
    filter = SlowCloseFilter

    def effect(self, options: SlowCloseOptions) -> str:
        return f"end of the connection delayed {options.delay:,} ms {way(options)}"

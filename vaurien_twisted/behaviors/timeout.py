# -*- test-case-name: tests.behaviors.test_timeout -*-
"""
C{timeout}: bytes are dropped, then the connection is closed.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from vaurien_twisted.behaviors._base import (
    DIRECTION,
    PassThroughFilter,
    StreamBehavior,
    milliseconds,
    way,
)
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext


@attrs.frozen
class TimeoutOptions:
    """
    The options of C{timeout}.
    """

    timeout: int = milliseconds("When the connection is closed. 0: never.")
    direction: str = DIRECTION()


class TimeoutFilter(PassThroughFilter):
    """
    Drops all bytes.  The timeout counts from the start or the last change of the options.
    """

    _options: TimeoutOptions

    # After a loss the stream cannot continue, since bytes are missing.
    drops = True

    def __init__(self, options: TimeoutOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._since = context.now

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        return ()

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        timeout = self._options.timeout
        return (self._since + timeout / 1000, ConnectionFate.CLOSE) if timeout else None

    def update(self, options: TimeoutOptions, now: float) -> None:
        self._options, self._since = options, now


class Timeout(StreamBehavior):
    """
    Drops all bytes, and closes the connection after a while.  The connection is also closed
    when you remove the behavior, because the dropped bytes are gone.
    """

    name = "timeout"
    options = TimeoutOptions
    filter = TimeoutFilter

    def effect(self, options: TimeoutOptions) -> str:
        closed = f", connection closed after {options.timeout:,} ms" if options.timeout else ""
        return f"bytes dropped {way(options)}{closed}"

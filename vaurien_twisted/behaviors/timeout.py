# -*- test-case-name: tests.behaviors.test_timeout -*-
"""
C{timeout}: bytes are dropped, then the connection is closed.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class TimeoutOptions:
    """
    The options of C{timeout}.
    """

    timeout: int = option(
        int,
        0,
        "When the connection is closed. 0: never.",
        unit="ms",
        minimum=0,
        maximum=DAY_MS,
    )
    direction: str = DIRECTION()


class TimeoutFilter(PassThroughFilter):
    """
    Drops all bytes.
    """

    # After a loss the stream cannot go on: nobody sent what would remain of it.
    drops = True

    def __init__(self, options: TimeoutOptions, now: float) -> None:
        self._options = options
        self._since = now

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Drop C{data}.
        """
        return ()

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        Close when the timeout since the start or the last change is over.
        """
        timeout = self._options.timeout
        return (self._since + timeout / 1000, ConnectionFate.CLOSE) if timeout else None

    def update(self, options: TimeoutOptions, now: float) -> None:
        """
        Start the timeout again.
        """
        self._options, self._since = options, now


@implementer(IPlugin, IStreamBehavior)
class Timeout(StreamBehavior):
    """
    Drops all bytes, and closes the connection after a while.  The connection is also closed
    when you remove the behavior, because the dropped bytes are gone.
    """

    name = "timeout"
    options = TimeoutOptions

    def effect(self, options: TimeoutOptions) -> str:
        """
        Say that bytes are dropped.
        """
        closed = f", connection closed after {options.timeout:,} ms" if options.timeout else ""
        return f"bytes dropped {way(options)}{closed}"

    def streamFilter(self, options: TimeoutOptions, context: StreamContext) -> TimeoutFilter:
        """
        A filter that drops bytes.
        """
        return TimeoutFilter(options, context.now)

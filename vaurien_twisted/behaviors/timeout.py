# -*- test-case-name: tests.behaviors.test_timeout -*-
"""
C{timeout}: nothing arrives any more, and then the connection ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DAY_MS, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class TimeoutOptions:
    """
    After how long.
    """

    timeout: int = option(
        int,
        0,
        "After how long the connection is closed; never if 0.",
        unit="ms",
        minimum=0,
        maximum=DAY_MS,
    )
    direction: str = DIRECTION()


class TimeoutFilter(PassThroughFilter):
    """
    Swallows all bytes.
    """

    # To go on after some were lost would be a stream that nobody sent.
    drops = True

    def __init__(self, options: TimeoutOptions, now: float) -> None:
        self._options = options
        self._since = now

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Nothing.
        """
        return ()

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        The timeout after it began, or was changed.
        """
        timeout = self._options.timeout
        return (self._since + timeout / 1000, ConnectionFate.CLOSE) if timeout else None

    def update(self, options: TimeoutOptions, now: float) -> None:
        """
        The time counts from now.
        """
        self._options, self._since = options, now


@implementer(IPlugin, IStreamBehavior)
class Timeout(StreamBehavior):
    """
    Bytes are lost, whatever is sent; after a while the connection is closed.  It is also
    closed when this is lifted, as what was lost cannot be made up for.
    """

    name = "timeout"
    options = TimeoutOptions

    def streamFilter(self, options: TimeoutOptions, context: StreamContext) -> TimeoutFilter:
        """
        A stage that swallows.
        """
        return TimeoutFilter(options, context.now)

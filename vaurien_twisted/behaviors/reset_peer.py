# -*- test-case-name: tests.behaviors.test_reset_peer -*-
"""
C{reset_peer}: the connection is reset after its first bytes.
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
class ResetPeerOptions:
    """
    The options of C{reset_peer}.
    """

    timeout: int = option(
        int,
        0,
        "The time between the first bytes and the reset.",
        unit="ms",
        minimum=0,
        maximum=DAY_MS,
    )
    direction: str = DIRECTION()


class ResetPeerFilter(PassThroughFilter):
    """
    Waits for bytes or the end of the stream, and passes neither.
    """

    def __init__(self, options: ResetPeerOptions) -> None:
        self._options = options
        self._since: float | None = None
        self.drops = False

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Drop C{data}; the time counts from the first bytes.
        """
        self.drops = True
        self._begin(now)
        return ()

    def end(self, now: float) -> None:
        """
        Return C{None}: the reset comes in place of the end.
        """
        self._begin(now)

    def _begin(self, now: float) -> None:
        if self._since is None:
            self._since = now

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        Reset when the timeout since the first bytes is over.
        """
        if self._since is None:
            return None
        return self._since + self._options.timeout / 1000, ConnectionFate.RESET

    def update(self, options: ResetPeerOptions, now: float) -> None:
        """
        Change the timeout; it still counts from the first bytes.
        """
        self._options = options


@implementer(IPlugin, IStreamBehavior)
class ResetPeer(StreamBehavior):
    """
    Drops the first bytes and resets the connection on both sides, at once or after a while.
    Both sides read ECONNRESET.
    """

    name = "reset_peer"
    options = ResetPeerOptions

    def effect(self, options: ResetPeerOptions) -> str:
        """
        Say that the connection is reset.
        """
        later = f"{options.timeout:,} ms after" if options.timeout else "after"
        return f"connection reset {later} its first bytes {way(options)}"

    def streamFilter(self, options: ResetPeerOptions, context: StreamContext) -> ResetPeerFilter:
        """
        A filter that waits for bytes.
        """
        return ResetPeerFilter(options)

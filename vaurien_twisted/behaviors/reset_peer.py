# -*- test-case-name: tests.behaviors.test_reset_peer -*-
"""
C{reset_peer}: the connection is reset after its first bytes.
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


@attrs.frozen
class ResetPeerOptions:
    """
    The options of C{reset_peer}.
    """

    timeout: int = milliseconds("The time between the first bytes and the reset.")
    direction: str = DIRECTION()


class ResetPeerFilter(PassThroughFilter):
    """
    Waits for bytes or the end of the stream, and passes neither.  The timeout counts from the
    first of them, also when it is changed.
    """

    _options: ResetPeerOptions
    _since: float | None = None

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        self.drops = True
        self._begin(now)
        return ()

    def end(self, now: float) -> None:
        self._begin(now)

    def _begin(self, now: float) -> None:
        if self._since is None:
            self._since = now

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        if self._since is None:
            return None
        return self._since + self._options.timeout / 1000, ConnectionFate.RESET


class ResetPeer(StreamBehavior):
    """
    Drops the first bytes and resets the connection on both sides, at once or after a while.
    Both sides read ECONNRESET.
    """

    name = "reset_peer"
    options = ResetPeerOptions
    filter = ResetPeerFilter

    def effect(self, options: ResetPeerOptions) -> str:
        later = f"{options.timeout:,} ms after" if options.timeout else "after"
        return f"connection reset {later} its first bytes {way(options)}"

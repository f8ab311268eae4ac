# -*- test-case-name: tests.behaviors.test_limit_data -*-
"""
C{limit_data}: the connection is closed after a number of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior, way
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class LimitDataOptions:
    """
    The options of C{limit_data}.
    """

    bytes: int = option(
        int,
        0,
        "How many bytes pass in a direction before the connection is closed.",
        unit="bytes",
        minimum=0,
        maximum=2**53,
    )
    direction: str = DIRECTION()


class LimitDataFilter(PassThroughFilter):
    """
    Counts bytes, and drops those beyond the limit.  If more bytes have passed than a changed
    limit allows, the next byte reaches it.
    """

    _options: LimitDataOptions

    def __init__(self, options: LimitDataOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._passed = 0
        self._over: float | None = None
        self.drops = False

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        part = data[: max(0, self._options.bytes - self._passed)]
        self._passed += len(part)
        if self._over is None and self._passed >= self._options.bytes:
            self._over = now
        self.drops = self.drops or len(part) < len(data)
        return ((now, part),) if part else ()

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        return None if self._over is None else (self._over, ConnectionFate.CLOSE)


class LimitData(StreamBehavior):
    """
    Closes the connection after a number of bytes, also in the middle of a message.  Bytes
    that passed before the behavior was set do not count.
    """

    name = "limit_data"
    options = LimitDataOptions
    filter = LimitDataFilter

    def effect(self, options: LimitDataOptions) -> str:
        return f"connection closed after {options.bytes:,} bytes {way(options)}"

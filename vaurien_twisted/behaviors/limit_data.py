# -*- test-case-name: tests.behaviors.test_limit_data -*-
"""
C{limit_data}: the connection is closed after so many bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class LimitDataOptions:
    """
    How many.
    """

    bytes: int = option(
        int,
        0,
        "How many bytes pass before the connection is closed.",
        unit="bytes",
        minimum=0,
        maximum=2**53,
    )
    direction: str = DIRECTION()


class LimitDataFilter(PassThroughFilter):
    """
    Counts.
    """

    def __init__(self, options: LimitDataOptions) -> None:
        self._limit = options.bytes
        self._passed = 0
        self._over: float | None = None
        self.drops = False

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        As much as the limit allows.
        """
        part = data[: max(0, self._limit - self._passed)]
        self._passed += len(part)
        if self._over is None and self._passed >= self._limit:
            self._over = now
        self.drops = self.drops or len(part) < len(data)
        return ((now, part),) if part else ()

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        When the limit was reached.
        """
        return None if self._over is None else (self._over, ConnectionFate.CLOSE)

    def update(self, options: LimitDataOptions, now: float) -> None:
        """
        What has passed already counts; a limit below that is reached with the next byte.
        """
        self._limit = options.bytes


@implementer(IPlugin, IStreamBehavior)
class LimitData(StreamBehavior):
    """
    So many bytes pass from when this begins, in the middle of a message or not; then the
    connection is closed.
    """

    name = "limit_data"
    options = LimitDataOptions

    def streamFilter(self, options: LimitDataOptions, context: StreamContext) -> LimitDataFilter:
        """
        A stage that counts.
        """
        return LimitDataFilter(options)

# -*- test-case-name: tests.relays.test_streams_limit -*-
"""
A lower limit of open streams for the client than the backend's own (RFC 9113, section 5.1.2).
"""

from __future__ import annotations

from collections import deque

from vaurien_twisted.wire.http2.frames import settings

#: The setting (RFC 9113, section 6.5.2), and its initial value.
MAX_CONCURRENT_STREAMS = 3
UNLIMITED = 2**32 - 1

#: The most SETTINGS of the proxy that the client may leave unacknowledged.
PENDING = 100


class StreamLimit:
    """
    Lowers SETTINGS_MAX_CONCURRENT_STREAMS on the way to the client, and knows which of the client's
    acknowledgements are for SETTINGS that the backend has not sent.
    """

    __slots__ = ("_acknowledged", "_mine", "_own", "_passed", "_theirs", "_told")

    def __init__(self) -> None:
        #: The limit to set, the backend's limit, and the limit that the client was told.
        self._own = self._theirs = self._told = UNLIMITED
        #: How many SETTINGS of the backend have gone to the client, and how many are acknowledged.
        self._passed = self._acknowledged = 0
        #: How many had gone before each of the proxy's own that is not acknowledged.
        self._mine: deque[int] = deque()

    def passing(self, values: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """
        The settings to send to the client in place of the backend's.
        """
        self._passed += 1
        said = [value for name, value in values if name == MAX_CONCURRENT_STREAMS]
        if said:
            self._theirs = said[-1]
        wanted, before = min(self._own, self._theirs), self._told
        self._told = wanted
        if wanted == (self._theirs if said else before):
            return values
        others = [each for each in values if each[0] != MAX_CONCURRENT_STREAMS]
        return [*others, (MAX_CONCURRENT_STREAMS, wanted)]

    def change(self, limit: int | None, now: bool) -> bytes:
        """
        Set another limit.

        @param limit: the number of streams; C{None} for the backend's limit.
        @param now: whether the client has received SETTINGS; otherwise the first ones will have the
            limit.
        @return: the frame to send to the client; C{b""} if the limit does not change.
        """
        self._own = UNLIMITED if limit is None else limit
        wanted = min(self._own, self._theirs)
        if not now or wanted == self._told or len(self._mine) >= PENDING:
            return b""
        self._told = wanted
        self._mine.append(self._passed)
        return settings({MAX_CONCURRENT_STREAMS: wanted})

    def acknowledged(self) -> bool:
        """
        The client has acknowledged the earliest SETTINGS that it had not.

        @return: whether these were the backend's.
        """
        if self._mine and self._mine[0] == self._acknowledged:
            self._mine.popleft()
            return False
        self._acknowledged += 1
        return True

# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
Frames that cost their receiver more than their sender (RFC 9113, section 10.5): they are
counted, and too many end the connection.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import Violation

#: How many frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA, unknown types) one
#: end may send in L{PERIOD} seconds.
EMPTY_LIMIT, PERIOD = 2000, 10.0

#: How many streams the client may reset before they were answered and within L{RAPID} seconds,
#: as long as these are more than half of all its streams.
RESETS_LIMIT, RAPID = 500, 1.0

#: How many streams may be open at the same time.
STREAMS_LIMIT = 16384

#: How many bytes of answers in the backend's place may wait for the client's credit.
ANSWERS_LIMIT = 8 * 2**20

#: How many frames one header block may have, and how many bytes.
PARTS_LIMIT, BLOCK_LIMIT = 64, 262144


class Floods:
    """
    Counts what one end sends.

    @ivar now: the time, in seconds.
    """

    __slots__ = ("_count", "_resets", "_since", "_streams", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._since = 0.0
        self._count = 0
        self._resets = 0
        self._streams = 0

    def empty(self, what: str) -> None:
        """
        A frame that carries nothing.

        @param what: of which kind.
        @raise Violation: there are too many.
        """
        if self.now - self._since >= PERIOD:
            self._since, self._count = self.now, 0
        self._count += 1
        if self._count > EMPTY_LIMIT:
            reason = f"more than {EMPTY_LIMIT} empty frames in {PERIOD:g} s ({what})"
            raise Violation("ENHANCE_YOUR_CALM", reason)

    def opened(self, count: int, waiting: int) -> None:
        """
        A stream was opened.

        @param count: how many are open now.
        @param waiting: how many bytes wait for the client's credit.
        @raise Violation: there are too many.
        """
        self._streams += 1
        if waiting > ANSWERS_LIMIT:
            reason = f"{waiting} bytes wait for credit, and the client asks for more"
            raise Violation("ENHANCE_YOUR_CALM", reason)
        if count > STREAMS_LIMIT:
            reason = f"more than {STREAMS_LIMIT} streams are open"
            raise Violation("ENHANCE_YOUR_CALM", reason)

    def reset(self, began: float) -> None:
        """
        A stream was reset before it was answered.

        @param began: when it was opened, in seconds.
        @raise Violation: too many were that had just been opened.
        """
        if self.now - began >= RAPID:
            # A client that has waited gives up for good reason.
            return
        self._resets += 1
        if self._resets > RESETS_LIMIT and 2 * self._resets > self._streams:
            reason = f"{self._resets} of {self._streams} streams were reset before their replies"
            raise Violation("ENHANCE_YOUR_CALM", reason)


def checkBlock(parts: int, size: int) -> None:
    """
    Whether a header block may have so many frames and bytes.

    @raise Violation: it may not.
    """
    if parts > PARTS_LIMIT or size > BLOCK_LIMIT:
        reason = f"a header block has {parts} frames and {size} bytes"
        raise Violation("ENHANCE_YOUR_CALM", reason)

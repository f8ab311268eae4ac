# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
Frames that cost their receiver more than their sender (RFC 9113, section 10.5): counts them, and
ends the connection if there are too many.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import Violation

#: The most empty frames (PING, SETTINGS, PRIORITY, empty DATA, unknown types) that one end may send
#: in L{PERIOD} seconds.
EMPTY_LIMIT, PERIOD = 2000, 10.0

#: The most streams that the client may reset before their reply and within L{RAPID} seconds, if
#: these are more than half of all its streams.
RESETS_LIMIT, RAPID = 500, 1.0

#: The most streams that may be open at the same time.
STREAMS_LIMIT = 16384

#: The most bytes of injected replies that may wait for the client's credit.
ANSWERS_LIMIT = 8 * 2**20

#: The most frames of one header block, and the most bytes.
PARTS_LIMIT, BLOCK_LIMIT = 64, 262144


class Floods:
    """
    Counts the frames of one end.

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
        Count an empty frame.

        @param what: the kind of frame, for the error.
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
        Count a new stream.

        @param count: the number of open streams.
        @param waiting: the number of bytes that wait for the client's credit.
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
        Count a stream that was reset before its reply.

        @param began: the time at which it was opened, in seconds.
        @raise Violation: too many streams were reset soon after they were opened.
        """
        if self.now - began >= RAPID:
            # A client that has waited longer has a reason to give up.
            return
        self._resets += 1
        if self._resets > RESETS_LIMIT and 2 * self._resets > self._streams:
            reason = f"{self._resets} of {self._streams} streams were reset before their replies"
            raise Violation("ENHANCE_YOUR_CALM", reason)


def checkBlock(parts: int, size: int) -> None:
    """
    Check the numbers of frames and bytes of a header block.

    @raise Violation: there are too many.
    """
    if parts > PARTS_LIMIT or size > BLOCK_LIMIT:
        reason = f"a header block has {parts} frames and {size} bytes"
        raise Violation("ENHANCE_YOUR_CALM", reason)

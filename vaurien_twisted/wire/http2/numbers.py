# -*- test-case-name: tests.relays.test_streams_musts -*-
"""
The numbers of streams that are no longer open, or not yet, as far as they matter (RFC 9113, section
5.1.1).
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.windows import LARGEST_STREAM

#: How many numbers of streams are remembered that are over for one end alone.
OVER_LIMIT = 4096


class Numbers:
    """
    Knows which frames may still come on streams that are not open.

    @ivar unheard: streams that are over for the client, and that the backend has never heard of.
    @ivar finished: streams that were struck and are over for the client, by the backend's numbers.
    @ivar promised: the highest number that the backend has promised (PUSH_PROMISE); 0 for none.
    """

    __slots__ = ("_served", "_unended", "finished", "promised", "unheard")

    def __init__(self) -> None:
        self.unheard: dict[int, None] = {}
        self.finished: dict[int, None] = {}
        #: Streams that are over before the client has ended its request.
        self._unended: dict[int, None] = {}
        self.promised = 0
        #: The last stream that is served, according to GOAWAY.
        self._served = LARGEST_STREAM

    def closed(self, stream: Stream) -> None:
        """
        A stream is over for the client.
        """
        if not stream.theirs:
            _remember(self.unheard, stream.number)
        elif stream.struck is not None:
            _remember(self.finished, stream.theirs)
        if not stream.clientDone:
            _remember(self._unended, stream.number)

    def refuse(self, number: int) -> None:
        """
        The client has opened a stream that goes nowhere.
        """
        _remember(self.unheard, number)

    def trailer(self, number: int) -> None:
        """
        The client has sent a header block on a stream that is over, or that it has skipped.

        @raise Violation: it is not the trailer of a request that was under way.
        """
        if number not in self._unended and number not in self.unheard:
            reason = f"HEADERS on stream {number}, which is over or was skipped"
            raise Violation("PROTOCOL_ERROR", reason)

    def ended(self, number: int) -> None:
        """
        The client has ended its request on a stream that is over.
        """
        self.unheard.pop(number, None)
        self._unended.pop(number, None)

    def promise(self, number: int) -> None:
        """
        The backend has promised a stream.

        @raise Violation: it may not have this number.
        """
        if number % 2 or number <= self.promised:
            raise Violation("PROTOCOL_ERROR", f"PUSH_PROMISE of stream {number}")
        self.promised = number

    def checkPushed(self, number: int, what: str) -> None:
        """
        Check that a stream with an even number can have been promised.

        @raise Violation: it cannot.
        """
        if number > self.promised:
            raise Violation("PROTOCOL_ERROR", f"{what} on stream {number}, which is idle")

    def served(self, last: int) -> int:
        """
        The last stream that GOAWAY says is served: never a higher one than before (section 6.8).
        """
        self._served = min(self._served, last)
        return self._served


def _remember(numbers: dict[int, None], number: int) -> None:
    """
    Add a number; the oldest makes room for it.
    """
    if len(numbers) >= OVER_LIMIT:
        del numbers[next(iter(numbers))]
    numbers[number] = None

# -*- test-case-name: tests.relays.test_streams -*-
"""
A stream of HTTP/2: one exchange (RFC 9113, section 5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamFacts
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.frames import LARGEST_WINDOW


@implementer(IStreamFacts)
class StreamFacts:
    """
    What errors and rules need to know of an exchange's stream.

    @ivar number: the stream's number for the client.
    @ivar open: how many streams of the client are open, this one included.
    @ivar grpc: whether it is a call of gRPC.
    @ivar deadline: of a call, how many seconds it may take; C{None} for no end.
    """

    __slots__ = ("deadline", "grpc", "number", "open")

    def __init__(
        self, number: int, open: int = 1, grpc: bool = False, deadline: float | None = None
    ) -> None:
        self.number = number
        self.open = open
        self.grpc = grpc
        self.deadline = deadline


class Struck(Protocol):
    """
    Receives all that comes on a stream that a fault may strike.  Frames have the client's
    number of the stream; their header blocks use no dynamic table.
    """

    def requested(self, data: bytes, head: bool, ends: bool) -> None:
        """
        A part of the request.

        @param data: header blocks in frames if C{head}, else the content of one DATA frame.
        @param ends: whether it ends the request.
        """

    def interim(self, data: bytes) -> None:
        """
        A head of the reply that another follows (1xx).
        """

    def replied(self, data: bytes, head: bool, ends: bool) -> None:
        """
        A part of the reply; see L{requested}.
        """

    def resetByClient(self) -> None:
        """
        The client gives the stream up.
        """

    def resetByBackend(self, frame: bytes) -> None:
        """
        The backend gives the stream up.

        @param frame: RST_STREAM, with the client's number.
        """

    def stop(self) -> None:
        """
        The link ends: forget everything.
        """


class Stream:
    """
    A stream that is open, or was answered before its request has ended.

    @ivar number: the number that the client gave it.
    @ivar theirs: the number that the backend knows it by; 0: the backend has not heard of it.
    @ivar exchange: the request and its reply.
    @ivar struck: is told of all that comes; C{None} where all passes as it is.
    @ivar clientDone: the client has ended the request.
    @ivar backendDone: the client has got the whole reply.
    @ivar gone: the backend has ended the reply, or the stream was reset at the backend.
    @ivar reset: the stream was reset at the backend, which takes nothing more of the request.
    @ivar accepted: the head of the reply has a status 2xx.
    @ivar room: of a stream that is struck, how many bytes the backend takes, and the client.
    @ivar lent: how many bytes are kept back for which the client is credited, and the backend.
    @ivar owed: how many bytes of the client's next credit of the stream are not the backend's:
        they were the proxy's own, or are credited already.
    @ivar taken: called when all has gone on that waited for a window.
    @ivar withheld: how many bytes of credit are kept back that the backend has given, and that
        the client has; C{None} where they pass.
    """

    __slots__ = (
        "accepted",
        "backendDone",
        "clientDone",
        "exchange",
        "gone",
        "lent",
        "number",
        "owed",
        "reset",
        "room",
        "struck",
        "taken",
        "theirs",
        "withheld",
    )

    def __init__(self, number: int, exchange: Exchange) -> None:
        self.number = number
        self.theirs = 0
        self.exchange = exchange
        self.struck: Struck | None = None
        self.clientDone = self.backendDone = self.gone = self.reset = self.accepted = False
        self.room = [0, 0]
        self.lent = [0, 0]
        self.owed = 0
        self.taken: Callable[[], None] = _nothing
        self.withheld: list[int | None] = [None, None]

    def shared(self, increment: int) -> int:
        """
        The client has credited the stream.

        @return: how much of it is the backend's.
        """
        kept = min(self.owed, increment)
        self.owed -= kept
        return increment - kept

    def credit(self, place: int, increment: int) -> None:
        """
        A receiver takes more of this stream, or less.

        @param place: 0 for bytes to the backend, 1 for bytes to the client.
        @raise Violation: its window exceeds the largest that there can be.
        """
        self.room[place] += increment
        if self.room[place] > LARGEST_WINDOW:
            reason = f"the window of stream {self.number} exceeds 2^31-1 bytes"
            raise Violation("FLOW_CONTROL_ERROR", reason)

    def withholds(self, place: int, increment: int) -> bool:
        """
        Whether credit for bytes of one direction is kept back, which is done then.

        @param place: 0 for bytes to the backend, 1 for bytes to the client.
        """
        before = self.withheld[place]
        if before is None:
            return False
        self.withheld[place] = before + increment
        return True


def _nothing() -> None:
    """
    Does nothing; stands for a callback that is not set.
    """

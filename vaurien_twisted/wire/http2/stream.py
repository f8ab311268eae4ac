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
from vaurien_twisted.wire.http2.windows import LARGEST_WINDOW


@implementer(IStreamFacts)
class StreamFacts:
    """
    The facts about a stream that errors and rules use.

    @ivar number: the stream's number for the client.
    @ivar open: the number of open streams of the client, including this one.
    @ivar grpc: whether it is a gRPC call.
    @ivar deadline: the deadline of a call in seconds; C{None} for none.
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
    Receives the frames of a stream to which a fault may apply.  Frames have the client's stream
    number; their header blocks use no dynamic table.
    """

    def requested(self, data: bytes, head: bool, ends: bool) -> None:
        """
        A part of the request has arrived.

        @param data: header blocks in frames if C{head}, otherwise the content of one DATA frame.
        @param ends: whether it ends the request.
        """

    def interim(self, data: bytes) -> None:
        """
        The head of an interim reply (1xx) has arrived.
        """

    def replied(self, data: bytes, head: bool, ends: bool) -> None:
        """
        A part of the reply has arrived; see L{requested}.
        """

    def resetByClient(self) -> None:
        """
        The client has reset the stream.
        """

    def resetByBackend(self, frame: bytes) -> None:
        """
        The backend has reset the stream.

        @param frame: RST_STREAM, with the client's number.
        """

    def stop(self) -> None:
        """
        The link ends: release all resources.
        """


class Stream:
    """
    A stream that is open, or whose reply has ended before its request.

    @ivar number: the client's number of the stream.
    @ivar theirs: the backend's number of the stream; 0: it has not begun at the backend.
    @ivar exchange: the request and its reply.
    @ivar struck: receives all frames; C{None} if they pass unchanged.
    @ivar clientDone: the client has ended the request.
    @ivar backendDone: the client has the complete reply.
    @ivar gone: the backend has ended the reply, or the stream was reset at the backend.
    @ivar reset: the stream was reset at the backend, which gets no more of the request.
    @ivar accepted: the head of the reply has a status 2xx.
    @ivar room: how many bytes the backend, and the client, accept on a struck stream.
    @ivar lent: for how many bytes that are kept back the client, and the backend, were credited.
    @ivar owed: how many bytes of the next credit of the backend, and of the client, are not passed
        on: the proxy has added them, or has credited them already.
    @ivar taken: called when all bytes that waited for a window are sent.
    @ivar withheld: how many bytes of credit of the backend, and of the client, are kept back;
        C{None} if credit passes.
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
        self.owed = [0, 0]
        self.taken: Callable[[], None] = _nothing
        self.withheld: list[int | None] = [None, None]

    def shared(self, place: int, increment: int) -> int:
        """
        A receiver has credited the stream.

        @param place: 0 for bytes to the backend, 1 for bytes to the client.
        @return: the part of it to pass to the sender.
        """
        kept = min(self.owed[place], increment)
        self.owed[place] -= kept
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
        Keep back credit for bytes of one direction, if a rule asks for it.  Returns whether it was.

        @param place: 0 for bytes to the backend, 1 for bytes to the client.
        """
        before = self.withheld[place]
        if before is None:
            return False
        self.withheld[place] = before + increment
        return True


def _nothing() -> None:
    """
    Does nothing: the default callback.
    """

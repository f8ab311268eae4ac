# -*- test-case-name: tests.wire.test_fastpath -*-
"""
What framers have in common that read the two directions of a connection apart: a reader of
requests, a reader of replies, and a session that both share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

from vaurien_twisted.interfaces import IDividingFastPath, ISelectiveFastPath
from vaurien_twisted.model.exchange import Exchange, Piece


class Session:
    """
    The state that both directions of a connection share.

    @ivar opaque: why the rest cannot be read, C{""} while it can.
    @ivar awaiting: the exchanges, or L{PassedBatch}es of them, that await replies, in order.
    @ivar transferEnd: the bytes that end the transfers that the backend has asked for in replaced
        replies; C{None} if the protocol cannot end one.
    """

    __slots__ = ("awaiting", "opaque", "transferEnd")

    def __init__(self) -> None:
        self.opaque = ""
        self.transferEnd: bytes | None = b""
        self.awaiting: deque[Any] = deque()

    def expect(self, exchange: Exchange) -> None:
        """
        See L{IFramer.expect<vaurien_twisted.interfaces.IFramer.expect>}.
        """
        self.awaiting.append(exchange)

    def endTransfer(self, ending: bytes | None) -> None:
        """
        The backend has asked for data in a replaced reply.

        @param ending: the bytes that end the transfer; C{None} if nothing ends it.
        """
        before = self.transferEnd
        self.transferEnd = None if ending is None or before is None else before + ending


class Reader(Protocol):
    """
    A direction of a connection.
    """

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Divide bytes of this direction.

        @raise FramingError: they are not of the protocol.
        """

    def ended(self) -> Iterator[Piece]:
        """
        The direction has ended: yield the bytes that were kept back.
        """


class RequestReader:
    """
    The base of a reader of requests: it numbers them.

    @ivar number: of the latest request.
    """

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0

    @property
    def passable(self) -> bool:
        """
        Whether the next byte begins a request that may pass on the fast path.
        """
        raise NotImplementedError("a subclass implements this")

    def skip(self, count: int) -> int:
        """
        So many requests pass on the fast path: the number of the first.
        """
        first = self.number + 1
        self.number += count
        return first


class TwoWayFramer:
    """
    The base of such framers.  See L{IFramer<vaurien_twisted.interfaces.IFramer>}.
    """

    __slots__ = (
        "_replies",
        "_requests",
        "_session",
        "divided",
        "expand",
        "fromBackend",
        "fromClient",
        "leading",
        "replies",
        "requests",
        "select",
        "take",
        "watch",
    )

    turns = False

    _session: Session
    _requests: Reader
    _replies: Reader

    def __init__(
        self,
        session: Session,
        requests: Reader,
        replies: Reader,
        fastPath: ISelectiveFastPath | None = None,
    ) -> None:
        self._session, self._requests, self._replies = session, requests, replies
        # These are called for every chunk, so that a call between would be felt.
        self.fromClient, self.fromBackend = requests.read, replies.read
        if fastPath is not None:
            self.requests, self.replies = fastPath.requests, fastPath.replies
            self.expand, self.watch = fastPath.expand, fastPath.watch
            self.select = fastPath.select
        if IDividingFastPath.providedBy(fastPath):
            self.divided, self.take = fastPath.divided, fastPath.take
            self.leading = fastPath.leading

    @property
    def opaque(self) -> str:
        return self._session.opaque

    def expect(self, exchange: Exchange) -> None:
        self._session.expect(exchange)

    def clientEnded(self) -> Iterator[Piece]:
        return self._requests.ended()

    def backendEnded(self) -> Iterator[Piece]:
        return self._replies.ended()

    def transferEnd(self) -> bytes | None:
        session = self._session
        ending, session.transferEnd = session.transferEnd, b""
        return ending

    def renew(self) -> None:
        """
        Exchanges are known, not guessed at.
        """

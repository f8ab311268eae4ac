# -*- test-case-name: tests.wire.http.test_protocol,tests.wire.http.test_opaque -*-
"""
The backend's direction of an HTTP/1 connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.http.body import Body, begin
from vaurien_twisted.wire.http.head import (
    BLANK,
    CHUNKED,
    ENDLESS,
    HEAD_LIMIT,
    KEPT_LIMIT,
    Malformed,
    Partial,
    afterBlank,
    checkReplyBegun,
    headEnd,
    readReply,
)
from vaurien_twisted.wire.http.session import HTTPSession


class Replies:
    """
    Reads replies.  A body is passed on as it arrives.

    @ivar _exchange: the exchange whose reply's body is passing.
    """

    __slots__ = ("_body", "_exchange", "_head", "_session")

    def __init__(self, session: HTTPSession) -> None:
        self._session = session
        self._head = Partial(checkReplyBegun)
        self._exchange: Exchange | None = None
        self._body: Body | None = None

    @property
    def idle(self) -> bool:
        """
        Whether the backend's next byte begins a reply.
        """
        session = self._session
        return (
            self._body is None
            and not self._head.kept
            and not session.lost
            and not session.opaque
            and session.socket is None
        )

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of replies.

        @raise FramingError: this is not HTTP/1, the head exceeds 256 KiB, or the
            length of the body is in doubt.
        """
        session = self._session
        pos = 0
        partial = self._head
        if session.socket is not None:
            yield from session.socket[1].read(partial.take() + data)
            return
        try:
            if session.ahead or data[:1] == b"\x00":
                data = self._ahead(data)
            if partial.kept:
                more, data = data, b""
                data = partial.take() + more if session.opaque else partial.add(more)
            size = len(data)
            while pos < size:
                if session.socket is not None:
                    yield from session.socket[1].read(data[pos:])
                    return
                if session.opaque:
                    if session.multiplexing and session.streams is not None:
                        session.streams[1].extend(data[pos:])
                    else:
                        yield None, data[pos:], False
                    return
                start = pos
                body = self._body
                if body is None:
                    if session.lost:
                        session.opaque = "data was sent before CONNECT was answered"
                        continue
                    if data[pos] in BLANK:
                        pos = afterBlank(data, pos)
                        yield None, data[start:pos], False
                        continue
                    end = headEnd(data, pos, pos + HEAD_LIMIT)
                    if end < 0:
                        pos = size
                        partial.add(data[start:])
                        return
                    exchange = session.awaiting[0] if session.awaiting else None
                    status, framing = readReply(
                        data[pos:end], "" if exchange is None else exchange.command
                    )
                    pos = end
                    if status < 200 and status != 101:
                        # A head that another follows is not the reply yet: nothing is cut,
                        # kept back or replaced before the backend has acted.
                        yield None, data[start:pos], False
                        continue
                    if exchange is not None:
                        session.awaiting.popleft()
                        if status >= 400:
                            exchange.error = str(status)
                        if exchange is session.tunnel:
                            session.answered(status)
                    if status == 101:
                        session.switched(exchange, data[start:end])
                    if exchange is not None and exchange.cut == 0 and framing != CHUNKED:
                        # It has no chunks, so it passes whole.
                        exchange.cut = None
                    if framing >= 0 and end + framing <= size:
                        pos = end + framing
                        yield exchange, data[start:pos], True
                        self._followed(exchange)
                        continue
                    self._exchange = exchange
                    most = -1
                    if exchange is not None and exchange.cut is not None:
                        most = exchange.cut
                    self._body = body = begin(framing, most)
                pos = body.scan(data, pos)
                ends = body.done
                if ends:
                    self._body = None
                    if body.cut and self._exchange is not None:
                        # The rest is discarded, since the link closes.
                        self._exchange.cut, ends = 0, False
                        self._body = begin(ENDLESS)
                if pos > start:
                    yield self._exchange, data[start:pos], ends
                if body.fault:
                    raise Malformed(body.fault)
                if ends:
                    self._followed(self._exchange)
        except Malformed as fault:
            session.opaque = str(fault)
            raise FramingError(str(fault), partial.take() + data[pos:]) from None

    def _ahead(self, data: bytes) -> bytes:
        """
        Keep back bytes that begin with a NUL before the first request: an HTTP/2 server may send
        its first frame before it has read the client's preface.

        @return: the rest to read.
        @raise Malformed: the client speaks HTTP/1.
        """
        session = self._session
        streams = session.streams
        if streams is None or session.opaque:
            return data
        ahead = streams[1]
        if not ahead and (session.awaiting or self._head.kept or self._body is not None):
            return data
        if session.awaiting or len(ahead) + len(data) > KEPT_LIMIT:
            self._head.kept[:0] = ahead
            ahead.clear()
            session.ahead = False
            return data
        session.ahead = True
        ahead += data
        return b""

    def _followed(self, exchange: Exchange | None) -> None:
        """
        C{exchange} has its whole reply.
        """
        session = self._session
        if exchange is not None and exchange is session.endless:
            session.opaque = "a request with both Content-Length and Transfer-Encoding"

    def ended(self) -> Iterator[Piece]:
        """
        An unfinished head, which belongs to the reply it begins, or the end of a
        reply that lasts as long as the connection.
        """
        if self._session.socket is not None:
            yield from self._session.socket[1].ended()
            return
        awaiting, opaque = self._session.awaiting, self._session.opaque
        if self._session.ahead and self._session.streams is not None:
            yield None, bytes(self._session.streams[1]), False
        if self._head.kept:
            yield awaiting[0] if awaiting and not opaque else None, self._head.take(), False
        elif self._body is not None and self._body.endless and not opaque:
            exchange, self._exchange, self._body = self._exchange, None, None
            yield exchange, b"", True

# -*- test-case-name: tests.wire.http.test_protocol,tests.wire.http.test_opaque -*-
"""
The client's direction of an HTTP/1 connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.http.body import Body, begin
from vaurien_twisted.wire.http.head import (
    BLANK,
    ENDLESS,
    HEAD_LIMIT,
    Malformed,
    Partial,
    afterBlank,
    checkRequestBegun,
    headEnd,
    readRequest,
)
from vaurien_twisted.wire.http.host import overwriteHost
from vaurien_twisted.wire.http.session import HTTP2, HTTPSession


class Requests(RequestReader):
    """
    Reads requests.  A body is passed on as it arrives.

    @param host: put in place of every request's Host, C{None} to leave it.
    @ivar _exchange: the request whose body is passing.
    """

    __slots__ = ("_body", "_exchange", "_head", "_host", "_session")

    def __init__(self, session: HTTPSession, host: bytes | None) -> None:
        super().__init__()
        self._session = session
        self._host = host
        self._head = Partial(checkRequestBegun)
        self._exchange: Exchange | None = None
        self._body: Body | None = None

    @property
    def passable(self) -> bool:
        session = self._session
        return (
            self._body is None
            and not self._head.kept
            and session.tunnel is None
            and self._host is None
            and session.socket is None
            and not session.opaque
        )

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of requests.

        @raise FramingError: this is not HTTP/1, the head exceeds 256 KiB, or the
            length of the body is in doubt.
        """
        session = self._session
        pos = 0
        partial = self._head
        if session.socket is not None:
            yield from session.socket[0].read(partial.take() + data)
            return
        try:
            if partial.kept:
                more, data = data, b""
                data = partial.take() + more if session.opaque else partial.add(more)
            size = len(data)
            while pos < size:
                if session.opaque:
                    if session.multiplexing and session.streams is not None:
                        session.streams[0].extend(data[pos:])
                    else:
                        yield None, data[pos:], False
                    return
                start = pos
                body = self._body
                if body is None:
                    if session.tunnel is not None:
                        session.early = True
                        yield None, data[pos:], False
                        return
                    if data[pos] in BLANK:
                        pos = afterBlank(data, pos)
                        yield None, data[start:pos], False
                        continue
                    end = headEnd(data, pos, pos + HEAD_LIMIT)
                    if end < 0:
                        pos = size
                        partial.add(data[start:])
                        return
                    head = data[pos:end]
                    method, target, framing, preface, _ = readRequest(head)
                    if preface:
                        session.opaque = HTTP2
                        continue
                    self.number += 1
                    exchange = Exchange(self.number, method, target, head)
                    if framing == ENDLESS:
                        session.endless, exchange.context = exchange, framing
                    pos = end
                    if self._host is not None:
                        if framing:
                            self._exchange, self._body = exchange, begin(framing)
                        yield exchange, overwriteHost(head, self._host), not framing
                        continue
                    if framing >= 0 and end + framing <= size:
                        pos = end + framing
                        yield exchange, data[start:pos], True
                        continue
                    self._exchange = exchange
                    self._body = body = begin(framing)
                pos = body.scan(data, pos)
                if body.done:
                    self._body = None
                if pos > start:
                    yield self._exchange, data[start:pos], body.done
                if body.fault:
                    raise Malformed(body.fault)
        except Malformed as fault:
            session.opaque = str(fault)
            raise FramingError(str(fault), partial.take() + data[pos:]) from None

    def ended(self) -> Iterator[Piece]:
        """
        An unfinished head, which belongs to no exchange, or the end of a request that
        lasts as long as the connection.
        """
        if self._session.socket is not None:
            yield from self._session.socket[0].ended()
            return
        endless = self._session.endless
        if self._head.kept:
            yield None, self._head.take(), False
        elif endless is not None and self._exchange is endless and not self._session.opaque:
            self._exchange = self._body = None
            yield endless, b"", True

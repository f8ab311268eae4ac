# -*- test-case-name: tests.wire.http.test_protocol,tests.wire.http.test_opaque -*-
"""
Divides the streams of an HTTP/1 connection into requests and their replies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from zope.interface import implementer

from vaurien_twisted.interfaces import IFastPath, IForgetting, IFramer
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.http.body import Body, begin
from vaurien_twisted.wire.http.fastpath import Skimmer
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
    checkRequestBegun,
    headEnd,
    readReply,
    readRequest,
)
from vaurien_twisted.wire.http.host import overwriteHost


@implementer(IFramer, IFastPath, IForgetting)
class HTTPFramer:
    """
    Reads HTTP/1.0 and 1.1, pipelined or not, one exchange to a request.  A body is
    passed on as it arrives.  It turns opaque at the preface of HTTP/2, at a reply
    101, at a 2xx to C{CONNECT}, and where it raised L{FramingError}.

    Blank lines between messages, and what the client sends after C{CONNECT} before
    it has been answered, belong to no exchange.  Nor does a reply that nobody asked
    for, such as the 408 with which some servers end an idle connection.

    @param host: put in place of every request's Host, C{None} to leave it.
    """

    turns = False

    __slots__ = (
        "_asking",
        "_download",
        "_endless",
        "_host",
        "_lost",
        "_number",
        "_replyHead",
        "_replying",
        "_requestHead",
        "_tunnel",
        "_tunnelled",
        "_upload",
        "expand",
        "expected",
        "opaque",
        "replies",
        "requests",
        "watch",
    )

    def __init__(self, host: bytes | None = None) -> None:
        self.opaque = ""
        self._host = host
        self._number = 0
        self._requestHead = Partial(checkRequestBegun)
        self._replyHead = Partial(checkReplyBegun)
        #: The exchanges, or L{PassedBatch}es of them, that await replies.
        self.expected: deque[Any] = deque()
        # The messages whose bodies are passing.
        self._asking: Exchange | None = None
        self._upload: Body | None = None
        self._replying: Exchange | None = None
        self._download: Body | None = None
        # A request whose end is not known, so that what follows belongs to it.
        self._endless: Exchange | None = None
        # A CONNECT on its way, whether the client has spoken since, and whether
        # that was refused, so that nobody knows what the client's bytes were.
        self._tunnel: Exchange | None = None
        self._tunnelled = False
        self._lost = False
        #: See L{IFastPath}; bound without a step between.
        fastPath = Skimmer(self)
        self.requests = fastPath.requests
        self.replies = fastPath.replies
        self.expand = fastPath.expand
        self.watch = fastPath.watch

    @property
    def atRequest(self) -> bool:
        """
        Whether the client's next byte begins a request that may pass as it is.
        """
        return (
            self._upload is None
            and not self._requestHead.kept
            and self._tunnel is None
            and self._host is None
            and not self.opaque
        )

    @property
    def atReply(self) -> bool:
        """
        Whether the backend's next byte begins a reply.
        """
        return (
            self._download is None
            and not self._replyHead.kept
            and not self._lost
            and not self.opaque
        )

    def skip(self, count: int) -> int:
        """
        So many requests were passed over.

        @return: the number of the first.
        """
        first = self._number + 1
        self._number += count
        return first

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of requests.

        @raise FramingError: this is not HTTP/1, the head exceeds 256 KiB, or the
            length of the body is in doubt.
        """
        pos = 0
        partial = self._requestHead
        try:
            if partial.kept:
                data = partial.take() + data if self.opaque else self._join(partial, data)
            size = len(data)
            while pos < size:
                if self.opaque:
                    yield None, data[pos:], False
                    return
                start = pos
                body = self._upload
                if body is None:
                    if self._tunnel is not None:
                        self._tunnelled = True
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
                    method, target, framing, preface = readRequest(head)
                    if preface:
                        self.opaque = "HTTP/2"
                        continue
                    self._number += 1
                    exchange = Exchange(self._number, method, target, head)
                    if framing == ENDLESS:
                        self._endless, exchange.context = exchange, framing
                    pos = end
                    if self._host is not None:
                        if framing:
                            self._asking, self._upload = exchange, begin(framing)
                        yield exchange, overwriteHost(head, self._host), not framing
                        continue
                    if framing >= 0 and end + framing <= size:
                        pos = end + framing
                        yield exchange, data[start:pos], True
                        continue
                    self._asking = exchange
                    self._upload = body = begin(framing)
                pos = body.scan(data, pos)
                if body.done:
                    self._upload = None
                if pos > start:
                    yield self._asking, data[start:pos], body.done
                if body.fault:
                    raise Malformed(body.fault)
        except Malformed as fault:
            self.opaque = str(fault)
            raise FramingError(str(fault), partial.take() + data[pos:]) from None

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of replies.

        @raise FramingError: this is not HTTP/1, the head exceeds 256 KiB, or the
            length of the body is in doubt.
        """
        pos = 0
        partial = self._replyHead
        try:
            if partial.kept:
                data = partial.take() + data if self.opaque else self._join(partial, data)
            size = len(data)
            while pos < size:
                if self.opaque:
                    yield None, data[pos:], False
                    return
                start = pos
                body = self._download
                if body is None:
                    if self._lost:
                        self.opaque = "sent before CONNECT was answered"
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
                    exchange = self.expected[0] if self.expected else None
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
                        self.expected.popleft()
                        if exchange is self._tunnel:
                            self._answerTunnel(status)
                    if status == 101:
                        self.opaque = "another protocol (101 Switching Protocols)"
                    if exchange is not None and exchange.cut == 0 and framing != CHUNKED:
                        # It has no chunks, so it passes whole.
                        exchange.cut = None
                    if framing >= 0 and end + framing <= size:
                        pos = end + framing
                        yield exchange, data[start:pos], True
                        self._followed(exchange)
                        continue
                    self._replying = exchange
                    most = -1
                    if exchange is not None and exchange.cut is not None:
                        most = exchange.cut
                    self._download = body = begin(framing, most)
                pos = body.scan(data, pos)
                ends = body.done
                if ends:
                    self._download = None
                    if body.cut and self._replying is not None:
                        # What follows goes nowhere, for the link closes.
                        self._replying.cut, ends = 0, False
                        self._download = begin(ENDLESS)
                if pos > start:
                    yield self._replying, data[start:pos], ends
                if body.fault:
                    raise Malformed(body.fault)
                if ends:
                    self._followed(self._replying)
        except Malformed as fault:
            self.opaque = str(fault)
            raise FramingError(str(fault), partial.take() + data[pos:]) from None

    def _followed(self, exchange: Exchange | None) -> None:
        """
        C{exchange} has its whole reply.
        """
        if exchange is not None and exchange is self._endless:
            self.opaque = "a request with both Content-Length and Transfer-Encoding"

    def _join(self, partial: Partial, data: bytes) -> bytes:
        """
        What was kept and C{data}, once they hold a head; C{b""} before.
        """
        try:
            return partial.add(data)
        except Malformed as fault:
            self.opaque = str(fault)
            raise FramingError(str(fault), partial.take()) from None

    def _answerTunnel(self, status: int) -> None:
        """
        A C{CONNECT} is answered: the tunnel begins, or requests may follow.
        """
        if status < 300:
            self.opaque = "a tunnel (CONNECT)"
        elif self._tunnelled:
            self._lost = True
        else:
            self._tunnel = None

    def expect(self, exchange: Exchange) -> None:
        """
        Its reply follows those expected before.
        """
        self.expected.append(exchange)
        if len(exchange.head) > KEPT_LIMIT:
            # A thousand exchanges may wait.  What the rules asked of it is decided.
            exchange.head = exchange.head[:KEPT_LIMIT]
        if exchange.command == "CONNECT":
            self._tunnel = exchange

    def clientEnded(self) -> Iterator[Piece]:
        """
        An unfinished head, which belongs to no exchange, or the end of a request that
        lasts as long as the connection.
        """
        if self._requestHead.kept:
            yield None, self._requestHead.take(), False
        elif self._endless is not None and self._asking is self._endless and not self.opaque:
            self._asking = self._upload = None
            yield self._endless, b"", True

    def backendEnded(self) -> Iterator[Piece]:
        """
        An unfinished head, which belongs to the reply it begins, or the end of a
        reply that lasts as long as the connection.
        """
        if self._replyHead.kept:
            exchange = self.expected[0] if self.expected and not self.opaque else None
            yield exchange, self._replyHead.take(), False
        elif self._download is not None and self._download.endless and not self.opaque:
            exchange, self._replying, self._download = self._replying, None, None
            yield exchange, b"", True

    def renew(self) -> None:
        """
        Nothing is guessed at.
        """

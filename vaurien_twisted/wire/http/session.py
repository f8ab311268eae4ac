# -*- test-case-name: tests.wire.http.test_protocol,tests.wire.http.test_opaque -*-
"""
What the two directions of an HTTP/1 connection know of each other.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.http.head import KEPT_LIMIT

#: Why what follows the preface of HTTP/2 is not read as HTTP/1.
HTTP2 = "HTTP/2"


class HTTPSession(Session):
    """
    The state of one connection.

    @ivar endless: a request whose end is not known, so that what follows belongs to it.
    @ivar tunnel: a C{CONNECT} that was not answered.
    @ivar early: the client has sent more before that was answered.
    @ivar lost: that was refused, so that it is not known what the client sent.
    @ivar ahead: the backend has spoken first, as a server of HTTP/2 may.
    @ivar streams: what both ends have sent of HTTP/2, C{None} where it is not read.
    """

    __slots__ = ("ahead", "early", "endless", "lost", "streams", "tunnel")

    def __init__(self, streams: bool = False) -> None:
        """
        @param streams: whether HTTP/2 is read.
        """
        super().__init__()
        self.ahead = False
        self.streams = (bytearray(), bytearray()) if streams else None
        self.endless: Exchange | None = None
        self.tunnel: Exchange | None = None
        self.early = False
        self.lost = False

    @property
    def multiplexing(self) -> bool:
        """
        Whether both ends go on in HTTP/2, which is read.
        """
        return self.streams is not None and self.opaque == HTTP2

    def expect(self, exchange: Exchange) -> None:
        """
        Its reply follows those expected before.
        """
        self.awaiting.append(exchange)
        if len(exchange.head) > KEPT_LIMIT:
            # A thousand exchanges may wait.  What the rules asked of it is decided.
            exchange.head = exchange.head[:KEPT_LIMIT]
        if exchange.command == "CONNECT":
            self.tunnel = exchange

    def answered(self, status: int) -> None:
        """
        The C{CONNECT} is answered: the tunnel begins, or requests may follow.
        """
        if status < 300:
            self.opaque = "a tunnel (CONNECT)"
        elif self.early:
            self.lost = True
        else:
            self.tunnel = None

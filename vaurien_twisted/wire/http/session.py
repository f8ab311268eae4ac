# -*- test-case-name: tests.wire.http.test_protocol,tests.wire.http.test_opaque -*-
"""
The state that the two directions of an HTTP/1 connection share.
"""

from __future__ import annotations

import base64
import re

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.http.head import KEPT_LIMIT
from vaurien_twisted.wire.websocket.messages import MessageReader, joined

#: The reason why the bytes after the preface of HTTP/2 are not read as HTTP/1.
HTTP2 = "HTTP/2"

#: The Upgrade value of a reply that upgrades to HTTP/2, and the header field of such a request (RFC
#: 7540, section 3.2; obsolete in RFC 9113, but clients use it).
UPGRADES = re.compile(rb"\nupgrade:[ \t]*h2c[ \t]*\r?\n", re.IGNORECASE)
SETTINGS = re.compile(rb"\nhttp2-settings:[ \t]*([A-Za-z0-9_-]*)=*[ \t]*\r?\n", re.IGNORECASE)

#: The Upgrade value of a reply that upgrades to WebSocket (RFC 6455, section 4.2.2).
WEBSOCKET = re.compile(rb"\nupgrade:[ \t]*websocket[ \t]*\r?\n", re.IGNORECASE)


class HTTPSession(Session):
    """
    The state of one connection.

    @ivar endless: a request whose end is not known, so that what follows belongs to it.
    @ivar settings: the client's HTTP/2 settings, after an upgrade to it; otherwise C{None}.
    @ivar socket: the readers of both directions of a WebSocket connection, that of the client
        first, after an upgrade to it; otherwise C{None}.
    @ivar tunnel: a C{CONNECT} that has not been answered.
    @ivar early: the client has sent more bytes before it was answered.
    @ivar lost: it was refused, so that the meaning of these bytes is not known.
    @ivar ahead: the backend has sent bytes first, as a server of HTTP/2 may.
    @ivar streams: the bytes of HTTP/2 that both ends have sent; C{None} if HTTP/2 is not read.
    """

    __slots__ = ("ahead", "early", "endless", "lost", "settings", "socket", "streams", "tunnel")

    def __init__(self, streams: bool = False) -> None:
        """
        @param streams: whether HTTP/2 is read.
        """
        super().__init__()
        self.ahead = False
        self.settings: bytes | None = None
        self.streams = (bytearray(), bytearray()) if streams else None
        self.socket: tuple[MessageReader, MessageReader] | None = None
        self.endless: Exchange | None = None
        self.tunnel: Exchange | None = None
        self.early = False
        self.lost = False

    @property
    def multiplexing(self) -> bool:
        """
        Whether both ends continue in HTTP/2, and it is read.
        """
        return self.streams is not None and self.opaque == HTTP2

    def expect(self, exchange: Exchange) -> None:
        if not exchange.replies:
            return
        self.awaiting.append(exchange)
        if len(exchange.head) > KEPT_LIMIT:
            # Thousands of exchanges may wait: drop what only rules needed.
            exchange.head = exchange.head[:KEPT_LIMIT]
        if exchange.command == "CONNECT":
            self.tunnel = exchange

    def switched(self, exchange: Exchange | None, reply: bytes) -> None:
        """
        The backend continues in another protocol (101).

        @param reply: the head of its reply.
        """
        if exchange is not None and WEBSOCKET.search(reply) is not None:
            self.socket = joined(exchange)
            return
        self.opaque = "another protocol (101 Switching Protocols)"
        if exchange is None or self.streams is None or UPGRADES.search(reply) is None:
            return
        settings = SETTINGS.search(exchange.head)
        if settings is not None:
            self.opaque, self.settings = HTTP2, decoded(settings[1])

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


def decoded(settings: bytes) -> bytes:
    """
    The content of a SETTINGS frame in a Base64 header field; C{b""} if it is not valid.
    """
    try:
        return base64.urlsafe_b64decode(settings + b"=" * (-len(settings) % 4))
    except ValueError:
        return b""

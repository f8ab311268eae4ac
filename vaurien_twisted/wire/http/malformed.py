# -*- test-case-name: tests.wire.http.test_malformed -*-
"""
Replies that are incomplete, malformed or slow: faults of HTTP other than errors with a status.

All except C{empty} have the status 200 (OK), with the configured body and header fields, so
that the client fails to read the reply, not because of its content.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.errors import compose, fieldsFor
from vaurien_twisted.wire.http.head import ENDLESS

#: The most parts of a slow head or body.  With the default pause of 0.1 s it takes about five
#: seconds.
PARTS = 50

#: The number of bytes that C{wrong-length} announces but does not send.
SHORT = 100

#: The default body.
BODY = b"This reply was made by vaurien to see how its reader fares.\n"

#: The rows of these faults.
FAULTS = (
    WireError(
        "slow-headers",
        "OK",
        "The head comes in some fifty parts with a pause between them, the body at once.",
    ),
    WireError(
        "slow-body",
        "OK",
        "The head comes at once, the body in some fifty parts with a pause between them.",
    ),
    WireError(
        "wrong-length",
        "OK",
        "Content-Length says 100 bytes more than come before the connection is closed.",
    ),
    WireError(
        "malformed-chunk",
        "OK",
        "After a first chunk something comes that is none, and the connection is closed.",
    ),
    WireError(
        "empty",
        "",
        "The connection is closed without a byte of a reply.",
    ),
)


def inflict(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The faulty reply to this request.

    @param error: one of L{FAULTS}; its message is the reason phrase, its C{pause} the time between
        two parts, in seconds.
    @return: C{None} if the client would not notice the fault, since the reply to C{HEAD} has no
        body and C{CONNECT} opens a tunnel; or if the exchange is not a request of HTTP.
    """
    if not exchange.command:
        return None
    code = error.code
    if code == "empty":
        return Reply(b"", ConnectionFate.CLOSE, exchange.context == ENDLESS)
    if exchange.command == "CONNECT" or (exchange.command == "HEAD" and code != "slow-headers"):
        return None
    body = BODY if error.body is None else error.body.encode()
    fields = fieldsFor(error)
    if code == "wrong-length":
        fields.append(("Content-Length", str(len(body) + SHORT)))
    elif code == "malformed-chunk":
        fields.append(("Transfer-Encoding", "chunked"))
        # An empty chunk would be the last.
        first = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        body = first + b"this is no chunk\r\n"
    reply = compose(exchange, 200, error.message, fields, body)
    if not code.startswith("slow"):
        return reply
    head = reply.data.index(b"\r\n\r\n") + 4
    slow = (0, head) if code == "slow-headers" else (head, len(reply.data))
    part = -(-(slow[1] - slow[0]) // PARTS) or 1
    return attrs.evolve(reply, pause=error.pause, part=part, paced=slow)

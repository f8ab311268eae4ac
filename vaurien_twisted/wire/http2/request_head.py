# -*- test-case-name: tests.wire.http2.test_header_blocks -*-
"""
The head of an HTTP/2 request in the form of HTTP/1, which rules match.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vaurien_twisted.model.exchange import SUBJECT_LIMIT
from vaurien_twisted.wire.grpc.timeouts import timeoutOf
from vaurien_twisted.wire.http.head import KEPT_LIMIT

#: The names and values of a header block.
Fields = tuple[tuple[bytes, bytes], ...]

#: The characters that a line of a head cannot have; a field with one is malformed (RFC 9113,
#: section 8.2.1).
BREAKS = re.compile(rb"[\r\n\x00]")


class RequestHead(NamedTuple):
    """
    The content of a request's header block.

    @ivar method: the method, C{""} if it has none.
    @ivar target: the path with its query; of C{CONNECT}, the authority.  At most L{SUBJECT_LIMIT}
        bytes, as one character each.
    @ivar head: the head in the form of HTTP/1: request line, fields, blank line.  The field C{Host}
        is the authority.  At most L{KEPT_LIMIT} bytes of it.
    @ivar grpc: whether it begins a gRPC call.
    @ivar deadline: the deadline of a call in seconds; C{None} for none.
    @ivar websocket: whether it asks for WebSocket (extended C{CONNECT}: RFC 8441, section 5).
    """

    method: str
    target: str
    head: bytes
    grpc: bool
    deadline: float | None = None
    websocket: bool = False


def requestHead(fields: Fields) -> RequestHead:
    """
    Read the fields of a request.
    """
    method = path = authority = protocol = b""
    grpc = False
    lines: list[bytes] = []
    for name, value in fields:
        if name == b":method":
            method = value
        elif name == b":path":
            path = value
        elif name == b":authority":
            authority = value
        elif name == b":protocol":
            protocol = value
        elif not name.startswith(b":"):
            if name == b"content-type":
                grpc = value.startswith(b"application/grpc") and value[16:17] in (b"", b"+", b";")
            lines.append(BREAKS.sub(b" ", name + b": " + value))
    if authority:
        lines.insert(0, BREAKS.sub(b" ", b"host: " + authority))
    first = BREAKS.sub(b" ", method + b" " + (path or authority) + b" HTTP/2")
    head = b"\r\n".join([first, *lines, b"", b""])
    return RequestHead(
        method[:SUBJECT_LIMIT].decode("latin-1"),
        (path or authority)[:SUBJECT_LIMIT].decode("latin-1"),
        head[:KEPT_LIMIT],
        grpc,
        timeoutOf(head) if grpc else None,
        method == b"CONNECT" and protocol == b"websocket",
    )

# -*- test-case-name: tests.relays.test_streams -*-
"""
Replies that the proxy sends on a stream in the backend's place, as frames with the client's stream
number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vaurien_twisted.model.commands import ConnectionFate, Reply, Send
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.grpc.answers import alone, fieldsOf
from vaurien_twisted.wire.grpc.statuses import statusOf
from vaurien_twisted.wire.http.errors import (
    CODE,
    CONTROLS,
    fieldsFor,
    refusing,
    registered,
    repeated,
)
from vaurien_twisted.wire.http.malformed import BODY, PARTS, SHORT
from vaurien_twisted.wire.http.presets import content
from vaurien_twisted.wire.http.services import PRESETS
from vaurien_twisted.wire.http2.endings import GOAWAY, RESET, UNPROCESSED, codeOf
from vaurien_twisted.wire.http2.frames import HEAD, goAway, headers, reset
from vaurien_twisted.wire.http2.frames import body as bodyFrames
from vaurien_twisted.wire.http2.header_blocks import plain
from vaurien_twisted.wire.http2.stream import StreamFacts

#: Header fields of an HTTP/1 connection, which HTTP/2 forbids (RFC 9113, section 8.2.2).
CONNECTION_FIELDS = frozenset(
    ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade")
)


def encode(exchange: Exchange, context: StreamFacts, error: WireError) -> Reply | Send | None:
    """
    The frames that answer a request with C{error}.

    @return: a C{Send} if the exchange continues; C{None} if HTTP/2 cannot express the error.
    """
    number, code = context.number, error.code
    ending, name = codeOf(code)
    if ending == RESET:
        return Reply(reset(number, name))
    if ending == GOAWAY:
        return Send(goAway(number, name, error.message))
    if ending == UNPROCESSED:
        return Reply(goAway(max(number - 2, 0), name, error.message))
    status = statusOf(code)
    if status is not None:
        if not context.grpc:
            return None
        return Reply(headers(number, blockOf(alone(status, error)), True))
    if CODE.fullmatch(code) is not None and int(code) >= 200:
        return Reply(_refusal(exchange, number, error))
    known = PRESETS.get(code)
    if known is not None:
        fields, body = content(exchange, error, known)
        return Reply(_response(exchange, number, known.status, fields, body))
    if code == "empty":
        return Reply(b"", ConnectionFate.CLOSE)
    if code in ("slow-body", "wrong-length") and exchange.command != "HEAD":
        return _faulty(number, error)
    return None


def afterCut(context: StreamFacts, error: WireError) -> bytes:
    """
    The frames that end a stream after the part of its reply that passes; C{b""} if C{error} does
    not end streams.
    """
    ending, code = codeOf(error.code)
    if ending == RESET:
        return reset(context.number, code)
    status = statusOf(error.code)
    if status is None or not context.grpc:
        return b""
    return headers(context.number, blockOf(fieldsOf(status, error)), True)


def message(number: int, fields: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """
    A complete response, or the trailer of one, in frames.

    @param fields: the header fields, including C{:status}; names in any case.
    """
    block = blockOf(fields)
    if not body:
        return headers(number, block, True)
    return headers(number, block, False) + bodyFrames(number, body)


def blockOf(fields: Iterable[tuple[str, str]]) -> bytes:
    """
    A header block of C{fields} without those that HTTP/2 forbids.
    """
    return plain(
        [
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in fields
            if name.lower() not in CONNECTION_FIELDS
        ]
    )


def _refusal(exchange: Exchange, number: int, error: WireError) -> bytes:
    status = int(error.code)
    phrase = CONTROLS.sub(" ", error.message).strip() or registered(status)
    body = repeated(status, phrase) if error.body is None else error.body.encode()
    return _response(exchange, number, status, refusing(error), body)


def _response(
    exchange: Exchange, number: int, status: int, fields: Sequence[tuple[str, str]], body: bytes
) -> bytes:
    if status != 204:
        fields = _described(fields, len(body))
    if status in (204, 304) or exchange.command == "HEAD":
        body = b""
    return message(number, [(":status", str(status)), *fields], body)


def _described(fields: Sequence[tuple[str, str]], length: int) -> list[tuple[str, str]]:
    """
    The header fields of a response; Content-Type and Content-Length are added if they are missing.
    """
    own = {name.lower() for name, _ in fields}
    more = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(length))]
    return [*fields, *(each for each in more if each[0] not in own)]


def _faulty(number: int, error: WireError) -> Reply:
    """
    A malformed reply, or a slow one.
    """
    body = BODY if error.body is None else error.body.encode()
    length = len(body) + (SHORT if error.code == "wrong-length" else 0)
    fields = [(":status", "200"), *_described(fieldsFor(error), length)]
    if error.code == "wrong-length" or not body:
        return Reply(message(number, fields, body))
    size = -(-len(body) // PARTS)
    head = headers(number, blockOf(fields), False)
    frames = head + bodyFrames(number, body, True, size)
    return Reply(frames, pause=error.pause, part=HEAD + size, paced=(len(head), len(frames)))

# -*- test-case-name: tests.relays.test_streams -*-
"""
Frames of HTTP/2 (RFC 9113, sections 4 and 6): their headers, and frames of the proxy's own.

Most frames pass unchanged, and only the nine bytes of their header are read here.  C{hyperframe}
parses frames whose content matters, and makes new ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from hyperframe.exceptions import HyperframeError, InvalidFrameError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from vaurien_twisted.wire.http2.codes import CODES, Violation

#: The connection preface, which a client sends first (section 3.4).
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#: The types of frames.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = range(8)
WINDOW_UPDATE, CONTINUATION = 8, 9

#: Flags.
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITIZED = 0x4, 0x8, 0x20

#: The length of a frame's header, in bytes.
HEAD = 9

#: The initial maximum of a frame's content, in bytes.
USUAL_LENGTH = 16384

#: The most bytes of a header block of the proxy in one frame.  There is room for a byte before it
#: with the size of the dynamic table.
PART = USUAL_LENGTH - 1

#: Length and type in four bytes, flags, stream.
_head = struct.Struct(">IBI")
unpackHead, packHead = _head.unpack_from, _head.pack


def framesIn(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """
    The frames in C{data}, which are complete: type, flags, stream and content of each.
    """
    at = 0
    while at < len(data):
        word, flags, number = unpackHead(data, at)
        start, at = at + HEAD, at + HEAD + (word >> 8)
        yield word & 255, flags, number, data[start:at]


def dataIn(data: bytes) -> int:
    """
    The number of bytes of DATA in complete frames.
    """
    return sum(len(content) for kind, _, _, content in framesIn(data) if kind == DATA)


def frame(kind: int, flags: int, number: int, content: bytes) -> bytes:
    """
    A frame of any type.
    """
    return packHead(len(content) << 8 | kind, flags, number) + content


def contentOf(kind: int, flags: int, number: int, content: bytes) -> Frame:
    """
    A frame, parsed by C{hyperframe}.

    @raise Violation: its content is not valid for its type.
    """
    try:
        read, _ = Frame.parse_frame_header(
            memoryview(packHead(len(content) << 8 | kind, flags, number))
        )
        read.parse_body(memoryview(content))
    except HyperframeError as error:
        short = isinstance(error, InvalidFrameError)
        code = "FRAME_SIZE_ERROR" if short and kind != HEADERS else "PROTOCOL_ERROR"
        raise Violation(code, f"a frame is malformed: {error}") from None
    return read


def blockOf(kind: int, flags: int, number: int, content: bytes) -> bytes:
    """
    The part of a header block in a HEADERS or PUSH_PROMISE frame, without padding and priority.

    @raise Violation: the padding is as long as the frame.
    """
    if kind == HEADERS and not flags & (PADDED | PRIORITIZED):
        return content
    read = contentOf(kind, flags, number, content)
    data: bytes = getattr(read, "data", b"")
    return bytes(data)


def headers(number: int, block: bytes, ends: bool) -> bytes:
    """
    A header block in frames that every receiver accepts.

    @param ends: whether it ends the stream.
    """
    if len(block) <= PART:
        return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), number, block)
    flags = ["END_STREAM"] if ends else []
    made = [HeadersFrame(number, block[:PART], flags=flags).serialize()]
    for at in range(PART, len(block), PART):
        last = ["END_HEADERS"] if at + PART >= len(block) else []
        made.append(ContinuationFrame(number, block[at : at + PART], flags=last).serialize())
    return b"".join(made)


def body(number: int, data: bytes, ends: bool = True, size: int = USUAL_LENGTH) -> bytes:
    """
    C{data} in DATA frames of at most C{size} bytes, of which the last ends the stream.
    """
    made = []
    for at in range(0, len(data) or 1, size):
        last = ends and at + size >= len(data)
        part = DataFrame(number, data[at : at + size], flags=["END_STREAM"] if last else [])
        made.append(part.serialize())
    return b"".join(made)


def piece(number: int, data: bytes, ends: bool) -> bytes:
    """
    The content of a DATA frame in a frame of its own.
    """
    return frame(DATA, END_STREAM if ends else 0, number, data)


def reset(number: int, code: int) -> bytes:
    """
    RST_STREAM.
    """
    return RstStreamFrame(number, code).serialize()


def goAway(last: int, code: int, words: str = "") -> bytes:
    """
    GOAWAY.

    @param last: the highest stream that is still served.
    @param words: the debug data, which says why.
    """
    return GoAwayFrame(0, last, code, words.encode()[:200]).serialize()


def windowUpdate(number: int, increment: int) -> bytes:
    """
    WINDOW_UPDATE of a stream; of the connection if C{number} is 0.
    """
    return WindowUpdateFrame(number, increment).serialize()


def settings(values: Mapping[int, int]) -> bytes:
    """
    SETTINGS.
    """
    return SettingsFrame(0, dict(values)).serialize()


def ending(violation: Violation, last: int) -> bytes:
    """
    The GOAWAY that ends a connection after a violation.
    """
    return goAway(last, CODES[violation.code], violation.reason)

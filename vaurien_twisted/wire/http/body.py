# -*- test-case-name: tests.wire.http.test_body -*-
"""
HTTP/1 bodies, passed on as they arrive: only their end is looked for (RFC 9112,
sections 6 and 7).
"""

from __future__ import annotations

import re

from vaurien_twisted.wire.http.head import CHUNKED, ENDLESS, TOKEN

#: The longest line between chunks, its extensions included, in bytes.
LINE_LIMIT = 16384

#: The most that may follow the last chunk, in bytes.
TRAILER_LIMIT = 262144

#: The largest chunk, in bytes: what a signed 64-bit number holds.
CHUNK_LIMIT = 2**63 - 1

#: Zeros may lead.
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n\x00]*)?\r?\n")
#: The kinds of the next line of a chunked body.
SIZE, AFTER_DATA, TRAILER = range(3)

TRAILER_LINE = re.compile(TOKEN + rb"+:[^\r\n\x00]*\r?\n")
#: A line folded onto the trailer field before it (RFC 9112, section 5.2).
FOLDED_LINE = re.compile(rb"[ \t][^\r\n\x00]*\r?\n")


class Sized:
    """
    A body whose length is known, or that ends with the connection.

    @ivar done: whether all of it has passed.
    @ivar fault: C{""}: it is always valid.
    @ivar endless: whether it ends with the connection.
    @ivar cut: False: it has no chunks after which it could be cut.
    """

    __slots__ = ("_left", "done", "endless")
    fault = ""
    cut = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = False
        self.endless = length == ENDLESS

    def scan(self, data: bytes, position: int) -> int:
        """
        Where the part of C{data} that belongs to the body ends.

        @param position: the offset at which it begins.
        """
        available = len(data) - position
        if self.endless:
            return len(data)
        if available < self._left:
            self._left -= available
            return len(data)
        self.done = True
        return position + self._left


class Chunked:
    """
    A body in chunks, with extensions and trailers.

    @param most: the number of chunks after which it is cut; -1 for never.
    @ivar done: whether all of it has passed, trailers and blank line included, or the part
        before the cut.
    @ivar cut: whether it is done because it was cut.
    @ivar fault: why the bytes at which L{scan} stopped are not valid, in one line.
    @ivar endless: False: the last chunk marks its end.
    @ivar content: the content of the chunks, C{None} if it is not collected.
    @ivar trailer: the trailer fields, C{None} if they are not collected.
    """

    __slots__ = (
        "_left",
        "_line",
        "_most",
        "_next",
        "_trailers",
        "content",
        "cut",
        "done",
        "fault",
        "trailer",
    )
    endless = False

    def __init__(self, most: int = -1) -> None:
        self._left = 0
        self._most = most
        self._line = bytearray()
        self._trailers = 0
        self._next = SIZE
        self.done = self.cut = most == 0
        self.fault = ""
        self.content: list[bytes] | None = None
        self.trailer = b""

    def scan(self, data: bytes, position: int) -> int:
        """
        The end of the part of C{data} that belongs to the body, or the position at which it is
        not valid: L{fault} then has the reason.

        @param position: the beginning of that part.
        """
        size = len(data)
        while position < size and not self.done:
            if self._left:
                step = min(self._left, size - position)
                self._left -= step
                if self.content is not None:
                    self.content.append(data[position : position + step])
                position += step
                continue
            line, kept = self._line, len(self._line)
            end = data.find(b"\n", position, position + LINE_LIMIT - kept) + 1
            if not end:
                if size - position >= LINE_LIMIT - kept:
                    self.fault = f"a line between chunks exceeds {LINE_LIMIT} bytes"
                    return position
                line += data[position:]
                return size
            whole = data[position:end]
            if kept:
                whole = bytes(line) + whole
                line.clear()
            self.fault = self._read(whole)
            if self.fault:
                return position
            position = end
        return position

    def _read(self, line: bytes) -> str:
        """
        Read one line between the chunks.

        @return: why it is not valid, C{""} if it is.
        """
        if self._next == SIZE:
            match = SIZE_LINE.fullmatch(line)
            if match is None:
                return "this is not a chunk size"
            self._left = int(match[1], 16)
            if self._left > CHUNK_LIMIT:
                return "the chunk is too large"
            self._next = AFTER_DATA if self._left else TRAILER
            return ""
        blank = line in (b"\r\n", b"\n")
        if self._next == AFTER_DATA:
            self._next = SIZE
            if not blank:
                return "the chunk is longer than it said"
            self._most -= 1
            self.done = self.cut = self._most == 0
            return ""
        if blank:
            self.done = True
            return ""
        fits = TRAILER_LINE.fullmatch(line) or (self._trailers and FOLDED_LINE.fullmatch(line))
        self._trailers += len(line)
        if self._trailers > TRAILER_LIMIT:
            return f"the trailers exceed {TRAILER_LIMIT} bytes"
        if self.content is not None:
            self.trailer += line
        return "" if fits else "this is not a trailer field"


Body = Sized | Chunked


def begin(framing: int, most: int = -1) -> Body:
    """
    The body that a head announces: a length in bytes, C{CHUNKED} or C{ENDLESS}.

    @param most: after how many chunks it is cut; -1 for never.
    """
    return Chunked(most) if framing == CHUNKED else Sized(framing)

# -*- test-case-name: tests.wire.redis.test_resp -*-
"""
Finds the ends of RESP values, RESP2 and RESP3, as
U{https://redis.io/docs/latest/develop/reference/protocol-spec/} and
U{https://github.com/redis/redis-specifications} define them.
"""

from __future__ import annotations

CRLF = b"\r\n"

#: The longest header with a length, in bytes: a type, a sign, 19 digits, CR and LF.
HEADER_LIMIT = 24

#: The longest array and the longest string, as a Redis server limits them.
COUNT_LIMIT, BULK_LIMIT = 2**31 - 1, 2**63 - 1

#: The greatest depth of nested aggregates of unknown length; those with a length have no limit.
DEPTH_LIMIT = 512

#: The headers of short strings and what follows the header's CRLF, less its own CRLF.
BULKS = {b"$%d" % length: length for length in range(4096)}

#: The same with the null of RESP2, which has no content.
NULLABLE = {**BULKS, b"$-1": -2}

#: Simple values, which are one line: status, error, integer, null, boolean, big number, double.
LINES = frozenset(b"+-:_#(,")

#: The simple values that are not errors.
SUCCESSES = LINES - frozenset(b"-")

#: Aggregates, and the number of values for each element that they count.
AGGREGATES = {42: 1, 126: 1, 62: 1, 37: 2, 124: 2}

COLON, STRING, VERBATIM, FAILURE, ATTRIBUTE, PART, END = b":$=!|;."


class Malformed(Exception):
    """
    The bytes are not RESP.
    """


def number(digits: bytes) -> int:
    """
    A length as Redis reads it: an optional minus, no leading zero, at most 19 digits.

    @raise Malformed: C{digits} has another form.
    """
    plain = digits[1:] if digits[:1] == b"-" else digits
    if not plain.isdigit() or len(plain) > 19 or (plain[0] == 48 and len(digits) > 1):
        raise Malformed(f"{digits[:32]!r} is not a length")
    return int(digits)


def opening(data: bytes, pos: int) -> bytes | None:
    """
    The text of the first element of the array or push at C{pos}, if it is a string of
    at most 16 bytes; C{b""} if it is not, C{None} if more bytes are needed.
    """
    start = data.find(CRLF, pos, pos + HEADER_LIMIT)
    if start < 0:
        return None if len(data) - pos < HEADER_LIMIT else b""
    start += 2
    if start >= len(data):
        return None
    body = data.find(CRLF, start, start + 8)
    if data[start] != STRING or (body < 0 and len(data) - start >= 8):
        return b""
    if body < 0:
        return None
    length = BULKS.get(data[start:body], 17)
    if length > 16:
        return b""
    text = data[body + 2 : body + 2 + length]
    return text if len(text) == length else None


class Scanner:
    """
    Finds the end of one value, of any size and depth, in constant memory: it counts the remaining
    values at any depth.

    @ivar done: the value has ended, or none has begun.
    @ivar integer: the last integer in the value, as the backend wrote it.
    """

    __slots__ = (
        "_extra",
        "_left",
        "_line",
        "_open",
        "_parts",
        "_skip",
        "_trailer",
        "done",
        "integer",
    )

    def __init__(self) -> None:
        self.done = True
        self.integer = b""
        self._left = self._extra = 0
        self._line = self._parts = self._trailer = False
        self._skip = 0
        # The number of remaining values outside of each aggregate of unknown length.
        self._open: list[int] = []

    def begin(self, extra: int = 0) -> None:
        """
        Begin a value.

        @param extra: the number of further values that belong to it, in addition to those that it
            counts; negative if fewer belong to it.
        """
        self._left = 1 + max(extra, 0)
        self._extra = min(extra, 0)
        self.done = False
        self.integer = b""

    def scan(self, data: bytes, pos: int) -> int:
        """
        Continue to read at C{pos}.

        @return: the index up to which the bytes belong to this value.  Unless it is C{done}, the
            rest is the beginning of a header, at most L{HEADER_LIMIT} bytes.
        @raise Malformed: the bytes are not RESP.
        """
        size = len(data)
        find = data.find
        bulks = NULLABLE.get
        while True:
            if self._skip or self._line or self._trailer:
                pos = self._inside(data, pos)
                if self._skip or self._line or self._trailer:
                    return pos
            if not self._left and not self._parts:
                self.done = True
                return pos
            if pos >= size:
                return pos
            end = find(CRLF, pos, pos + HEADER_LIMIT)
            length = bulks(data[pos:end]) if end > 0 else None
            if length is None or self._parts:
                reached = self._other(data, pos, end)
                if reached == pos:
                    return pos
                pos = reached
                continue
            if self._left > 0:
                self._left -= 1
            whole = end + 4 + length
            if whole <= size and data[whole - 1] == 10:
                pos = whole
            else:
                pos = end + 2
                self._skip, self._trailer = length, True

    def _inside(self, data: bytes, pos: int) -> int:
        """
        Continue to read a string or a line that has begun.
        """
        size = len(data)
        if self._line:
            end = data.find(CRLF, pos)
            if end < 0:
                return size - 1 if data[-1] == 13 and size > pos else size
            self._line = False
            return end + 2
        step = min(self._skip, size - pos)
        pos += step
        self._skip -= step
        if self._skip or size - pos < 2:
            return pos
        if data[pos : pos + 2] != CRLF:
            raise Malformed("a string does not end where its length says")
        self._trailer = False
        return pos + 2

    def _other(self, data: bytes, pos: int, end: int) -> int:
        """
        Read the header at C{pos} of a value that is not a short string.

        @param end: the end of the header, negative if it has not arrived yet.
        """
        kind = data[pos]
        if kind in LINES and not self._parts:
            if kind == COLON:
                if end < 0:
                    return self._wait(data, pos)
                self.integer = data[pos + 1 : end]
            self._item()
            if end < 0:
                self._line = True
                return pos + 1
            return end + 2
        if end < 0:
            return self._wait(data, pos)
        self._header(kind, data[pos + 1 : end])
        return end + 2

    def _wait(self, data: bytes, pos: int) -> int:
        if len(data) - pos >= HEADER_LIMIT:
            raise Malformed(f"{data[pos : pos + HEADER_LIMIT]!r} is not a header")
        if data[pos] not in HEADERS and data[pos] != COLON:
            raise Malformed(f"{data[pos : pos + 1]!r} is not a type")
        return pos

    def _item(self) -> None:
        if self._left > 0:
            self._left -= 1

    def _header(self, kind: int, digits: bytes) -> None:
        if self._parts or kind == PART:
            if kind != PART or not self._parts:
                raise Malformed("a part of a string is outside of a streamed string")
            length = number(digits)
            self._parts = length != 0
            self._begin(length)
        elif kind == END:
            if digits or not self._open:
                raise Malformed("an aggregate ends that did not begin")
            self._left = self._open.pop()
        elif kind in (STRING, VERBATIM, FAILURE):
            self._item()
            if digits == b"?":
                self._parts = True
            elif digits != b"-1":
                self._begin(number(digits), True)
        elif kind in AGGREGATES:
            self._aggregate(kind, digits)
        else:
            raise Malformed(f"{bytes((kind,))!r} is not a type")

    def _begin(self, length: int, empty: bool = False) -> None:
        if not 0 <= length <= BULK_LIMIT:
            raise Malformed(f"a string cannot have {length} bytes")
        self._skip = length
        self._trailer = empty or length > 0

    def _aggregate(self, kind: int, digits: bytes) -> None:
        # An attribute precedes the value that it describes, and is not counted.
        if kind != ATTRIBUTE:
            self._item()
        if digits == b"?":
            if len(self._open) >= DEPTH_LIMIT:
                raise Malformed(f"aggregates are nested too deep: {DEPTH_LIMIT} levels at most")
            self._open.append(self._left)
            self._left = -1
        elif digits != b"-1":
            count = number(digits)
            if not 0 <= count <= COUNT_LIMIT:
                raise Malformed(f"an aggregate cannot have {count} elements")
            # Inside one of unknown length only its end counts.
            if self._left >= 0:
                self._left += max(count * AGGREGATES[kind] + self._extra, 0)
                self._extra = 0


#: The types that have a header with a length.
HEADERS = frozenset((STRING, VERBATIM, FAILURE, PART, END, *AGGREGATES))

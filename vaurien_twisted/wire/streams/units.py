# -*- test-case-name: tests.wire.streams.test_units -*-
"""
Server-sent events and JSON lines: where each ends in a stream.

Events are those of the HTML standard, section 9.2.5: lines that end with CRLF, LF or CR, and a
blank line after each event.  Lines are those of JSON Lines (U{https://jsonlines.org}).  Blank
lines before an event or a line belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vaurien_twisted.model.streaming import EVENTS, LINES

#: The longest event or line that is kept back until it is complete, in bytes.
UNIT_LIMIT = 262144

#: The end of a line of an event.  CRLF is one end, never two.
_END = rb"(?>\r\n|\n|\r)"

#: The end of the last line of an event, and the blank line after it.
_EVENT_END = re.compile(_END + _END)

#: The first byte of an event or line.
_BEGINNING = re.compile(rb"[^\r\n]")

#: A data line of an event: the field name, and the data.
_DATA = re.compile(rb"(?:(?<=[\r\n])|\A)(data(?::[ ]?)?)([^\r\n]*)")
_NAME = re.compile(r"(?:(?<=[\r\n])|\A)event: ?([^\r\n]*)")

#: How many bytes the end of an event has at most.
_LONGEST_END = 4

#: Media types of streams of events, and of lines.
_TYPES = {
    "text/event-stream": EVENTS,
    "application/x-ndjson": LINES,
    "application/ndjson": LINES,
    "application/jsonl": LINES,
    "application/jsonlines": LINES,
    "application/x-jsonlines": LINES,
    "application/x-jsonl": LINES,
    "application/stream+json": LINES,
    "application/json-lines": LINES,
}


def unitOf(contentType: str) -> str:
    """
    The unit of a body of this media type: L{EVENTS}, L{LINES}, or C{""} for neither.
    """
    return _TYPES.get(contentType.partition(";")[0].strip().lower(), "")


class Splitter:
    """
    Divides a stream into events or lines.

    @param unit: L{EVENTS} or L{LINES}.
    @ivar kept: the bytes of the incomplete one, at most L{UNIT_LIMIT}.
    @ivar fault: why the rest cannot be divided; C{""} if it can.
    """

    __slots__ = ("_looked", "_unit", "fault", "kept")

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._looked = 0
        self.kept = b""
        self.fault = ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """
        The events or lines that C{data} completes, with their ends.
        """
        data = self.kept + data
        begin, looked = 0, self._looked
        while True:
            end = self._end(data, begin, looked)
            if end < 0:
                break
            yield data[begin:end]
            begin = looked = end
        self.kept = data[begin:]
        self._looked = max(0, len(self.kept) - _LONGEST_END)
        if len(self.kept) > UNIT_LIMIT:
            what = "an event" if self._unit == EVENTS else "a line"
            self.fault = f"not edited: {what} of the reply exceeds {UNIT_LIMIT:,} bytes"

    def take(self) -> bytes:
        """
        Remove and return the bytes in C{kept}.
        """
        kept, self.kept, self._looked = self.kept, b"", 0
        return kept

    def _end(self, data: bytes, begin: int, looked: int) -> int:
        """
        The offset at which the event or line that begins at C{begin} ends; -1 if it is incomplete.
        """
        first = _BEGINNING.search(data, begin)
        if first is None:
            return -1
        start = max(first.start(), looked)
        if self._unit == LINES:
            return data.find(b"\n", start) + 1 or -1
        match = _EVENT_END.search(data, start)
        return -1 if match is None else match.end()


def nameOf(event: bytes) -> str:
    """
    The name of an event, C{""} if it has none (C{message}).
    """
    match = _NAME.search(event.decode("utf-8", "replace"))
    return "" if match is None else match[1]


def dataOf(unit: bytes, kind: str) -> list[tuple[int, int]]:
    """
    The offsets between which the data of an event or line is.

    @param kind: L{EVENTS} or L{LINES}.
    """
    if kind == LINES:
        start = len(unit) - len(unit.lstrip(b"\r\n"))
        return [(start, len(unit.rstrip(b"\r\n")))]
    return [match.span(2) for match in _DATA.finditer(unit) if match[2]]


def textOf(unit: bytes, kind: str) -> str:
    """
    The data of an event or line as text.
    """
    spans = dataOf(unit, kind)
    return "\n".join(unit[start:end].decode("utf-8", "replace") for start, end in spans)

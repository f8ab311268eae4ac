"""
Tests for L{vaurien_twisted.wire.streams.units} and C{terminators}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.streaming import EVENTS, LINES
from vaurien_twisted.wire.streams.terminators import isTerminator
from vaurien_twisted.wire.streams.units import (
    UNIT_LIMIT,
    Splitter,
    dataOf,
    nameOf,
    textOf,
    unitOf,
)

STREAM = [
    b"\n: hello\r\n\r\n",
    b"data: a\r\rdata: b\n\n",
    b"event: x\r\ndata: c\r\ndata:d\r\n\r\n",
    b"\r\n\r\ndata: e\n\r\n",
    b"id: 1\r\n\n",
]


def split(parts: list[bytes], unit: str) -> list[bytes]:
    """
    The units of a stream that comes in these parts.
    """
    splitter = Splitter(unit)
    found = [each for part in parts for each in splitter.feed(part)]
    return [*found, splitter.take()]


class SplitterTests(SynchronousTestCase):
    """
    Where events and lines end.
    """

    def test_events(self) -> None:
        """
        Each ends with a blank line, whatever ends its lines.
        """
        found = split([b"".join(STREAM)], EVENTS)
        first, second = STREAM[1][:9], STREAM[1][9:]
        self.assertEqual(found, [STREAM[0], first, second, *STREAM[2:], b""])

    def test_lines(self) -> None:
        """
        Each line is one, and blank lines belong to the next.
        """
        self.assertEqual(
            split([b'{"a":1}\n\n{"b":2}\r\nrest'], LINES),
            [b'{"a":1}\n', b'\n{"b":2}\r\n', b"rest"],
        )

    @given(st.lists(st.sampled_from([b"data: a", b"\n", b"\r\n", b"\r", b":", b"x"])), st.data())
    def test_cutAnywhere(self, parts: list[bytes], data: st.DataObject) -> None:
        """
        Nothing is lost, and no event is cut in two, however the bytes come.  An event that ends
        with CR leaves the LF behind it to the next.
        """
        whole = b"".join(parts)
        for unit in (EVENTS, LINES):
            places = data.draw(st.lists(st.integers(0, len(whole))).map(sorted))
            pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]
            found = split(pieces, unit)
            self.assertEqual(b"".join(found), whole)
            expected = split([whole], unit)
            self.assertEqual(len(found), len(expected))
            self.assertEqual(
                [textOf(each, unit) for each in found], [textOf(each, unit) for each in expected]
            )

    def test_bound(self) -> None:
        """
        An event that does not end is given up.
        """
        splitter = Splitter(EVENTS)
        self.assertEqual(list(splitter.feed(b"data: " + b"x" * UNIT_LIMIT)), [])
        self.assertIn("exceeds", splitter.fault)

    def test_parts(self) -> None:
        """
        The name and the data of an event.
        """
        event = b"event: x\r\ndata: c\r\ndata:d\r\n\r\n"
        self.assertEqual((nameOf(event), textOf(event, EVENTS)), ("x", "c\nd"))
        self.assertEqual([event[a:b] for a, b in dataOf(event, EVENTS)], [b"c", b"d"])
        self.assertEqual(
            (nameOf(b"data: event: y\n\n"), textOf(b'\n{"a"}\n', LINES)), ("", '{"a"}')
        )

    def test_types(self) -> None:
        """
        By the media type, in upper or lower case, whatever its parameters.
        """
        self.assertEqual(unitOf("Text/Event-Stream; charset=utf-8"), EVENTS)
        self.assertEqual(unitOf("application/x-ndjson"), LINES)
        self.assertEqual((unitOf("application/json"), unitOf("")), ("", ""))

    def test_terminators(self) -> None:
        """
        What ends the streams of known APIs, and what does not.
        """
        for event in (
            b"data: [DONE]\n\n",
            b'event: message_stop\ndata: {"type": "message_stop"}\n\n',
            b'data: {"type": "message_stop"}\n\n',
            b'event: response.completed\ndata: {"type":"response.completed"}\n\n',
        ):
            self.assertTrue(isTerminator(event, EVENTS), event)
        self.assertTrue(isTerminator(b'{"response": "", "done": true}\n', LINES))
        for event in (b'data: {"done": "[DONE]"}\n\n', b'data: {"type": "ping"\n\n', b": x\n\n"):
            self.assertFalse(isTerminator(event, EVENTS), event)
        self.assertFalse(isTerminator(b'{"response": "a", "done": false}\n', LINES))

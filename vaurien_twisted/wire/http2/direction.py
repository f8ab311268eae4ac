# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
The base of both directions of an HTTP/2 connection.
"""

from __future__ import annotations

from abc import abstractmethod

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.connection import Connection
from vaurien_twisted.wire.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_STREAM,
    GOAWAY,
    HEAD,
    PADDED,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    packHead,
)
from vaurien_twisted.wire.http2.reader import FrameReader
from vaurien_twisted.wire.http2.sending_side import SendingSide
from vaurien_twisted.wire.http2.settings import apply, capped, check, readSettings, writeSettings
from vaurien_twisted.wire.http2.stream import Stream

#: The length of the shortest GOAWAY, in bytes.
SHORTEST = 8

#: The fixed lengths of frames (RFC 9113, section 6), and whether they belong to a stream; C{None}:
#: to a stream or to the connection.
LENGTHS = {
    PRIORITY: (5, True),
    RST_STREAM: (4, True),
    PING: (8, False),
    WINDOW_UPDATE: (4, None),
}


class Direction(FrameReader):
    """
    Reads the frames of one end.

    @param way: the sending side towards the other end.
    @param back: the sending side towards this end.
    """

    __slots__ = ("_back", "_connection", "_ending")

    def __init__(self, connection: Connection, way: SendingSide, back: SendingSide) -> None:
        super().__init__(way)
        self._connection = connection
        self._back = back
        #: The stream that ends with the DATA frame that passes.
        self._ending: Stream | None = None

    # Methods that differ between the two ends

    @abstractmethod
    def _find(self, number: int) -> Stream | None:
        """
        The stream by this end's number.
        """

    @abstractmethod
    def _other_number(self, stream: Stream) -> int:
        """
        The other end's number of a stream.
        """

    @abstractmethod
    def _ended(self, stream: Stream) -> None:
        """
        This end has ended a stream that passes unchanged.
        """

    @abstractmethod
    def _isDone(self, stream: Stream) -> bool:
        """
        Whether this end has ended a stream on which all passes.
        """

    @abstractmethod
    def _strike(self, stream: Stream, content: bytes, ends: bool) -> None:
        """
        Handle the content of a DATA frame on a struck stream.
        """

    @abstractmethod
    def _unknown(self, number: int, what: str) -> bool:
        """
        Handle a frame on a stream that is not open.

        @return: whether it passes.
        @raise Violation: the stream is idle (RFC 9113, section 5.1).
        """

    @abstractmethod
    def _reset(self, stream: Stream | None, number: int, content: bytes) -> bytes | None:
        """
        RST_STREAM.
        """

    # DATA

    def _dataPasses(self, number: int, flags: int, length: int, whole: bool) -> bool:
        connection, way = self._connection, self.way
        stream = self._find(number)
        if stream is None:
            if not self._unknown(number, "DATA") or connection.renumbered:
                return False
        elif stream.struck is not None:
            return False
        elif self._isDone(stream):
            raise Violation("STREAM_CLOSED", f"DATA on stream {number}, which this end has ended")
        window = way.window
        if window.owed or way.blocked or (flags & PADDED and not self._padded(length)):
            return False
        if connection.renumbered and stream is not None:
            self._flushRun()
            out = packHead(length << 8 | DATA, flags, self._other_number(stream))
            way.out.append(out)
            self._run = self._pos + len(out)
        window.room -= length
        if window.room < 0:
            raise Violation("FLOW_CONTROL_ERROR", "DATA exceeds the connection's window")
        if flags & END_STREAM:
            if not whole:
                self._ending = stream
            elif stream is not None:
                self._ended(stream)
        elif not length:
            way.floods.empty("DATA")
        return True

    def _padded(self, length: int) -> bool:
        """
        Check that a frame's padding fits into it.  Returns whether enough bytes have arrived to
        know.

        @raise Violation: it does not.
        """
        at = self._pos + HEAD
        if at >= len(self._data):
            return False
        if self._data[at] >= length:
            raise Violation("PROTOCOL_ERROR", "the padding is as long as the frame")
        return True

    def _dataEnds(self) -> None:
        stream, self._ending = self._ending, None
        if stream is not None:
            self._ended(stream)

    def _diverted(self, number: int, flags: int, content: bytes, length: int) -> bytes | None:
        connection, way = self._connection, self.way
        stream = self._find(number)
        ends = bool(flags & END_STREAM)
        if not ends and not content:
            way.floods.empty("DATA")
        if stream is None:
            # Frames in flight on an ended stream count for the connection's window.
            connection.creditDiscarded(way, length)
            if ends:
                connection.numbers.ended(number)
            return b""
        connection.creditDiscarded(way, length - len(content), 0 if ends else number)
        if stream.struck is not None:
            self._strike(stream, content, ends)
        else:
            way.send(stream, DATA, flags & END_STREAM, content)
        return b""

    # Other frames

    def _other(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        wanted = LENGTHS.get(kind)
        if wanted is not None:
            self._check(kind, number, len(content), *wanted)
        if kind == WINDOW_UPDATE:
            return self._credit(number, content)
        if kind == RST_STREAM:
            stream = self._find(number)
            if stream is None and not self._unknown(number, "RST_STREAM"):
                self._connection.numbers.ended(number)
                return b""
            return self._reset(stream, number, content)
        if kind == SETTINGS:
            return self._settings(flags, number, content)
        self._first()
        if kind == CONTINUATION:
            raise Violation("PROTOCOL_ERROR", "CONTINUATION follows no HEADERS")
        if kind == GOAWAY:
            if len(content) < SHORTEST:
                raise Violation("FRAME_SIZE_ERROR", f"GOAWAY has {len(content)} bytes")
            if number:
                raise Violation("PROTOCOL_ERROR", f"GOAWAY on stream {number}")
        self.way.floods.empty("PING" if kind == PING else f"type {kind}")
        if kind == PRIORITY and self._connection.renumbered:
            return b""
        return None

    def _first(self) -> None:
        """
        Check that a frame other than SETTINGS is not the first one (RFC 9113, section 3.4).

        @raise Violation: it is the first.
        """
        if not self.way.opened:
            raise Violation("PROTOCOL_ERROR", "the first frame is not SETTINGS")

    def _check(self, kind: int, number: int, size: int, length: int, ofStream: bool | None) -> None:
        if size != length:
            raise Violation("FRAME_SIZE_ERROR", f"a frame of type {kind} has {size} bytes")
        if ofStream is not None and bool(number) is not ofStream:
            raise Violation("PROTOCOL_ERROR", f"a frame of type {kind} on stream {number}")

    def _settings(self, flags: int, number: int, content: bytes) -> bytes | None:
        self.way.floods.empty("SETTINGS")
        if number:
            raise Violation("PROTOCOL_ERROR", f"SETTINGS on stream {number}")
        if flags & ACK:
            self._first()
            if content:
                raise Violation("FRAME_SIZE_ERROR", "the acknowledgement of SETTINGS has content")
            return self._acknowledged()
        values = readSettings(content)
        check(values)
        passing = self._passing(capped(values))
        initial = apply(passing, self._back)
        if initial is not None:
            self._back.resize(initial, list(self._connection.struck))
        if not self.way.opened:
            self._flushRun()
            self.way.open(frame(SETTINGS, flags, 0, writeSettings(passing)))
            return b""
        return None if passing == values else frame(SETTINGS, flags, 0, writeSettings(passing))

    def _acknowledged(self) -> bytes | None:
        """
        This end has acknowledged SETTINGS.  Returns the bytes that pass; C{None} for the frame
        itself.
        """
        return None

    def _passing(self, values: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """
        The settings to send to the other end in place of C{values}.
        """
        return values

    def _credit(self, number: int, content: bytes) -> bytes | None:
        """
        WINDOW_UPDATE.
        """
        increment = int.from_bytes(content, "big") & 2**31 - 1
        back = self._back
        if not number:
            if not increment:
                raise Violation("PROTOCOL_ERROR", "WINDOW_UPDATE has an increment of 0")
            passing = back.window.credit(increment)
            if back.blocked:
                back.drain()
            if passing == increment:
                return None
            return frame(WINDOW_UPDATE, 0, 0, passing.to_bytes(4, "big")) if passing else b""
        stream = self._find(number)
        if stream is None:
            return None if self._unknown(number, "WINDOW_UPDATE") else b""
        other = self._other_number(stream)
        if stream.struck is not None:
            return self._creditStruck(stream, other, increment, content)
        return None if other == number else frame(WINDOW_UPDATE, 0, other, content)

    @abstractmethod
    def _creditStruck(
        self, stream: Stream, other: int, increment: int, content: bytes
    ) -> bytes | None:
        """
        WINDOW_UPDATE on a struck stream.

        @param other: the other end's number of the stream.
        """

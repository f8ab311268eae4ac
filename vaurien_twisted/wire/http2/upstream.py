# -*- test-case-name: tests.relays.test_streams -*-
"""
The client's direction of an HTTP/2 connection.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.connection import Connection
from vaurien_twisted.wire.http2.direction import Direction
from vaurien_twisted.wire.http2.frames import (
    END_STREAM,
    PREFACE,
    PUSH_PROMISE,
    RST_STREAM,
    WINDOW_UPDATE,
    frame,
    headers,
    windowUpdate,
)
from vaurien_twisted.wire.http2.header_blocks import Block
from vaurien_twisted.wire.http2.sending_side import DOWN
from vaurien_twisted.wire.http2.stream import Stream, StreamFacts


class Upstream(Direction):
    """
    Reads the preface and the frames that the client sends.
    """

    __slots__ = ("_preface",)

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, connection.up, connection.down)
        self._preface = PREFACE

    def read(self, data: bytes) -> None:
        """
        Read a chunk.

        @raise Violation: the client violates HTTP/2.
        """
        preface = self._preface
        if preface:
            begun, data = data[: len(preface)], data[len(preface) :]
            if not preface.startswith(begun):
                raise Violation(
                    "PROTOCOL_ERROR", "the client did not begin with the preface of HTTP/2"
                )
            self._preface = preface[len(begun) :]
            self.way.out.append(begun)
        if data:
            super().read(data)

    def _find(self, number: int) -> Stream | None:
        return self._connection.streams.get(number)

    def _other_number(self, stream: Stream) -> int:
        return stream.theirs

    def _unknown(self, number: int, what: str) -> bool:
        connection = self._connection
        if number % 2 and number > connection.highest:
            raise Violation("PROTOCOL_ERROR", f"{what} on stream {number}, which is idle")
        if number and not number % 2:
            connection.numbers.checkPushed(number, what)
            if what == "DATA":
                raise Violation("PROTOCOL_ERROR", f"DATA on stream {number}, which was pushed")
        if not number:
            raise Violation("PROTOCOL_ERROR", f"{what} belongs to no stream")
        if number % 2 and (number in connection.numbers.unheard or number > connection.lastTheirs):
            return False
        # The backend's number of this stream is no longer known.
        return not (number % 2 and connection.renumbered)

    def _ended(self, stream: Stream) -> None:
        stream.clientDone = True
        if stream.backendDone:
            self._connection.close(stream)

    def _isDone(self, stream: Stream) -> bool:
        return stream.clientDone

    def _strike(self, stream: Stream, content: bytes, ends: bool) -> None:
        struck = stream.struck
        if stream.clientDone:
            raise Violation(
                "STREAM_CLOSED", f"DATA on stream {stream.number}, which is half-closed"
            )
        if ends:
            stream.clientDone = True
        if struck is not None:
            struck.requested(content, False, ends)
        if ends and stream.backendDone:
            self._connection.close(stream)

    def _framed(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        if kind == PUSH_PROMISE:
            raise Violation("PROTOCOL_ERROR", "the client has sent PUSH_PROMISE")
        return super()._framed(kind, flags, number, content)

    def _blockEnds(
        self, kind: int, flags: int, number: int, content: bytes, block: bytes
    ) -> bytes | None:
        connection, blocks = self._connection, self.way.blocks
        self._first()
        read = blocks.read(block)
        stream = connection.streams.get(number)
        ends = bool(flags & END_STREAM)
        if stream is None:
            stream = self._begin(number, read)
            if stream is None:
                blocks.withheld()
                if ends:
                    connection.numbers.ended(number)
                return b""
            if stream.struck is None:
                connection.introduce(stream)
        elif stream.clientDone:
            raise Violation("STREAM_CLOSED", f"HEADERS on stream {number}, which is half-closed")
        if stream.struck is not None:
            blocks.withheld()
            if ends:
                stream.clientDone = True
            stream.struck.requested(headers(number, self._plain(read), ends), True, ends)
            if ends and stream.backendDone:
                connection.close(stream)
            return b""
        instead = None
        if blocks.rewritten or stream.theirs != number or connection.authority is not None:
            blocks.withheld()
            instead = headers(stream.theirs, blocks.written(self._plain(read)), ends)
        if ends:
            self._ended(stream)
        return instead

    def _plain(self, block: Block) -> bytes:
        """
        A header block that uses no dynamic table, with the configured authority.
        """
        authority = self._connection.authority
        return block.plain if authority is None else block.withAuthority(authority)

    def _begin(self, number: int, block: Block) -> Stream | None:
        """
        Begin a request.  Returns its stream; C{None} if the request is discarded.
        """
        connection = self._connection
        if not number % 2:
            raise Violation("PROTOCOL_ERROR", f"the client has opened stream {number}")
        if number <= connection.highest:
            connection.numbers.trailer(number)
            return None
        connection.highest = number
        if connection.gone is not None and number > connection.gone:
            connection.numbers.refuse(number)
            return None
        streams = connection.streams
        self.way.floods.opened(len(streams) + 1, connection.down.waiting)
        connection.exchanges += 1
        request = block.request
        exchange = Exchange(connection.exchanges, request.method, request.target, request.head)
        exchange.context = StreamFacts(number, len(streams) + 1, request.grpc, request.deadline)
        stream = streams[number] = Stream(number, exchange)
        stream.room = [connection.up.initial, connection.down.initial]
        connection.host.begun(stream, block)
        return stream

    def _reset(self, stream: Stream | None, number: int, content: bytes) -> bytes | None:
        connection = self._connection
        if stream is None:
            return None
        if not stream.backendDone:
            if stream.struck is None:
                self.way.floods.reset(stream.exchange.began)
            connection.host.abandoned(stream.exchange)
        theirs, struck = stream.theirs, stream.struck
        stream.clientDone = True
        tell = theirs and not stream.gone
        stream.gone = stream.reset = True
        if struck is not None:
            struck.resetByClient()
        connection.close(stream)
        if not tell:
            return b""
        return None if theirs == number else frame(RST_STREAM, 0, theirs, content)

    def _acknowledged(self) -> bytes | None:
        return None if self._connection.limit.acknowledged() else b""

    def _creditStruck(
        self, stream: Stream, other: int, increment: int, content: bytes
    ) -> bytes | None:
        stream.credit(DOWN, increment)
        if self._back.blocked:
            self._back.drain()
        passing = stream.shared(DOWN, increment)
        if (
            (increment and not passing)
            or not other
            or stream.gone
            or stream.withholds(DOWN, passing)
        ):
            return b""
        if passing != increment:
            return windowUpdate(other, passing)
        return frame(WINDOW_UPDATE, 0, other, content)

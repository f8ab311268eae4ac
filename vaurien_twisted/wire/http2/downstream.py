# -*- test-case-name: tests.relays.test_streams -*-
"""
The backend's direction of an HTTP/2 connection.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import CODES, NAMES, Violation
from vaurien_twisted.wire.http2.connection import Connection
from vaurien_twisted.wire.http2.direction import Direction
from vaurien_twisted.wire.http2.frames import (
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PUSH_PROMISE,
    RST_STREAM,
    WINDOW_UPDATE,
    contentOf,
    frame,
    goAway,
    headers,
    reset,
    windowUpdate,
)
from vaurien_twisted.wire.http2.header_blocks import Block
from vaurien_twisted.wire.http2.sending_side import UP
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.windows import LARGEST_STREAM


class Downstream(Direction):
    """
    Reads the frames that the backend sends.
    """

    __slots__ = ()

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, connection.down, connection.up)

    def read(self, data: bytes) -> None:
        """
        Read a chunk.

        @raise Violation: the backend violates HTTP/2, or does not use it.
        """
        if data.startswith(b"HTTP/1") and not self.way.opened:
            raise Violation("PROTOCOL_ERROR", "the backend answers HTTP/2 with HTTP/1")
        super().read(data)

    def _find(self, number: int) -> Stream | None:
        return self._connection.byTheirs.get(number)

    def _other_number(self, stream: Stream) -> int:
        return stream.number

    def _unknown(self, number: int, what: str) -> bool:
        if not number:
            raise Violation("PROTOCOL_ERROR", f"{what} belongs to no stream")
        if not number % 2:
            # Streams that the backend has pushed pass.
            self._connection.numbers.checkPushed(number, what)
            return True
        connection = self._connection
        if number > connection.lastTheirs:
            raise Violation("PROTOCOL_ERROR", f"{what} on stream {number}, which is idle")
        # The client does not get further frames of a struck stream that it has ended.
        return not connection.renumbered and number not in connection.numbers.finished

    def _ended(self, stream: Stream) -> None:
        stream.backendDone = stream.gone = True
        self._connection.host.answered(stream.exchange)
        if stream.clientDone:
            self._connection.close(stream)

    def _isDone(self, stream: Stream) -> bool:
        return stream.backendDone

    def _strike(self, stream: Stream, content: bytes, ends: bool) -> None:
        if stream.gone or stream.struck is None:
            self._connection.creditDiscarded(self.way, len(content))
            return
        if ends:
            stream.gone = True
        stream.struck.replied(content, False, ends)

    def _blockEnds(
        self, kind: int, flags: int, number: int, content: bytes, block: bytes
    ) -> bytes | None:
        blocks = self.way.blocks
        self._first()
        read = blocks.read(block)
        stream = self._find(number)
        if kind == PUSH_PROMISE:
            return self._pushed(flags, number, content, read)
        if stream is not None and stream.struck is None and stream.backendDone:
            raise Violation("STREAM_CLOSED", f"HEADERS on stream {number}, which has ended")
        if stream is None and (not self._unknown(number, "HEADERS") or number % 2 == 0):
            return self._stray(flags, number, read)
        ends = bool(flags & END_STREAM)
        if stream is not None and read.failure and not stream.gone:
            stream.exchange.error = read.failure
        if stream is not None and stream.struck is not None:
            blocks.withheld()
            self._head(stream, read, ends)
            return b""
        instead = None
        waits = stream is not None and stream in self.way.blocked
        own = number if stream is None else stream.number
        if blocks.rewritten or own != number or waits:
            blocks.withheld()
            if waits and stream is not None:
                self.way.send(stream, HEADERS, END_HEADERS | flags & END_STREAM, read.plain)
                return b""
            instead = headers(own, blocks.written(read.plain), ends)
        if ends and stream is not None:
            self._ended(stream)
        return instead

    def _pushed(self, flags: int, number: int, content: bytes, read: Block) -> bytes | None:
        """
        PUSH_PROMISE.  Streams that the backend pushes pass and do not count as exchanges.
        """
        blocks, stream = self.way.blocks, self._find(number)
        if stream is None and (not number % 2 or self._connection.lastTheirs < number):
            raise Violation("PROTOCOL_ERROR", f"PUSH_PROMISE on stream {number}")
        said = contentOf(PUSH_PROMISE, flags, number, content)
        promised = int(getattr(said, "promised_stream_id", 0))
        self._connection.numbers.promise(promised)
        own = number if stream is None else stream.number
        if own == number and not blocks.rewritten:
            return None
        blocks.withheld()
        block = promised.to_bytes(4, "big") + blocks.written(read.plain)
        return frame(PUSH_PROMISE, END_HEADERS, own, block)

    def _stray(self, flags: int, number: int, read: Block) -> bytes | None:
        """
        A header block on a pushed or ended stream.
        """
        blocks = self.way.blocks
        if number % 2:
            blocks.withheld()
            return b""
        if not blocks.rewritten:
            return None
        blocks.withheld()
        return headers(number, blocks.written(read.plain), bool(flags & END_STREAM))

    def _head(self, stream: Stream, read: Block, ends: bool) -> None:
        """
        A header block of a struck reply.
        """
        struck = stream.struck
        if struck is None or stream.gone:
            return
        data = headers(stream.number, read.plain, ends)
        if read.interim and not ends:
            struck.interim(data)
            return
        if ends:
            stream.gone = True
        stream.accepted = stream.accepted or read.accepts
        struck.replied(data, True, ends)

    def _reset(self, stream: Stream | None, number: int, content: bytes) -> bytes | None:
        if stream is None:
            return None
        if not stream.gone:
            code = int.from_bytes(content, "big")
            stream.exchange.error = f"rst-stream:{NAMES.get(code, code)}"
        stream.gone = stream.reset = True
        own = frame(RST_STREAM, 0, stream.number, content)
        if stream.struck is not None:
            stream.struck.resetByBackend(own)
            return b""
        if stream in self.way.blocked:
            self.way.send(stream, RST_STREAM, 0, content)
            return b""
        if not stream.backendDone:
            stream.backendDone = True
            self._connection.host.answered(stream.exchange)
        self._connection.close(stream)
        return None if stream.number == number else own

    def _passing(self, values: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return self._connection.limit.passing(values)

    def _creditStruck(
        self, stream: Stream, other: int, increment: int, content: bytes
    ) -> bytes | None:
        stream.credit(UP, increment)
        if self._back.blocked:
            self._back.drain()
        passing = stream.shared(UP, increment)
        if increment and not passing:
            return b""
        if stream.backendDone or stream.clientDone or stream.withholds(UP, passing):
            return b""
        if passing != increment:
            return windowUpdate(other, passing)
        return frame(WINDOW_UPDATE, 0, other, content)

    def _other(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        passing = super()._other(kind, flags, number, content)
        if kind != GOAWAY:
            return passing
        if self._connection.renumbered:
            return self._leave(contentOf(kind, flags, number, content))
        last = int.from_bytes(content[:4], "big") & LARGEST_STREAM
        served = self._connection.numbers.served(last)
        if served == last:
            return passing
        return frame(GOAWAY, 0, 0, served.to_bytes(4, "big") + content[4:])

    def _leave(self, said: object) -> bytes:
        """
        GOAWAY of a backend whose stream numbers differ from the client's: refuses the streams that
        the backend has not served, if earlier ones are served.
        """
        last = int(getattr(said, "last_stream_id", 0))
        served = [each.number for each in self._connection.streams.values() if each.theirs <= last]
        highest = max(served, default=0) if last < self._connection.lastTheirs else 2**31 - 1
        code = int(getattr(said, "error_code", 0))
        refused = [
            each
            for each in self._connection.streams.values()
            if last < each.theirs and each.number <= highest
        ]
        made = [goAway(self._connection.numbers.served(highest), code)]
        for each in refused:
            each.gone = each.reset = each.backendDone = True
            made.append(reset(each.number, CODES["REFUSED_STREAM"]))
            self._connection.close(each)
        return b"".join(made)

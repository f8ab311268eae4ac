# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
Reads the frames of one direction.  Frames that pass unchanged are not copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.floods import checkBlock
from vaurien_twisted.wire.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEAD,
    HEADERS,
    PADDED,
    PUSH_PROMISE,
    blockOf,
    contentOf,
    frame,
    unpackHead,
)
from vaurien_twisted.wire.http2.sending_side import SendingSide
from vaurien_twisted.wire.http2.windows import LARGEST_STREAM


class FrameReader(ABC):
    """
    Reads the frames of one direction, and writes those that pass to the receiver's sending side.

    @param way: the sending side towards the receiver.
    """

    __slots__ = ("_block", "_blockOf", "_data", "_kept", "_left", "_need", "_pos", "_run", "way")

    def __init__(self, way: SendingSide) -> None:
        self.way = way
        way.before = self._flushRun
        #: The beginning of a frame, until it has L{_need} bytes.
        self._kept = bytearray()
        self._need = HEAD
        #: The number of bytes of a DATA frame that still pass unchanged.
        self._left = 0
        #: The frames of an incomplete header block, and its stream.
        self._block: list[tuple[int, int, bytes]] = []
        self._blockOf = 0
        #: The chunk being read, the offset up to which it is written, and the offset up to which it
        #: is read.
        self._data = b""
        self._run = self._pos = 0

    def read(self, data: bytes) -> None:
        """
        Read a chunk, and add the bytes that pass to C{out} of the sending side.

        @raise Violation: the sender violates HTTP/2; the bytes before that have passed.
        """
        kept = self._kept
        if kept:
            kept += data
            if len(kept) < self._need:
                return
            data = bytes(kept)
            kept.clear()
        self._data, self._run, self._pos = data, 0, 0
        size, pos = len(data), 0
        limit = self.way.limit
        try:
            if self._left:
                pos = self._rest(size)
            while size - pos >= HEAD:
                word, flags, number = unpackHead(data, pos)
                length = word >> 8
                number &= LARGEST_STREAM
                if length > limit:
                    self._pos = pos
                    reason = f"a frame has {length} bytes: {limit} at most"
                    raise Violation("FRAME_SIZE_ERROR", reason)
                kind, end = word & 255, pos + HEAD + length
                whole = end <= size
                self._pos = pos
                passes = not (kind or self._blockOf)
                if passes and self._dataPasses(number, flags, length, whole):
                    if not whole:
                        self._left = end - size
                    pos = min(end, size)
                    continue
                if not whole:
                    self._need = HEAD + length
                    break
                instead = self._framed(kind, flags, number, data[pos + HEAD : end])
                pos = end
                if instead is not None:
                    self._flushRun()
                    if instead:
                        self.way.out.append(instead)
                    self._run = end
            else:
                self._need = HEAD
            self._pos = pos
            if pos < size:
                kept += data[pos:]
        finally:
            self._flushRun()
            self._data, self._run, self._pos = b"", 0, 0

    def _rest(self, size: int) -> int:
        """
        The offset of the end of a DATA frame that passes.
        """
        pos = min(self._left, size)
        self._left -= pos
        if not self._left:
            self._dataEnds()
        return pos

    def _flushRun(self) -> None:
        """
        Write the bytes that were read and pass.
        """
        if self._pos > self._run:
            self.way.out.append(self._data[self._run : self._pos])
            self._run = self._pos

    def _framed(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        """
        Handle a complete frame.

        @return: the bytes that pass in its place; C{None} for the frame itself.
        """
        if self._blockOf:
            return self._continued(kind, flags, number, content)
        if kind in (HEADERS, PUSH_PROMISE):
            if not number:
                raise Violation("PROTOCOL_ERROR", "a header block belongs to no stream")
            if not flags & END_HEADERS:
                self._block, self._blockOf = [(kind, flags, content)], number
                return b""
            return self._blockEnds(
                kind, flags, number, content, blockOf(kind, flags, number, content)
            )
        if kind == DATA:
            if flags & PADDED:
                read = contentOf(kind, flags, number, content)
                return self._diverted(
                    number, flags, bytes(getattr(read, "data", b"")), len(content)
                )
            return self._diverted(number, flags, content, len(content))
        return self._other(kind, flags, number, content)

    def _continued(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        """
        A frame within a header block (RFC 9113, section 6.10).
        """
        if kind != CONTINUATION or number != self._blockOf:
            reason = "another frame interrupts a header block"
            raise Violation("PROTOCOL_ERROR", reason)
        block = self._block
        block.append((kind, flags, content))
        checkBlock(len(block), sum(len(each) for _, _, each in block))
        if not flags & END_HEADERS:
            return b""
        self._block, self._blockOf = [], 0
        first, firstFlags, begun = block[0]
        whole = blockOf(first, firstFlags, number, begun) + b"".join(e for _, _, e in block[1:])
        instead = self._blockEnds(first, firstFlags, number, begun, whole)
        if instead is None:
            # Its frames pass unchanged.
            return b"".join(frame(kind, own, number, part) for kind, own, part in block)
        return instead

    @abstractmethod
    def _dataPasses(self, number: int, flags: int, length: int, whole: bool) -> bool:
        """
        Whether a DATA frame passes unchanged.

        @param whole: whether it is complete; otherwise L{_dataEnds} is called at its end.
        """

    @abstractmethod
    def _dataEnds(self) -> None:
        """
        A DATA frame that passes has ended.
        """

    @abstractmethod
    def _diverted(self, number: int, flags: int, content: bytes, length: int) -> bytes | None:
        """
        Handle a complete DATA frame that does not pass unchanged, without its padding.

        @param length: its length with the padding, in bytes.
        """

    @abstractmethod
    def _blockEnds(
        self, kind: int, flags: int, number: int, content: bytes, block: bytes
    ) -> bytes | None:
        """
        Handle a complete header block.

        @param content: the content of its first frame.
        """

    @abstractmethod
    def _other(self, kind: int, flags: int, number: int, content: bytes) -> bytes | None:
        """
        Handle a frame of another type.
        """

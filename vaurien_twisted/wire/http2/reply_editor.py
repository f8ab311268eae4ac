# -*- test-case-name: tests.relays.test_streams_edited -*-
"""
Replies on streams that are edited: the editor gets the head, and the content without frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IEditor, IReplyEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.editing import (
    RAW_LIMIT,
    BodyCourse,
    DropBody,
    PassBody,
    StreamBody,
    WholeBody,
)
from vaurien_twisted.wire.http2.endings import GOAWAY, RESET, codeOf
from vaurien_twisted.wire.http2.frames import (
    DATA,
    HEAD,
    HEADERS,
    body,
    framesIn,
    goAway,
    headers,
    piece,
    reset,
)
from vaurien_twisted.wire.http2.reply_head import StreamReplyHead
from vaurien_twisted.wire.streams.patch_editor import BODYLESS
from vaurien_twisted.wire.streams.tunnels import isTunnel


@implementer(IEditor)
class HTTP2ReplyEditor:
    """
    Edits one reply.  Input and output are complete frames whose header blocks use no dynamic table.
    New DATA frames have at most 16 KiB.

    @param method: the method of the request.
    @param number: the client's number of the stream.
    @param editor: changes the reply.
    @param ending: how the stream ends if the editor ends the connection: C{rst-stream:CODE},
        C{goaway:CODE}, or C{""}, with the connection.
    """

    __slots__ = ("_course", "_editor", "_ending", "_head", "_method", "_number", "_raw", "_size")

    def __init__(self, method: str, number: int, editor: IReplyEditor, ending: str = "") -> None:
        self._method = method
        self._number = number
        self._editor = editor
        self._ending = codeOf(ending)
        self._head: StreamReplyHead | None = None
        self._course: BodyCourse = PassBody()
        #: The received frames of a reply that waits for the end of its body, and the size of their
        #: content.
        self._raw = bytearray()
        self._size = 0

    @property
    def struck(self) -> bool:
        return self._editor.struck

    @property
    def reason(self) -> str:
        return self._editor.reason

    @property
    def held(self) -> int:
        course = self._course
        return len(self._raw) + (course.editor.held if isinstance(course, StreamBody) else 0)

    def push(self, data: bytes, ends: bool, now: float) -> Iterator[EditedBytes]:
        """
        Frames of the reply have arrived: first those of the complete head, then those of a DATA
        frame or of the trailer.
        """
        kind = data[3]
        if self._head is None and kind == HEADERS:
            yield from self._begin(data, ends)
        elif isinstance(self._course, StreamBody):
            yield from self._stream(self._course, data, ends, now)
        elif isinstance(self._course, WholeBody):
            yield from self._keep(self._course, data, ends)
        elif isinstance(self._course, PassBody):
            yield EditedBytes(data)

    def _begin(self, data: bytes, ends: bool) -> Iterator[EditedBytes]:
        """
        Handle the head of the reply.

        @param ends: whether it has neither a body nor a trailer.
        """
        head = self._head = StreamReplyHead(_content(data))
        bodiless = (
            ends
            or self._method == "HEAD"
            or head.status in BODYLESS
            or isTunnel(self._method, head.status)
        )
        course = self._course = self._editor.begin(head, 0 if bodiless else head.length)
        if isinstance(course, WholeBody):
            self._raw += data
        elif isinstance(course, DropBody):
            yield EditedBytes(headers(self._number, head.block, True), last=True)
        elif isinstance(course, StreamBody):
            if course.resizes:
                head.remove((b"content-length",))
            yield EditedBytes(headers(self._number, head.block, False))
        elif course.headChanged:
            yield EditedBytes(headers(self._number, head.block, ends))
        else:
            yield EditedBytes(data)

    def _stream(
        self, course: StreamBody, data: bytes, ends: bool, now: float
    ) -> Iterator[EditedBytes]:
        """
        Handle a DATA frame, or the trailer, of a body that is edited as it arrives.
        """
        isData = data[3] == DATA
        content = _content(data) if isData else b""
        if content:
            yield from self._framed(course.editor.push(content, now))
        if ends:
            yield from self._framed(course.editor.end(now))
            yield EditedBytes(piece(self._number, b"", True) if isData else data)

    def _framed(self, parts: Iterable[EditedBytes]) -> Iterator[EditedBytes]:
        """
        Edited content in frames, and the end of the stream.
        """
        number = self._number
        ending, code = self._ending
        for part in parts:
            data = body(number, part.data, part.last) if part.data or part.last else b""
            last, then = part.last, part.then
            if then is not ConnectionFate.KEEP and ending == RESET:
                data, last, then = data + reset(number, code), True, ConnectionFate.KEEP
            elif then is not ConnectionFate.KEEP and ending == GOAWAY:
                data, then = data + goAway(number, code), ConnectionFate.CLOSE
            yield attrs.evolve(part, data=data, last=last, then=then)

    def _keep(self, course: WholeBody, data: bytes, ends: bool) -> Iterator[EditedBytes]:
        """
        Handle a DATA frame, or the trailer, of a reply that waits until its body is complete.
        """
        trailer = b"" if data[3] == DATA else data
        if not trailer:
            self._size += len(data) - HEAD
        self._raw += data
        if self._size > course.limit or len(self._raw) > RAW_LIMIT:
            yield from self.release(f"not patched: the body exceeds {course.limit:,} bytes")
        elif ends:
            yield self._whole(course, trailer)

    def _whole(self, course: WholeBody, trailer: bytes) -> EditedBytes:
        """
        The changed reply, whose body has arrived.
        """
        raw, self._raw = bytes(self._raw), bytearray()
        head, number = self._head, self._number
        kept = b"".join(content for kind, _, _, content in framesIn(raw) if kind == DATA)
        content = course.change(kept)
        if content is None or head is None:
            return EditedBytes(raw)
        if head.status in BODYLESS:
            return EditedBytes(headers(number, head.block, True), last=True)
        if head.value(b"content-length"):
            head.remove((b"content-length",))
            head.add("content-length", str(len(content)))
        made = headers(number, head.block, False)
        if content or not trailer:
            made += body(number, content, not trailer)
        return EditedBytes(made + trailer)

    def release(self, reason: str) -> Iterator[EditedBytes]:
        course = self._course
        if isinstance(course, StreamBody):
            yield from self._framed(course.editor.release(reason))
        elif isinstance(course, WholeBody) and self._raw:
            self._editor.leaveUnchanged(reason)
            self._course = PassBody()
            raw, self._raw = bytes(self._raw), bytearray()
            yield EditedBytes(raw)


def _content(frames: bytes) -> bytes:
    """
    The content of one DATA frame, or of the frames of one header block.
    """
    return b"".join(content for _, _, _, content in framesIn(frames))

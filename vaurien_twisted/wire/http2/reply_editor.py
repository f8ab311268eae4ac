# -*- test-case-name: tests.relays.test_streams_edited -*-
"""
Replies on streams that are edited: the editor gets the head, and the content without frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from vaurien_twisted.interfaces.editors import IReplyEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.editing import DropBody, PassBody, StreamBody, WholeBody
from vaurien_twisted.wire.http.reply_editing import ReplyEditing
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


class HTTP2ReplyEditor(ReplyEditing):
    """
    Edits one reply.  Input and output are complete frames whose header blocks use no dynamic table.
    New DATA frames have at most 16 KiB.

    @param method: the method of the request.
    @param number: the client's number of the stream.
    @param editor: changes the reply.
    @param ending: how the stream ends if the editor ends the connection: C{rst-stream:CODE},
        C{goaway:CODE}, or C{""}, with the connection.
    """

    __slots__ = ("_ending", "_head", "_method", "_number", "_trailer")

    def __init__(self, method: str, number: int, editor: IReplyEditor, ending: str = "") -> None:
        super().__init__(editor)
        self._method = method
        self._number = number
        self._ending = codeOf(ending)
        self._head: StreamReplyHead | None = None
        #: The frames of the trailer of a reply that waits for the end of its body.
        self._trailer = b""

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
            isData = kind == DATA
            self._trailer = b"" if isData else data
            yield from self._hold(self._course, data, len(data) - HEAD if isData else 0, ends)
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

    def _changed(self, course: WholeBody, raw: bytes) -> EditedBytes | None:
        head, number = self._head, self._number
        kept = b"".join(content for kind, _, _, content in framesIn(raw) if kind == DATA)
        changed = course.change(kept)
        if changed is None or head is None:
            return None
        if head.status in BODYLESS:
            return EditedBytes(headers(number, head.block, True), last=True)
        if head.value(b"content-length"):
            head.remove((b"content-length",))
            head.add("content-length", str(len(changed)))
        made, trailer = headers(number, head.block, False), self._trailer
        if changed or not trailer:
            made += body(number, changed, not trailer)
        return EditedBytes(made + trailer)


def _content(frames: bytes) -> bytes:
    """
    The content of one DATA frame, or of the frames of one header block.
    """
    return b"".join(content for _, _, _, content in framesIn(frames))

# -*- test-case-name: tests.wire.http.test_stream_editor,tests.wire.http.test_patch_editor -*-
"""
Replies of HTTP/1 that are edited: the editor gets the head, and the content without chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from vaurien_twisted.interfaces.editors import IReplyEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.editing import DropBody, PassBody, StreamBody, WholeBody
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.content import Content, Frames
from vaurien_twisted.wire.http.errors import HTTP_1_0
from vaurien_twisted.wire.http.head import ENDLESS
from vaurien_twisted.wire.http.reply_editing import ReplyEditing
from vaurien_twisted.wire.streams.patch_editor import BODYLESS, LENGTHS


class HTTP1ReplyEditor(ReplyEditing):
    """
    Edits one reply of HTTP/1.
    """

    __slots__ = ("_body", "_chunks", "_content", "_frames", "_method")

    def __init__(self, exchange: Exchange, editor: IReplyEditor) -> None:
        super().__init__(editor)
        self._method = exchange.command
        # The head is dropped before the reply arrives, so read the version now.
        self._chunks = HTTP_1_0.match(exchange.head.lower()) is None
        self._content: Content | None = None
        self._frames: Frames | None = None
        #: The content of a reply that waits for the end of its body.
        self._body = bytearray()

    @property
    def held(self) -> int:
        return super().held + len(self._body)

    def push(self, data: bytes, ends: bool, now: float) -> Iterator[EditedBytes]:
        content, frames, position = self._content, self._frames, 0
        if content is None or frames is None:
            content = self._content = Content(data, self._method)
            frames = self._frames = Frames(content)
            position = len(content.raw)
            self._course = self._editor.begin(content.head, content.framing)
            yield from self._begun(content, frames)
            if isinstance(self._course, PassBody) and self._course.headChanged:
                data = data[position:]
        course = self._course
        if isinstance(course, PassBody):
            yield EditedBytes(data)
        elif isinstance(course, DropBody):
            if ends and content.framing == ENDLESS:
                yield EditedBytes(b"", then=ConnectionFate.CLOSE)
        elif isinstance(course, StreamBody):
            found = content.read(data, position)
            if found:
                yield from self._framed(course.editor.push(found, now))
            if ends:
                yield from self._framed(course.editor.end(now))
                yield frames.ending
        else:
            found = content.read(data, position)
            self._body += found
            yield from self._hold(course, data, len(found), ends)

    def _begun(self, content: Content, frames: Frames) -> Iterator[EditedBytes]:
        """
        The changed head, if it goes on now.
        """
        course = self._course
        if isinstance(course, WholeBody) or (
            isinstance(course, PassBody) and not course.headChanged
        ):
            return
        if isinstance(course, StreamBody) and course.resizes:
            frames.unsize(self._chunks)
        yield EditedBytes(bytes(content.head))

    def _changed(self, course: WholeBody, raw: bytes) -> EditedBytes | None:
        content, frames = self._content, self._frames
        body, self._body = bytes(self._body), bytearray()
        changed = course.change(body)
        if changed is None or content is None or frames is None:
            return None
        head = content.head
        if head.status in BODYLESS:
            return EditedBytes(bytes(head), then=frames.ending.then)
        if content.framing >= 0:
            head.remove(LENGTHS)
            head.add("Content-Length", str(len(changed)))
        return EditedBytes(bytes(head) + frames.frame(changed) + frames.ending.data)

    def release(self, reason: str) -> Iterator[EditedBytes]:
        self._body = bytearray()
        yield from super().release(reason)

    def _framed(self, parts: Iterable[EditedBytes]) -> Iterator[EditedBytes]:
        frames = self._frames
        for part in parts:
            if frames is None:
                yield part
                continue
            data, then = frames.frame(part.data), part.then
            if part.last:
                data += frames.ending.data
                then = frames.ending.then if then is ConnectionFate.KEEP else then
            yield attrs.evolve(part, data=data, then=then)

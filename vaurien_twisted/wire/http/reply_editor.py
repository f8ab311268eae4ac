# -*- test-case-name: tests.wire.http.test_stream_editor,tests.wire.http.test_patch_editor -*-
"""
Replies of HTTP/1 that are edited: the editor gets the head, and the content without chunks.
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
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.content import Content, Frames
from vaurien_twisted.wire.http.errors import HTTP_1_0
from vaurien_twisted.wire.http.head import ENDLESS
from vaurien_twisted.wire.streams.patch_editor import BODYLESS, LENGTHS


@implementer(IEditor)
class HTTP1ReplyEditor:
    """
    Edits one reply.

    @param editor: decides what becomes of it.
    """

    __slots__ = ("_chunks", "_content", "_course", "_editor", "_frames", "_kept", "_method", "_raw")

    def __init__(self, exchange: Exchange, editor: IReplyEditor) -> None:
        self._method = exchange.command
        # The head is dropped before the reply arrives, so read the version now.
        self._chunks = HTTP_1_0.match(exchange.head.lower()) is None
        self._editor = editor
        self._content: Content | None = None
        self._frames: Frames | None = None
        self._course: BodyCourse = PassBody()
        #: What has arrived of a reply that waits for the end of its body: the original bytes,
        #: and the content.
        self._raw = bytearray()
        self._kept = bytearray()

    @property
    def struck(self) -> bool:
        return self._editor.struck

    @property
    def reason(self) -> str:
        return self._editor.reason

    @property
    def held(self) -> int:
        own = len(self._raw) + len(self._kept)
        return own + (self._course.editor.held if isinstance(self._course, StreamBody) else 0)

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
                yield from _framed(course.editor.push(found, now), frames)
            if ends:
                yield from _framed(course.editor.end(now), frames)
                yield frames.ending
        else:
            self._raw += data
            self._kept += content.read(data, position)
            if len(self._kept) > course.limit or len(self._raw) > RAW_LIMIT:
                yield from self.release(f"not patched: the body exceeds {course.limit:,} bytes")
            elif ends:
                yield self._whole(course, content, frames)

    def _begun(self, content: Content, frames: Frames) -> Iterator[EditedBytes]:
        """
        The head, if it does not pass unchanged and goes on now.
        """
        course = self._course
        if isinstance(course, WholeBody) or (
            isinstance(course, PassBody) and not course.headChanged
        ):
            return
        if isinstance(course, StreamBody) and course.resizes:
            frames.unsize(self._chunks)
        yield EditedBytes(bytes(content.head))

    def _whole(self, course: WholeBody, content: Content, frames: Frames) -> EditedBytes:
        """
        The changed reply, whose body has arrived.
        """
        raw, kept = bytes(self._raw), bytes(self._kept)
        self._raw, self._kept = bytearray(), bytearray()
        head = content.head
        body = course.change(kept)
        if body is None:
            return EditedBytes(raw)
        if head.status in BODYLESS:
            return EditedBytes(bytes(head), then=frames.ending.then)
        if content.framing >= 0:
            head.remove(LENGTHS)
            head.add("Content-Length", str(len(body)))
        return EditedBytes(bytes(head) + frames.frame(body) + frames.ending.data)

    def release(self, reason: str) -> Iterator[EditedBytes]:
        course, frames = self._course, self._frames
        if isinstance(course, StreamBody) and frames is not None:
            yield from _framed(course.editor.release(reason), frames)
        elif isinstance(course, WholeBody) and self._raw:
            self._editor.leaveUnchanged(reason)
            self._course = PassBody()
            raw, self._raw, self._kept = bytes(self._raw), bytearray(), bytearray()
            yield EditedBytes(raw)


def _framed(parts: Iterable[EditedBytes], frames: Frames) -> Iterator[EditedBytes]:
    """
    Edited content in the form in which it is sent.
    """
    for part in parts:
        data, then = frames.frame(part.data), part.then
        if part.last:
            data += frames.ending.data
            then = frames.ending.then if then is ConnectionFate.KEEP else then
        yield attrs.evolve(part, data=data, then=then)

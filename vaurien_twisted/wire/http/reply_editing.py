# -*- test-case-name: tests.wire.http.test_patch_editor,tests.relays.test_streams_edited -*-
"""
Replies that are edited: what HTTP/1 and HTTP/2 have in common.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IEditor, IReplyEditor
from vaurien_twisted.model.commands import EditedBytes
from vaurien_twisted.model.editing import RAW_LIMIT, BodyCourse, PassBody, StreamBody, WholeBody


@implementer(IEditor)
class ReplyEditing(ABC):
    """
    Edits one reply.

    @param editor: changes the reply.
    """

    __slots__ = ("_course", "_editor", "_kept", "_raw")

    def __init__(self, editor: IReplyEditor) -> None:
        self._editor = editor
        self._course: BodyCourse = PassBody()
        #: Of a reply that waits for the end of its body, the bytes that have arrived, and how many
        #: of them are content.
        self._raw = bytearray()
        self._kept = 0

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

    @abstractmethod
    def push(self, data: bytes, ends: bool, now: float) -> Iterable[EditedBytes]:
        """
        See L{IEditor}.
        """

    @abstractmethod
    def _framed(self, parts: Iterable[EditedBytes]) -> Iterator[EditedBytes]:
        """
        Edited content in the form in which it is sent.
        """

    @abstractmethod
    def _changed(self, course: WholeBody, raw: bytes) -> EditedBytes | None:
        """
        The changed reply, whose body has arrived; C{None}: it passes unchanged.

        @param raw: the bytes of the whole reply.
        """

    def _hold(self, course: WholeBody, data: bytes, size: int, ends: bool) -> Iterator[EditedBytes]:
        """
        Hold bytes of a reply until its body is complete.

        @param size: how many bytes of content there are in C{data}.
        @param ends: whether they end the reply.
        """
        self._raw += data
        self._kept += size
        if self._kept > course.limit or len(self._raw) > RAW_LIMIT:
            yield from self.release(f"not patched: the body exceeds {course.limit:,} bytes")
        elif ends:
            raw = self._taken()
            yield self._changed(course, raw) or EditedBytes(raw)

    def _taken(self) -> bytes:
        """
        Remove and return the bytes that are held.
        """
        raw, self._raw = bytes(self._raw), bytearray()
        return raw

    def release(self, reason: str) -> Iterator[EditedBytes]:
        course = self._course
        if isinstance(course, StreamBody):
            yield from self._framed(course.editor.release(reason))
        elif isinstance(course, WholeBody) and self._raw:
            self._editor.leaveUnchanged(reason)
            self._course = PassBody()
            yield EditedBytes(self._taken())

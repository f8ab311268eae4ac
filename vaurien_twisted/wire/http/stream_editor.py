# -*- test-case-name: tests.wire.http.test_stream_editor -*-
"""
Faults of streamed replies: events and lines in bodies of HTTP/1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.streaming import StreamFault
from vaurien_twisted.wire.http.content import Content, Frames
from vaurien_twisted.wire.http.errors import HTTP_1_0
from vaurien_twisted.wire.streams.faults import StreamEditor, resizes
from vaurien_twisted.wire.streams.units import unitOf


@implementer(IEditor)
class HTTPStreamEditor:
    """
    Applies a fault to the events or lines of one reply.

    A reply that is no stream, or is compressed, passes unchanged.
    """

    __slots__ = ("_chunks", "_content", "_editor", "_fault", "_frames", "_method", "_reason")

    def __init__(self, exchange: Exchange, fault: StreamFault) -> None:
        self._method = exchange.command
        # The head is dropped before the reply arrives, so read the version now.
        self._chunks = HTTP_1_0.match(exchange.head.lower()) is None
        self._fault = fault
        self._content: Content | None = None
        self._editor: StreamEditor | None = None
        self._frames: Frames | None = None
        self._reason = ""

    @property
    def struck(self) -> bool:
        """
        Whether something was changed, held back or dropped.
        """
        return self._editor is not None and self._editor.struck

    @property
    def reason(self) -> str:
        """
        Why the fault had no effect.
        """
        return self._reason if self._editor is None else self._editor.reason

    @property
    def held(self) -> int:
        """
        The number of held-back bytes: the beginning of an event.
        """
        return 0 if self._editor is None else self._editor.held

    def push(self, data: bytes, ends: bool, now: float) -> Iterator[EditedBytes]:
        """
        Bytes of the reply came: its whole head first.
        """
        position = 0
        if self._content is None:
            self._content = content = Content(data, self._method)
            position = len(content.raw)
            self._begin(content)
            if self._editor is not None:
                yield EditedBytes(bytes(content.head))
        if self._editor is None or self._frames is None:
            yield EditedBytes(data)
            return
        found = self._content.read(data, position)
        if found:
            yield from self._framed(self._editor.push(found, now), self._frames)
        if ends:
            yield from self._framed(self._editor.end(now), self._frames)
            yield self._frames.ending

    def _begin(self, content: Content) -> None:
        """
        Check whether the reply is a stream.
        """
        head = content.head
        media, coding = head.value(b"content-type"), head.value(b"content-encoding").lower()
        unit = self._fault.unit or unitOf(media)
        if not content.framing:
            self._reason = "not struck: the reply has no body"
        elif coding not in ("", "identity"):
            self._reason = f"not struck: the reply is compressed ({coding})"
        elif not unit:
            told = f"its Content-Type is {media}" if media else "it has no Content-Type"
            self._reason = f"not struck: the reply has no events or lines, {told}"
        else:
            self._editor, self._frames = StreamEditor(self._fault, unit), Frames(content)
            if resizes(self._fault):
                self._frames.unsize(self._chunks)

    def _framed(self, parts: Iterable[EditedBytes], frames: Frames) -> Iterator[EditedBytes]:
        for part in parts:
            data, then = frames.frame(part.data), part.then
            if part.last:
                data += frames.ending.data
                then = frames.ending.then if then is ConnectionFate.KEEP else then
            yield attrs.evolve(part, data=data, then=then)

    def release(self, reason: str) -> Iterable[EditedBytes]:
        """
        Releases nothing: the held-back bytes never exceed the limit of a connection.
        """
        return ()

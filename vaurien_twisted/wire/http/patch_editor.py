# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Replies of HTTP/1 that are patched: another status, other header fields, another body.
"""

from __future__ import annotations

from collections.abc import Iterator

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.patch import Patch
from vaurien_twisted.model.streaming import EVENTS
from vaurien_twisted.wire.http.content import LENGTHS, Content, Frames
from vaurien_twisted.wire.http.head import CHUNKED, ENDLESS
from vaurien_twisted.wire.streams.patching import BODY_LIMIT, Unpatchable, canDecode, patched
from vaurien_twisted.wire.streams.units import unitOf

#: The most bytes of a reply that are held back until its body is complete, chunks included.
RAW_LIMIT = 4 * BODY_LIMIT

#: Statuses whose replies have no body (RFC 9110, section 6.4.1).
BODYLESS = frozenset((204, 304))

#: Fields with a digest of the body (RFC 9530, and older ones).
DIGESTS = frozenset((b"content-md5", b"digest", b"content-digest", b"repr-digest"))


@implementer(IEditor)
class PatchEditor:
    """
    Patches one reply.  It is patched as a whole or not at all.

    @param method: of the request.
    """

    __slots__ = ("_content", "_drops", "_kept", "_method", "_patch", "_raw", "reason", "struck")

    def __init__(self, method: str, patch: Patch) -> None:
        self._method = method
        self._patch = patch
        self._content: Content | None = None
        #: The arrived part of a reply whose body is patched: the original bytes, and the content.
        self._raw = bytearray()
        self._kept = bytearray()
        self._drops = False
        self.struck = False
        self.reason = ""

    @property
    def held(self) -> int:
        """
        The number of bytes that are held back of a body that is patched.
        """
        return len(self._raw) + len(self._kept)

    def push(self, data: bytes, ends: bool, now: float) -> Iterator[EditedBytes]:
        """
        Bytes of the reply came: its whole head first.
        """
        content, position = self._content, 0
        if content is None:
            content = self._content = Content(data, self._method)
            position = len(content.raw)
            self.reason = self._obstacle(content)
            if not self.reason and not self._patch.changesBody:
                data = self._patchHead(content) + data[position:]
                if self._drops:
                    yield EditedBytes(bytes(content.head))
        if self._drops:
            if ends and content.framing == ENDLESS:
                yield EditedBytes(b"", then=ConnectionFate.CLOSE)
        elif self.reason or self.struck:
            yield EditedBytes(data)
        else:
            self._raw += data
            self._kept += content.read(data, position)
            if len(self._kept) > BODY_LIMIT or len(self._raw) > RAW_LIMIT:
                yield from self.release(f"not patched: the body exceeds {BODY_LIMIT:,} bytes")
            elif ends:
                yield self._whole(content)

    def _obstacle(self, content: Content) -> str:
        """
        Why the reply cannot be patched, according to its head; C{""} if it can.
        """
        if content.status == 101:
            return "not patched: the connection goes on in another protocol"
        if not self._patch.changesBody:
            return ""
        head = content.head
        coding = head.value(b"content-encoding").lower()
        if not content.framing:
            return "not patched: the reply has no body"
        if content.framing > BODY_LIMIT:
            return f"not patched: the body exceeds {BODY_LIMIT:,} bytes"
        if content.status == 206:
            return "not patched: the reply is a part of a document"
        if unitOf(head.value(b"content-type")) == EVENTS:
            return "not patched: the reply is a stream of events, see the behavior events"
        if not canDecode(coding):
            return f"not patched: the Content-Encoding is {coding}"
        return ""

    def _patchHead(self, content: Content) -> bytes:
        """
        The patched head of a reply whose body is not changed.
        """
        head, patch = content.head, self._patch
        head.patch(patch.status, patch.fields)
        if self._method != "HEAD" and patch.status and patch.status != content.status:
            if patch.status in BODYLESS:
                self._drops = content.framing != 0
                head.remove(LENGTHS)
            elif content.status in BODYLESS:
                # The fields may tell of a body that the reply did not have.
                head.remove(LENGTHS)
                head.add("Content-Length", "0")
        changed = bytes(head)
        self.struck = changed != content.raw
        if not self.struck:
            self.reason = "not patched: nothing in the reply would change"
        return changed

    def _whole(self, content: Content) -> EditedBytes:
        """
        The patched reply, whose body has arrived.
        """
        raw, kept = bytes(self._raw), bytes(self._kept)
        self._raw, self._kept = bytearray(), bytearray()
        head, patch = content.head, self._patch
        try:
            body = patched(kept, head.value(b"content-encoding").lower(), patch)
        except Unpatchable as fault:
            self.reason = f"not patched: {fault}"
            return EditedBytes(raw)
        self.struck = True
        frames = Frames(content)
        head.remove(DIGESTS)
        head.patch(patch.status, patch.fields)
        if patch.status in BODYLESS:
            head.remove(LENGTHS)
            return EditedBytes(bytes(head), then=frames.ending.then)
        if content.framing not in (CHUNKED, ENDLESS):
            head.remove(LENGTHS)
            head.add("Content-Length", str(len(body)))
        return EditedBytes(bytes(head) + frames.frame(body) + frames.ending.data)

    def release(self, reason: str) -> Iterator[EditedBytes]:
        """
        Pass the arrived part of the reply, and all of the rest, unchanged.
        """
        if not self._raw:
            return
        self.reason = reason
        raw, self._raw, self._kept = bytes(self._raw), bytearray(), bytearray()
        yield EditedBytes(raw)

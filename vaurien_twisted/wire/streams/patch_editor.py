# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
The editor that patches replies: another status, other header fields, another body.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IReplyEditor, IReplyHead
from vaurien_twisted.model.editing import BodyCourse, DropBody, PassBody, WholeBody
from vaurien_twisted.model.patch import Patch
from vaurien_twisted.model.streaming import EVENTS
from vaurien_twisted.wire.streams.patching import BODY_LIMIT, Unpatchable, canDecode, patched
from vaurien_twisted.wire.streams.tunnels import isTunnel
from vaurien_twisted.wire.streams.units import unitOf

#: Statuses whose replies have no body (RFC 9110, section 6.4.1).
BODYLESS = frozenset((204, 304))

#: Header fields with the length of a body.
LENGTHS = frozenset((b"content-length", b"transfer-encoding"))

#: Fields with a digest of the body (RFC 9530, and older ones).
DIGESTS = frozenset((b"content-md5", b"digest", b"content-digest", b"repr-digest"))


@implementer(IReplyEditor)
class PatchEditor:
    """
    Patches one reply.  It is patched as a whole or not at all.

    @param method: the method of the request.
    """

    __slots__ = ("_method", "_patch", "reason", "struck")

    def __init__(self, method: str, patch: Patch) -> None:
        self._method = method
        self._patch = patch
        self.struck = False
        self.reason = ""

    def begin(self, head: IReplyHead, length: int) -> BodyCourse:
        """
        Check whether the reply can be patched.  If its body is not changed, patch the head.
        """
        self.reason = self._obstacle(head, length)
        if self.reason:
            return PassBody()
        if not self._patch.changesBody:
            return self._patchHead(head, length)
        return WholeBody(BODY_LIMIT, lambda body: self._patchWhole(head, body))

    def _obstacle(self, head: IReplyHead, length: int) -> str:
        """
        Why the reply cannot be patched, according to its head; C{""} if it can.
        """
        if isTunnel(self._method, head.status):
            return "not patched: the connection goes on in another protocol"
        if not self._patch.changesBody:
            return ""
        media = head.value(b"content-type")
        coding = head.value(b"content-encoding").lower()
        if not length:
            return "not patched: the reply has no body"
        if length > BODY_LIMIT:
            return f"not patched: the body exceeds {BODY_LIMIT:,} bytes"
        if head.status == 206:
            return "not patched: the reply is a part of a document"
        if unitOf(media) == EVENTS:
            return "not patched: the reply is a stream of events, see the behavior events"
        if media.lower().startswith("application/grpc"):
            return "not patched: the body consists of messages of gRPC"
        if not canDecode(coding):
            return f"not patched: the Content-Encoding is {coding}"
        return ""

    def _patchHead(self, head: IReplyHead, length: int) -> BodyCourse:
        """
        Patch the head of a reply whose body is not changed.
        """
        before, patch = head.status, self._patch
        self.struck = head.patch(patch.status, patch.fields)
        if not self.struck:
            self.reason = "not patched: nothing in the reply would change"
        if self._method != "HEAD" and head.status != before:
            if head.status in BODYLESS:
                head.remove(LENGTHS)
                if length:
                    return DropBody()
            elif before in BODYLESS:
                # The patched fields may describe a body that the reply does not have.
                head.remove(LENGTHS)
                head.add("Content-Length", "0")
        return PassBody(self.struck)

    def _patchWhole(self, head: IReplyHead, body: bytes) -> bytes | None:
        """
        Patch the head and the complete body.
        """
        patch = self._patch
        try:
            changed = patched(body, head.value(b"content-encoding").lower(), patch)
        except Unpatchable as fault:
            self.reason = f"not patched: {fault}"
            return None
        self.struck = True
        head.remove(DIGESTS)
        head.patch(patch.status, patch.fields)
        if head.status in BODYLESS:
            head.remove(LENGTHS)
            return b""
        return changed

    def leaveUnchanged(self, reason: str) -> None:
        self.reason = reason

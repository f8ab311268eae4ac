# -*- test-case-name: tests.wire.http.test_stream_editor -*-
"""
The editor that damages streamed replies: it recognizes them, and finds their events or lines.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IReplyEditor, IReplyHead
from vaurien_twisted.model.editing import BodyCourse, PassBody, StreamBody
from vaurien_twisted.model.streaming import StreamFault
from vaurien_twisted.wire.streams.faults import StreamEditor, resizes
from vaurien_twisted.wire.streams.tunnels import isTunnel
from vaurien_twisted.wire.streams.units import unitOf


@implementer(IReplyEditor)
class EventEditor:
    """
    Applies a fault to the events or lines of one reply.  A reply that is not a stream, or is
    compressed, passes unchanged.

    @param method: the method of the request.
    """

    __slots__ = ("_editor", "_fault", "_method", "_reason")

    def __init__(self, method: str, fault: StreamFault) -> None:
        self._method = method
        self._fault = fault
        self._editor: StreamEditor | None = None
        self._reason = ""

    @property
    def struck(self) -> bool:
        return self._editor is not None and self._editor.struck

    @property
    def reason(self) -> str:
        return self._reason if self._editor is None else self._editor.reason

    def begin(self, head: IReplyHead, length: int) -> BodyCourse:
        """
        Check whether the reply is a stream.
        """
        media, coding = head.value(b"content-type"), head.value(b"content-encoding").lower()
        unit = self._fault.unit or unitOf(media)
        if isTunnel(self._method, head.status):
            self._reason = "not struck: the connection goes on in another protocol"
        elif not length:
            self._reason = "not struck: the reply has no body"
        elif coding not in ("", "identity"):
            self._reason = f"not struck: the reply is compressed ({coding})"
        elif not unit:
            reason = f"its Content-Type is {media}" if media else "it has no Content-Type"
            self._reason = f"not struck: the reply has no events or lines, {reason}"
        else:
            self._editor = StreamEditor(self._fault, unit)
            return StreamBody(self._editor, resizes(self._fault))
        return PassBody()

    def leaveUnchanged(self, reason: str) -> None:
        self._reason = reason

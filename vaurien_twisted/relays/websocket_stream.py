# -*- test-case-name: tests.relays.test_streams_websocket -*-
"""
A WebSocket connection on a stream of HTTP/2 (RFC 8441): a request, and then messages.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.model.decision import Decision, Rule
from vaurien_twisted.relays.message_relay import MessageRelay
from vaurien_twisted.relays.stream_owner import Owner
from vaurien_twisted.relays.struck_stream import StruckStream
from vaurien_twisted.wire.http2.sending_side import DOWN, UP
from vaurien_twisted.wire.http2.stream import Stream


class WebSocketStream:
    """
    Performs what was decided for the request (extended C{CONNECT}).  Once the backend has accepted
    it, the content of DATA frames is divided into messages.

    @ivar queues: the write queues of messages, to the backend and to the client.
    """

    __slots__ = ("_accepted", "_early", "_messages", "_owner", "_request", "_stream", "queues")

    def __init__(self, owner: Owner, stream: Stream, decision: Decision) -> None:
        self._owner = owner
        self._stream = stream
        self._request = StruckStream(owner, stream, decision)
        self._messages = MessageRelay(owner, self, stream, self._request.follow)
        self.queues = self._messages.queues
        self._accepted = False
        #: What the client has sent before it was accepted.
        self._early: list[tuple[bytes, bool]] = []

    def __repr__(self) -> str:
        return f"<WebSocketStream {self._stream.number}>"

    def requested(self, data: bytes, head: bool, ends: bool) -> None:
        if self._accepted and not head:
            self._messages.read(UP, data, ends)
        elif head or self._refused:
            self._request.requested(data, head, ends)
        else:
            self._early.append((data, ends))
            self._owner.held[UP] += len(data)

    @property
    def _refused(self) -> bool:
        """
        Whether the client's request does not reach the backend, or was refused by it.
        """
        exchange = self._stream.exchange
        return exchange.dropped or exchange.replying

    def interim(self, data: bytes) -> None:
        self._request.interim(data)

    def replied(self, data: bytes, head: bool, ends: bool) -> None:
        if self._accepted and not head:
            self._messages.read(DOWN, data, ends)
            return
        begins = head and not self._stream.exchange.replying
        self._request.replied(data, head, ends)
        if not begins:
            return
        if not ends and self._stream.accepted and not self._stream.exchange.muted:
            self._accepted = True
            self._owner.opened(self._stream)
        self._release()

    def _release(self) -> None:
        """
        Send on what the client has sent too early.
        """
        early, self._early = self._early, []
        for data, ends in early:
            self._owner.held[UP] -= len(data)
            self.requested(data, False, ends)

    def resetByClient(self) -> None:
        self.stop()

    def resetByBackend(self, frame: bytes) -> None:
        if self._accepted:
            self._messages.resetByBackend(frame)
        else:
            self._request.resetByBackend(frame)

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        Forget the waits of rules that are no longer kept, and go on.
        """
        self._messages.lift(keeps)

    def leave(self) -> None:
        """
        The client has gone: what is kept back of its messages goes nowhere.
        """
        self._messages.leave()

    def stop(self) -> None:
        """
        Forget everything.
        """
        self._owner.held[UP] -= sum(len(data) for data, _ in self._early)
        self._early.clear()
        self._messages.stop()
        self._request.stop()

# -*- test-case-name: tests.relays.test_streams -*-
"""
The readers of an HTTP/2 link, which replace those that read exchanges in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zope.interface import implementer

from vaurien_twisted.interfaces import IFramer, IMultiplexing
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.replies import ReplyReader
from vaurien_twisted.relays.requests import RequestReader
from vaurien_twisted.relays.streams import StreamRelay


class StreamRequests(RequestReader):
    """
    Reads the bytes of the client.
    """

    __slots__ = ("_relay",)

    def __init__(self, state: ExchangeState, relay: StreamRelay, taken: Callable[[], None]) -> None:
        super().__init__(state, _unraised, taken)
        self._relay = relay

    def read(self, data: bytes) -> None:
        if self._state.closed:
            return
        self._relay.fromClient(data)
        self.pull()
        if self.pieces is not None or self._state.room.full:
            self.stall()
        self._taken()

    def pull(self) -> None:
        """
        Resume the client if there is room for its bytes.
        """
        self.pieces = iter(()) if self._relay.full[0] else None

    def ended(self, after: Callable[[], None]) -> None:
        self._relay.clientEnded()
        self._relay.flush()
        self.pieces = None
        self._state.toBackend.put(None, b"", after=after)

    def stop(self) -> None:
        """
        Release all resources.
        """
        super().stop()
        self._relay.stop()


class StreamReplies(ReplyReader):
    """
    Reads the bytes of the backend.
    """

    __slots__ = ("_relay",)

    def __init__(self, state: ExchangeState, relay: StreamRelay, taken: Callable[[], None]) -> None:
        super().__init__(state, _unraised, taken)
        self._relay = relay

    def read(self, data: bytes) -> None:
        self._relay.fromBackend(data)
        if self._state.closed:
            return
        if self.full:
            self._state.transports.paceBackend(True)
        self._taken()

    @property
    def full(self) -> bool:
        return self._relay.full[1] or super().full

    def take(self) -> None:
        relay, queue = self._relay, self._state.toClient
        if relay.held[1] or relay.connection.down.waiting:
            self.pieces = iter(())
            return
        self.pieces = None
        while self.after and not self._state.closed:
            queue.put(None, b"", after=self.after.pop(0))

    def drained(self) -> None:
        """
        Bytes that were kept back have gone on.
        """
        if self.after:
            self.take()

    def ended(self, after: Callable[[], None]) -> None:
        self.after.append(after)
        self.take()


@implementer(IFramer)
class StreamsFramer:
    """
    The framer of a link whose streams are relayed.  It yields no pieces.
    """

    turns = False
    opaque = ""

    def __init__(self, relay: StreamRelay) -> None:
        self._relay = relay

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        return iter(())

    fromBackend = fromClient

    def expect(self, exchange: Exchange) -> None:
        """
        Ignore the exchange: each has a stream of its own.
        """

    def clientEnded(self) -> Iterator[Piece]:
        return iter(())

    backendEnded = clientEnded

    def renew(self) -> None:
        self._relay.planChanged()


def _unraised(error: FramingError) -> None:
    """
    This is never called: invalid frames end the connection.
    """


def readStreams(
    state: ExchangeState,
    framer: IMultiplexing,
    close: Callable[[], None],
    reset: Callable[[], None],
    taken: Callable[[], None],
) -> tuple[StreamRequests, StreamReplies]:
    """
    Replace the readers of a link when both ends continue in HTTP/2.

    @param framer: the framer that was used before.
    @param taken: called when a chunk was read.
    """
    client, backend = framer.earlyBytes()
    relay = StreamRelay(state, close, reset, framer.host)
    state.fastPath.stop()
    state.framer = StreamsFramer(relay)
    requests, replies = StreamRequests(state, relay, taken), StreamReplies(state, relay, taken)
    relay.drained = replies.drained
    state.room.streams, state.streams = relay.held, relay.waiting
    if framer.settings is not None:
        relay.upgraded(framer.settings)
    relay.fromClient(client)
    if backend and not state.closed:
        relay.fromBackend(backend)
    return requests, replies

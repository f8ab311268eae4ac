# -*- test-case-name: tests.relays.test_streams_websocket -*-
"""
One direction of a WebSocket connection on a stream of HTTP/2: its bytes as messages, in slices of
time.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.model.exchange import Exchange, FramingError
from vaurien_twisted.relays.pieces import Chained
from vaurien_twisted.relays.turns import STEP, Turns
from vaurien_twisted.wire.websocket.messages import MessageReader


class MessageInput:
    """
    Divides bytes into messages.

    @param take: handles a part of a message: its exchange (C{None}: none), the bytes, and whether
        they end it.
    @param later: called in a later turn of the reactor, if the slice of time is over; it calls
        L{pull}.
    @param garbage: called with a reason if the bytes are not WebSocket.
    @ivar come: how many bytes have arrived.
    @ivar gone: how many of them were handled.
    @ivar unread: whether bytes are no longer divided.
    """

    __slots__ = (
        "_after",
        "_garbage",
        "_later",
        "_pieces",
        "_reader",
        "_take",
        "_turns",
        "come",
        "gone",
        "unread",
    )

    def __init__(
        self,
        reader: MessageReader,
        turns: Turns,
        take: Callable[[Exchange | None, bytes, bool], None],
        later: Callable[[], None],
        garbage: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self._turns = turns
        self._take = take
        self._later = later
        self._garbage = garbage
        self._pieces: Chained | None = None
        self._after: Callable[[], None] | None = None
        self.come = self.gone = 0
        self.unread = False

    def read(self, data: bytes, limit: int) -> None:
        """
        Bytes have arrived.

        @param limit: how many bytes of a text are waited for.
        """
        if not data:
            return
        self.come += len(data)
        self._reader.limit = limit
        if self._pieces is not None:
            self._pieces.add(data)
        elif self.unread:
            self.gone += len(data)
            self._take(None, data, False)
        else:
            reader = self._reader
            self._pieces = Chained(reader.read(data), reader.read, reader.ended)
            self.pull()

    def end(self, after: Callable[[], None]) -> None:
        """
        No more bytes will arrive.

        @param after: called when all were handled.
        """
        self._after = after
        if self._pieces is not None:
            self._pieces.add(b"")
        else:
            reader = self._reader
            self._pieces = Chained(reader.ended(), reader.read, reader.ended)
            self.pull()

    def pull(self) -> None:
        """
        Handle the messages, as many as the slice of time allows.
        """
        pieces, turns = self._pieces, self._turns
        if pieces is None:
            return
        count, deadline = 0, 0.0
        try:
            for exchange, part, whole in pieces:
                self.gone += len(part)
                self._take(exchange, part, whole)
                if self._pieces is None:
                    # That has ended the stream.
                    return
                count += 1
                if not count % STEP:
                    deadline = deadline or turns.deadline()
                    if turns.over(deadline):
                        turns.later(self._later)
                        return
        except FramingError as error:
            self.unread = True
            self._garbage(error.reason)
            self.gone += len(error.rest)
            self._take(None, error.rest, False)
        self._pieces = None
        after, self._after = self._after, None
        if after is not None:
            after()

    def stop(self) -> int:
        """
        Handle nothing more.  Returns the number of bytes that were not handled.
        """
        self._pieces = self._after = None
        size = self.come - self.gone
        self.gone = self.come
        return size

# -*- test-case-name: tests.relays.test_streams_websocket -*-
"""
Flow-control credit for the messages on a stream of HTTP/2: bytes that are kept back or discarded.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.connection import CREDIT_LIMIT, Connection
from vaurien_twisted.wire.http2.sending_side import DOWN, UP
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.websocket.messages import TEXT_LIMIT

#: With so many bytes kept back on a connection in one direction, texts are not waited for.
ENOUGH = CREDIT_LIMIT // 2


class MessageCredit:
    """
    Credits the senders of bytes that the receivers do not have, of one stream.

    @ivar left: how many bytes of each end were sent on or discarded.
    """

    __slots__ = ("_advanced", "_connection", "_lost", "_stream", "left")

    def __init__(self, connection: Connection, stream: Stream) -> None:
        self._connection = connection
        self._stream = stream
        self.left = [0, 0]
        #: How many bytes of each end were discarded, and are not credited yet.
        self._lost = [0, 0]
        #: How many bytes of each end are credited on the stream before they go on.
        self._advanced = [0, 0]

    def textLimit(self, place: int) -> int:
        """
        How many bytes of a text are waited for: none where many messages are kept back.
        """
        return TEXT_LIMIT if self._connection.way(place).lent < ENOUGH else 0

    def lose(self, place: int, size: int) -> None:
        """
        Bytes are discarded.  L{repay} credits them.
        """
        self.left[place] += size
        self._lost[place] += size

    def repay(self) -> None:
        """
        Credit the senders of bytes that were discarded; the stream continues.
        """
        connection, stream = self._connection, self._stream
        for place in (UP, DOWN):
            size, self._lost[place] = self._lost[place], 0
            if size:
                connection.discard(connection.way(place), stream, size)
                connection.creditStream(stream, place, stream.shared(place, size))

    def keep(self, place: int, come: int, gone: int) -> None:
        """
        Credit bytes that are kept back: on the connection, for other streams; and on the stream, if
        its window is too small for the text that is waited for.

        @param come: how many bytes have arrived.
        @param gone: how many of them belong to messages that have begun.
        """
        connection, stream = self._connection, self._stream
        kept = come - self.left[place]
        more = kept - stream.lent[place]
        if more > 0:
            connection.keep(connection.way(place), stream, more)
        begun = max(self._advanced[place], gone)
        if begun < come and stream.room[place] - kept < TEXT_LIMIT:
            connection.advance(stream, place, come - begun)
            self._advanced[place] = come

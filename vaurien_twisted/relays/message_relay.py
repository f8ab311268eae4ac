# -*- test-case-name: tests.relays.test_streams_websocket -*-
"""
The messages of a WebSocket connection on a stream of HTTP/2: each is an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from vaurien_twisted.model.commands import Close, Command, ConnectionFate, Drop, Reply, Reset
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.relays.editing import putPart, recordOutcome
from vaurien_twisted.relays.executor import CommandExecutor
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.stream_owner import Keeper, Owner
from vaurien_twisted.relays.stream_queues import StreamQueues
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.connection import CREDIT_LIMIT
from vaurien_twisted.wire.http2.frames import body, piece, reset
from vaurien_twisted.wire.http2.sending_side import DOWN, UP
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.websocket.messages import TEXT_LIMIT, MessageReader, joined

#: The messages on the stream of exchange N have the numbers from N times this on, so that they do
#: not depend on other streams.
NUMBERS = 1_000_000

#: With so many bytes kept back on a connection in one direction, texts are not waited for.
ENOUGH = CREDIT_LIMIT // 2


class MessageRelay:
    """
    Divides the DATA of one stream into messages, and performs what is decided for each.  A message
    that ends its connection ends the stream; other streams continue.

    @param keeper: the stream that the owner knows as keeping bytes back.
    @param follow: sends frames to the client after the reply that has accepted the connection.
    @ivar queues: its write queues, to the backend and to the client.
    """

    __slots__ = (
        "_advanced",
        "_come",
        "_executor",
        "_follow",
        "_gone",
        "_held",
        "_left",
        "_over",
        "_owner",
        "_readers",
        "_stream",
        "_unread",
        "queues",
    )

    def __init__(
        self, owner: Owner, keeper: Keeper, stream: Stream, follow: Callable[[bytes], None]
    ) -> None:
        self._owner = owner
        self._stream = stream
        self._follow = follow
        self._over = self._unread = False
        #: The number of bytes from each end, how many of these belong to messages that have begun,
        #: and how many were sent on or discarded.
        self._come, self._gone, self._left = [0, 0], [0, 0], [0, 0]
        #: How many of the bytes from each end are credited on the stream before they go on.
        self._advanced = [0, 0]
        perform, write = (
            (self._performRequest, self._performReply),
            (self._toBackend, self._toClient),
        )
        self._held = StreamQueues(owner, keeper, perform, write, self._ran)
        self.queues = self._held.both
        executor = self._executor = CommandExecutor(self._close, self._reset)
        executor.turns = True
        _, executor.toClient = self.queues
        exchange = stream.exchange
        self._readers = joined(exchange, exchange.number * NUMBERS)

    # Received bytes

    def read(self, place: int, data: bytes, ends: bool) -> None:
        """
        The content of a DATA frame has arrived.

        @param place: C{UP} from the client, C{DOWN} from the backend.
        @param ends: whether its sender has ended the stream.
        """
        self._come[place] += len(data)
        if self._over:
            self._drop(place)
            return
        queue, reader = self.queues[place], self._readers[place]
        # Where many messages are kept back, the texts of others are not waited for.
        reader.limit = TEXT_LIMIT if self._owner.connection.way(place).lent < ENOUGH else 0
        now = queue.arrival = self._owner.state.context.reactor.seconds()
        try:
            for exchange, part, whole in self._pieces(reader, data):
                self._gone[place] += len(part)
                self._message(place, exchange, part, whole, now)
                if self._over:
                    break
        except FramingError as error:
            self._garbage(place, error)
        if ends and not self._over:
            for _, part, _ in reader.ended():
                self._gone[place] += len(part)
                queue.put(None, part)
            queue.put(None, b"", after=partial(self._ended, place))
        self._held.flush()
        if self._over:
            self._drop(place)
        else:
            self._credit(place)
        self._account()

    def _pieces(self, reader: MessageReader, data: bytes) -> Iterable[Piece]:
        return ((None, data, False),) if self._unread else reader.read(data)

    def _garbage(self, place: int, error: FramingError) -> None:
        """
        The bytes are not WebSocket: relay both directions unread.
        """
        self._unread = True
        state = self._owner.state
        state.context.note(state.connection, "garbage", reason=error.reason)
        self._gone[place] += len(error.rest)
        self.queues[place].put(None, error.rest)

    def _message(
        self, place: int, exchange: Exchange | None, data: bytes, ends: bool, now: float
    ) -> None:
        """
        Handle a part of a message, or bytes that belong to no message.
        """
        queue, state = self.queues[place], self._owner.state
        if exchange is None:
            queue.put(None, data)
            return
        steps: Sequence[Step] = ()
        decision = exchange.decision
        if decision is None:
            decision = state.decide(exchange, now)
            steps = decision.request if place == UP else (*decision.request, *decision.reply)
            exchange.dropped = decision.ends
        self._progressed(place, exchange, len(data), ends, now)
        if exchange.dropped or exchange.muted:
            if steps:
                queue.put(exchange, b"", steps)
            self._lose(place, len(data))
            return
        if exchange.editor is None:
            queue.put(exchange, data, steps)
            return
        if steps:
            queue.put(exchange, b"", steps)
        passed = 0
        for part in exchange.editor.push(data, ends, now):
            passed += len(part.data)
            putPart(state, exchange, queue, part, self._executor.following)
            if exchange.muted:
                break
        self._lose(place, len(data) - passed)
        recordOutcome(exchange, exchange.editor, ends)

    def _progressed(
        self, place: int, exchange: Exchange, size: int, ends: bool, now: float
    ) -> None:
        """
        Record the times and sizes of a message, if somebody needs them.
        """
        progress = exchange.progress
        if progress is None:
            return
        if place == UP:
            progress.requested(size, not (exchange.dropped or self.queues[UP].queue))
        else:
            progress.replied(now, size, ends)

    def _ended(self, place: int) -> None:
        """
        All bytes of one end have gone on.
        """
        self._send(place, piece(self._stream.number, b"", True))

    def resetByBackend(self, frame: bytes) -> None:
        """
        The backend has reset the stream: reset it for the client after the bytes before that.
        """
        if not self._over:
            self._discard(UP)
            self.queues[DOWN].put(None, b"", after=partial(self._follow, frame))
            self._account()

    # Commands

    def _performRequest(self, entry: QueuedWrite, command: Command) -> None:
        if self._endsLink(command):
            return
        self._answers(command)
        self._executor.performRequest(entry, command)
        self.queues[DOWN].flush()

    def _performReply(self, entry: QueuedWrite, command: Command) -> None:
        if self._endsLink(command):
            return
        if isinstance(command, (Reply, Drop)):
            self._lose(DOWN, sum(len(part) for part in entry.data))
        self._answers(command)
        self._executor.performReply(entry, command)

    def _endsLink(self, command: Command) -> bool:
        """
        Perform a command that ends the whole connection.  Returns whether it does.
        """
        if isinstance(command, Reset):
            self._owner.fate(ConnectionFate.RESET)
        elif isinstance(command, Close):
            self._owner.fate(ConnectionFate.CLOSE)
        else:
            return False
        return True

    def _answers(self, command: Command) -> None:
        """
        Account for bytes that the proxy adds: the client credits them, the backend does not.
        """
        if isinstance(command, Reply):
            self._owner.connection.down.window.owed += len(command.data)

    def _toBackend(self, data: bytes) -> None:
        self._left[UP] += len(data)
        self._send(UP, body(self._stream.number, data, False))

    def _toClient(self, data: bytes) -> None:
        self._left[DOWN] += len(data)
        self._send(DOWN, body(self._stream.number, data, False))

    def _send(self, place: int, frames: bytes) -> None:
        if place == DOWN:
            self._follow(frames)
        else:
            self._owner.connection.toBackend(self._stream, frames)

    def _close(self) -> None:
        """
        End the stream in order (RFC 8441, section 5).
        """
        self._finish(piece(self._stream.number, b"", True))

    def _reset(self) -> None:
        """
        Reset the stream, as a reset TCP connection (RFC 8441, section 5).
        """
        self._finish(reset(self._stream.number, CODES["CANCEL"]))

    def _finish(self, frame: bytes) -> None:
        if self._over:
            return
        self._over = True
        self._follow(frame)
        self._owner.connection.giveUp(self._stream)
        for place in (UP, DOWN):
            self._discard(place)
            self._drop(place)
        self._account()

    # Flow control

    def _credit(self, place: int) -> None:
        """
        Credit bytes that are kept back: on the connection, for other streams; and on the stream, if
        its window is too small for the text that is waited for.
        """
        connection, stream = self._owner.connection, self._stream
        kept = self._come[place] - self._left[place]
        more = kept - stream.lent[place]
        if more > 0:
            connection.keep(connection.way(place), stream, more)
        begun = max(self._advanced[place], self._gone[place])
        if begun < self._come[place] and stream.room[place] - kept < TEXT_LIMIT:
            connection.advance(stream, place, self._come[place] - begun)
            self._advanced[place] = self._come[place]

    def _lose(self, place: int, size: int) -> None:
        """
        Discard bytes, and credit their sender, whose stream continues.
        """
        connection, stream = self._owner.connection, self._stream
        self._left[place] += size
        connection.discard(connection.way(place), stream, size)
        connection.creditStream(stream, place, stream.shared(place, size))

    def _drop(self, place: int) -> None:
        """
        Discard bytes that have arrived after the end of the stream.
        """
        size = self._come[place] - self._gone[place]
        self._gone[place] += size
        self._lose(place, size)

    def _discard(self, place: int) -> None:
        queue = self.queues[place]
        size = sum(len(part) for entry in queue.queue for part in entry.data)
        self._left[place] += size
        connection = self._owner.connection
        connection.discard(connection.way(place), self._stream, size)
        queue.stop()

    def _account(self) -> None:
        up, down = (self._come[place] - self._gone[place] for place in (UP, DOWN))
        self._held.account(up, down)

    def _ran(self) -> None:
        self._account()
        self._owner.progressed()

    # The end

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        End the waits of rules that are no longer in force.
        """
        self._held.lift(keeps)
        self._account()

    def leave(self) -> None:
        """
        The client has closed its connection: discard the bytes of its messages that are kept back.
        """
        self._discard(UP)
        self._account()

    def stop(self) -> None:
        """
        Release all resources.
        """
        self._over = True
        self._discard(UP)
        self._discard(DOWN)
        self._account()

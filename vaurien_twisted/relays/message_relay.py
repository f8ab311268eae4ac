# -*- test-case-name: tests.relays.test_streams_websocket -*-
"""
The messages of a WebSocket connection on a stream of HTTP/2: each is an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from vaurien_twisted.model.commands import Close, Command, ConnectionFate, Drop, Reply, Reset
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.editing import putPart, recordOutcome
from vaurien_twisted.relays.executor import CommandExecutor
from vaurien_twisted.relays.message_credit import MessageCredit
from vaurien_twisted.relays.message_input import MessageInput
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.stream_owner import Keeper, Owner
from vaurien_twisted.relays.stream_queues import StreamQueues
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.frames import body, piece, reset
from vaurien_twisted.wire.http2.sending_side import DOWN, UP
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.websocket.messages import joined

#: The messages on the stream of exchange N have the numbers from N times this on, so that they do
#: not depend on other streams.
NUMBERS = 1_000_000


class MessageRelay:
    """
    Divides the DATA of one stream into messages, and performs what is decided for each.  A message
    that ends its connection ends the stream; other streams continue.

    @param keeper: the stream that the owner knows as keeping bytes back.
    @param follow: sends frames to the client after the reply that has accepted the connection.
    @ivar queues: its write queues, to the backend and to the client.
    """

    __slots__ = (
        "_credit",
        "_executor",
        "_follow",
        "_held",
        "_inputs",
        "_now",
        "_over",
        "_owner",
        "_stream",
        "queues",
    )

    def __init__(
        self, owner: Owner, keeper: Keeper, stream: Stream, follow: Callable[[bytes], None]
    ) -> None:
        self._owner = owner
        self._stream = stream
        self._follow = follow
        self._over = False
        self._now = 0.0
        self._credit = MessageCredit(owner.connection, stream)
        perform, write = (
            (self._performRequest, self._performReply),
            (self._toBackend, self._toClient),
        )
        self._held = StreamQueues(owner, keeper, perform, write, self._ran)
        self.queues = self._held.both
        executor = self._executor = CommandExecutor(self._close, self._reset)
        executor.turns = True
        _, executor.toClient = self.queues
        exchange, turns = stream.exchange, owner.state.context.turns
        readers = joined(exchange, exchange.number * NUMBERS)
        self._inputs = tuple(
            MessageInput(
                reader,
                turns,
                partial(self._take, place),
                partial(self._resume, place),
                self._garbage,
            )
            for place, reader in enumerate(readers)
        )

    # Received bytes

    def read(self, place: int, data: bytes, ends: bool) -> None:
        """
        The content of a DATA frame has arrived.

        @param place: C{UP} from the client, C{DOWN} from the backend.
        @param ends: whether its sender has ended the stream.
        """
        if self._over:
            self._credit.lose(place, len(data))
            self._account()
            return
        self._begin(place)
        self._inputs[place].read(data, self._credit.textLimit(place))
        if ends and not self._over:
            self._inputs[place].end(partial(self._end, place))
        self._settle(place)

    def _begin(self, place: int) -> None:
        self._now = self.queues[place].arrival = self._owner.state.context.reactor.seconds()

    def _resume(self, place: int) -> None:
        """
        Go on with messages, of which there were too many for one slice of time.
        """
        if not self._over:
            self._begin(place)
            self._inputs[place].pull()
            self._settle(place)
            self._owner.progressed()

    def _settle(self, place: int) -> None:
        """
        Write the bytes that are ready, and credit those that are kept back.
        """
        self._held.flush()
        self._credit.repay()
        if not self._over:
            source = self._inputs[place]
            self._credit.keep(place, source.come, source.gone)
        self._account()

    def _garbage(self, reason: str) -> None:
        """
        The bytes are not WebSocket: relay both directions unread.
        """
        for each in self._inputs:
            each.unread = True
        state = self._owner.state
        state.context.note(state.connection, "garbage", reason=reason)

    def _take(self, place: int, exchange: Exchange | None, data: bytes, ends: bool) -> None:
        """
        Handle a part of a message, or bytes that belong to no message.
        """
        queue, state, now = self.queues[place], self._owner.state, self._now
        if exchange is None:
            queue.put(None, data)
            return
        steps: Sequence[Step] = ()
        decision = exchange.decision
        if decision is None:
            decision = state.decide(exchange, now)
            steps = decision.request if place == UP else (*decision.request, *decision.reply)
            exchange.dropped = decision.ends
        self._progressed(place, exchange, len(data), ends)
        if exchange.dropped or exchange.muted:
            if steps:
                queue.put(exchange, b"", steps)
            self._credit.lose(place, len(data))
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
        self._credit.lose(place, len(data) - passed)
        recordOutcome(exchange, exchange.editor, ends)

    def _progressed(self, place: int, exchange: Exchange, size: int, ends: bool) -> None:
        """
        Record the times and sizes of a message, if somebody needs them.
        """
        progress = exchange.progress
        if progress is None:
            return
        if place == UP:
            progress.requested(size, not (exchange.dropped or self.queues[UP].queue))
        else:
            progress.replied(self._now, size, ends)

    def _end(self, place: int) -> None:
        """
        One end has ended the stream, and its messages were handled: end it behind them.
        """
        frame = piece(self._stream.number, b"", True)
        self.queues[place].put(None, b"", after=partial(self._send, place, frame))

    def resetByBackend(self, frame: bytes) -> None:
        """
        The backend has reset the stream: reset it for the client after the bytes before that.
        """
        if not self._over:
            self._discard(UP)
            down = self.queues[DOWN]
            after = partial(self._follow, frame)
            self._inputs[DOWN].end(lambda: down.put(None, b"", after=after))
            self._settle(DOWN)

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
            self._credit.lose(DOWN, sum(len(part) for part in entry.data))
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
        self._credit.left[UP] += len(data)
        self._send(UP, body(self._stream.number, data, False))

    def _toClient(self, data: bytes) -> None:
        self._credit.left[DOWN] += len(data)
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
            self._credit.lose(place, self._inputs[place].stop())
        self._account()

    # Flow control

    def _discard(self, place: int) -> None:
        queue = self.queues[place]
        size = sum(len(part) for entry in queue.queue for part in entry.data)
        self._credit.left[place] += size
        connection = self._owner.connection
        connection.discard(connection.way(place), self._stream, size)
        queue.stop()

    def _account(self) -> None:
        self._credit.repay()
        up, down = (each.come - each.gone for each in self._inputs)
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
        for place in (UP, DOWN):
            self._discard(place)
            self._inputs[place].stop()
        self._account()

# -*- test-case-name: tests.relays.test_streams,tests.relays.test_streams_errors -*-
"""
A struck stream of HTTP/2: it has a write queue for each direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.model.commands import (
    Command,
    ConnectionFate,
    Drop,
    Edit,
    Pause,
    Reply,
    Send,
    Truncate,
)
from vaurien_twisted.model.decision import Decision, Rule, Step
from vaurien_twisted.relays.edited_reply import EditedReply
from vaurien_twisted.relays.executor import LINK_ENDED, RESET_BY_CLIENT, CommandExecutor
from vaurien_twisted.relays.paused_reply import PausedReply
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.stream_owner import Owner
from vaurien_twisted.relays.stream_queues import StreamQueues
from vaurien_twisted.relays.withheld_credit import WithheldCredit
from vaurien_twisted.wire.http2.cuts import Cut
from vaurien_twisted.wire.http2.frames import dataIn, piece
from vaurien_twisted.wire.http2.sending_side import DOWN, UP
from vaurien_twisted.wire.http2.stream import Stream


class StruckStream:
    """
    Performs the decision about one exchange.

    @ivar queues: its write queues, to the backend and to the client.
    """

    __slots__ = (
        "_begun",
        "_cut",
        "_edited",
        "_executor",
        "_held",
        "_owner",
        "_pause",
        "_stream",
        "_withheld",
        "queues",
    )

    def __init__(self, owner: Owner, stream: Stream, decision: Decision) -> None:
        self._owner = owner
        self._stream = stream
        self._begun = False
        executor = self._executor = CommandExecutor(
            lambda: owner.fate(ConnectionFate.CLOSE), lambda: owner.fate(ConnectionFate.RESET)
        )
        executor.turns = True
        perform, write = (
            (self._performRequest, self._performReply),
            (self._toBackend, self._toClient),
        )
        self._held = StreamQueues(owner, self, perform, write, self._ran)
        self.queues = self._held.both
        _, down = self.queues
        executor.toClient = down
        self._cut: Cut | None = None
        self._edited: EditedReply | None = None
        self._pause: PausedReply | None = None
        for step in decision.reply:
            command = step.command
            if isinstance(command, Truncate):
                self._cut = Cut(command, stream)
            elif isinstance(command, Pause):
                self._pause = PausedReply(command, step.rule, stream.exchange.context)
            elif isinstance(command, Edit):
                editor, settle = command.make(), lambda: self._settle(DOWN)
                self._edited = EditedReply(owner, stream, editor, down, settle)
        self._withheld = WithheldCredit(
            owner.state.context.reactor, stream, decision, self._release
        )
        owner.setHolding(self, bool(self._withheld))

    def __repr__(self) -> str:
        return f"<StruckStream {self._stream.number}>"

    # Received frames

    def requested(self, data: bytes, head: bool, ends: bool) -> None:
        stream, (up, _) = self._stream, self.queues
        exchange = stream.exchange
        frames = data if head else piece(stream.number, data, ends)
        size = 0 if head else len(data)
        if not self._begun:
            self._begun = True
            decision = exchange.decision
            steps = () if decision is None else decision.request
            if decision is not None and decision.ends:
                exchange.dropped = True
                frames = b""
            up.put(exchange, frames, steps)
        elif exchange.dropped:
            self._swallow(UP, size, 0 if ends else stream.number)
        else:
            up.put(exchange, frames)
        if exchange.progress is not None:
            exchange.progress.requested(len(data), not (exchange.dropped or up.queue))
        if ends:
            exchange.complete = True
        self._settle(UP, size)

    def interim(self, data: bytes) -> None:
        if not self._stream.exchange.muted:
            self.queues[DOWN].put(None, data)
            self._settle(DOWN)

    def replied(self, data: bytes, head: bool, ends: bool) -> None:
        exchange = self._stream.exchange
        steps = () if exchange.decision is None or exchange.replying else exchange.decision.reply
        exchange.replying = True
        if exchange.progress is not None:
            now = self._owner.state.context.reactor.seconds()
            exchange.progress.replied(now, len(data), ends)
        if head or self._pause is None:
            kept = self._reply(data, head, ends, steps)
        else:
            parts = self._pause.divided(data, ends, steps)
            kept = sum(self._reply(part, False, last, waits) for part, last, waits in parts)
        self._settle(DOWN, kept)
        if self._edited is not None and self._edited.held:
            self._owner.relieve(self._edited)

    def _reply(self, data: bytes, head: bool, ends: bool, steps: Sequence[Step]) -> int:
        """
        Queue a header block of the reply, or a part of a DATA frame's content.

        @param steps: the steps to perform before it.
        @return: the number of bytes of DATA that wait and for which the backend has no credit yet.
        """
        stream, down = self._stream, self.queues[DOWN]
        exchange, cut, over = stream.exchange, self._cut, False
        size = 0 if head else len(data)
        if exchange.muted:
            self._swallow(DOWN, size)
            return 0
        frames = data if head else piece(stream.number, data, ends)
        if self._edited is not None:
            return self._edited.came(frames, size, ends, steps)
        if cut is not None:
            frames, over = cut.passing(data, head, ends)
            size = dataIn(frames)
            self._swallow(DOWN, 0 if head else len(data) - size)
        down.put(exchange, frames, steps)
        if over:
            exchange.muted = True
            self._executor.uncut(exchange, 0)
            self._owner.connection.giveUp(stream)
        elif ends and cut is not None:
            self._executor.uncut(exchange, cut.missing)
        return size if down.queue else 0

    def _release(self) -> None:
        """
        Pass on all credit from now on.
        """
        self._owner.connection.release(self._stream)
        self._ran()

    def resetByClient(self) -> None:
        self._executor.uncut(self._stream.exchange, RESET_BY_CLIENT)
        self.stop()

    def resetByBackend(self, frame: bytes) -> None:
        exchange = self._stream.exchange
        if exchange.muted:
            return
        if self._cut is not None:
            self._executor.uncut(exchange, self._cut.missing)
        if self._edited is not None:
            self._edited.cutShort()
        self._discard(UP)
        self.queues[DOWN].put(exchange, frame)
        self._settle(DOWN)

    def follow(self, frames: bytes) -> None:
        """
        Send frames to the client after the received part of the reply.
        """
        exchange = self._stream.exchange
        if not exchange.muted:
            self.queues[DOWN].put(exchange, frames)
            self._settle(DOWN)

    # Commands

    def _performRequest(self, entry: QueuedWrite, command: Command) -> None:
        if isinstance(command, Send):
            self.queues[DOWN].put(None, command.data)
        else:
            self._answers(command)
            self._executor.performRequest(entry, command)
        self.queues[DOWN].flush()

    def _performReply(self, entry: QueuedWrite, command: Command) -> None:
        exchange = self._stream.exchange
        replaces = isinstance(command, (Reply, Drop))
        size = dataIn(b"".join(entry.data)) if replaces else 0
        self._executor.performReply(entry, command)
        if replaces:
            self._discarded(DOWN, size)
            self._answers(command)
        if exchange.muted:
            self._owner.connection.giveUp(self._stream)

    def _toBackend(self, frames: bytes) -> None:
        self._owner.connection.toBackend(self._stream, frames)

    def _toClient(self, frames: bytes) -> None:
        self._owner.connection.toClient(self._stream, frames)

    # Flow control

    def _answers(self, command: Command) -> None:
        """
        Account for bytes that the proxy adds: the client credits them, the backend does not.
        """
        if isinstance(command, Reply):
            self._owner.connection.down.window.owed += dataIn(command.data)

    def _discarded(self, place: int, size: int) -> None:
        """
        Discard bytes that were kept back.
        """
        connection = self._owner.connection
        connection.discard(connection.way(place), self._stream, size)

    def _swallow(self, place: int, size: int, stream: int = 0) -> None:
        """
        Discard bytes that were not kept back, and credit their sender.
        """
        connection = self._owner.connection
        connection.creditDiscarded(connection.way(place), size, stream)

    def _settle(self, place: int, size: int = 0) -> None:
        """
        Write the bytes that are ready, and count those that are kept back.

        @param size: how many bytes of DATA have just arrived, and wait if anything waits.
        """
        self._held.flush()
        if size and self.queues[place].queue:
            connection = self._owner.connection
            connection.keep(connection.way(place), self._stream, size)
        self._account()

    def _account(self) -> None:
        edited = 0 if self._edited is None else self._edited.held
        self._held.account(0, edited, bool(self._withheld))

    def _ran(self) -> None:
        self._account()
        self._owner.progressed()

    # The end

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        End the waits of rules that are no longer in force.
        """
        self._held.lift(keeps)
        self._withheld.lift(keeps)
        self._account()

    def _discard(self, place: int) -> None:
        queue = self.queues[place]
        size = sum(dataIn(b"".join(entry.data)) for entry in queue.queue)
        if size:
            self._discarded(place, size)
        queue.stop()
        queue.write = self._toBackend if place == UP else self._toClient

    def leave(self) -> None:
        """
        The client has closed its connection: discard the bytes of the request that are kept back.
        """
        self._discard(UP)
        self._account()

    def stop(self) -> None:
        """
        Release all resources.
        """
        self._executor.uncut(self._stream.exchange, LINK_ENDED)
        if self._edited is not None:
            self._edited.stop()
        self._discard(UP)
        self._discard(DOWN)
        self._withheld.stop()
        self._account()

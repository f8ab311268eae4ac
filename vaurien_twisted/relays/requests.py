# -*- test-case-name: tests.relays.test_link -*-
"""
Divides the client's bytes into requests, gets decisions, and puts them into a write queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vaurien_twisted.interfaces import IStartTLS, IWithholder
from vaurien_twisted.model.batch_decision import Part
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.relays.editing import passEdited
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.memory import QUEUE_LIMIT
from vaurien_twisted.relays.pausing import Pausing
from vaurien_twisted.relays.pieces import chain
from vaurien_twisted.relays.turns import STEP


class RequestReader:
    """
    Reads the bytes of the client.

    @param garbage: called with the error when the bytes are not of the wire protocol.
    @param taken: called when all pieces were handled.
    @ivar pieces: the pieces that were found and not handled yet; C{None} if there are none.
    @ivar deferred: the pieces are handled in a later turn of the reactor.
    @ivar latest: the latest exchange.
    @ivar after: functions to call in order when all bytes of the client have been written.
    """

    __slots__ = (
        "_garbage",
        "_pausing",
        "_refusal",
        "_state",
        "_taken",
        "after",
        "deferred",
        "latest",
        "pieces",
    )

    def __init__(
        self,
        state: ExchangeState,
        garbage: Callable[[FramingError], None],
        taken: Callable[[], None],
    ) -> None:
        context, framer = state.context, state.framer
        self._state = state
        self._garbage = garbage
        self._taken = taken
        startTLS = IStartTLS(framer, None) if context.refusesTLS else None
        self._refusal = None if startTLS is None else startTLS.refusal
        withholder = IWithholder(framer, None)
        self._pausing: Pausing | None = None
        if withholder is not None:
            self._pausing = Pausing(withholder, context.reactor, self._paused)
        self.pieces: Iterator[Piece] | None = None
        self.deferred = False
        self.latest: Exchange | None = None
        self.after: list[Callable[[], None]] = []

    def read(self, data: bytes) -> None:
        """
        Read bytes from the client that did not pass on the fast path.
        """
        self._read(data)
        # Do not keep the chunk, which may be long.
        self._state.fastPath.refused = b""

    def _read(self, data: bytes) -> None:
        state = self._state
        if state.closed:
            return
        if self.pieces is not None:
            # A paused transport may still deliver bytes that it has read.
            self.pieces = chain(self.pieces, state.framer, data)
            return
        fastPath = state.fastPath
        if fastPath.waits and self._keep(data):
            return
        if fastPath.usable and (fastPath.waits or not state.toBackend.queue):
            parts = fastPath.parts(data)
            if parts:
                self._readParts(data, parts)
                return
        self.pieces = state.framer.fromClient(data)
        self.pull()

    def _readParts(self, data: bytes, parts: Iterable[Part]) -> None:
        """
        Read a chunk of whole requests, of which only some have to be decided by themselves.
        """
        state = self._state
        fastPath, queue = state.fastPath, state.toBackend
        now = queue.arrival = state.context.reactor.seconds()
        start = 0
        for part in parts:
            count = part.count
            piece = data[start : part.end]
            if count and fastPath.take(part, data, piece, now):
                start = part.end
                state.exchanges += count
                queue.put(fastPath.first, piece, fastPath.steps, count=count)
                continue
            if count:
                # Something has changed: the rest is read one by one.
                piece = data[start:]
            start += len(piece)
            self.pieces = state.framer.fromClient(piece)
            if not self._handle(now):
                if self.pieces is not None and start < len(data):
                    # A limit of memory is reached: the rest follows when there is room.
                    self.pieces = chain(self.pieces, state.framer, data[start:])
                return
            if count:
                break
        self._finish()

    def _keep(self, data: bytes) -> bool:
        """
        Put bytes into the write queue unchanged, if possible: whole requests that all have the
        same waits, or wait only for the bytes in the queue.
        """
        state = self._state
        fastPath = state.fastPath
        count = fastPath.requests(data)
        if not count:
            return False
        state.exchanges += count
        state.toBackend.put(fastPath.first, data, fastPath.steps, count=count)
        self._flush()
        return True

    def _flush(self) -> None:
        """
        Write the bytes that are ready, and pause the client if a limit of memory is reached.
        """
        state = self._state
        state.flush()
        if state.room.full:
            self.stall()

    def stall(self) -> None:
        """
        Pause the client until there is room.
        """
        self._state.stalled = True
        self._state.transports.paceClient(True)

    def pull(self) -> None:
        """
        Handle the pieces while there is room for them.
        """
        if self.pieces is None:
            return
        now = self._state.toBackend.arrival = self._state.context.reactor.seconds()
        if self._handle(now):
            self._finish()

    def _handle(self, now: float) -> bool:
        """
        Handle the pieces.

        @param now: when they arrived, in seconds by the reactor's clock.
        @return: whether all were handled.
        """
        pieces, state = self.pieces, self._state
        if pieces is None:
            return True
        queue, substitutes, refusal = state.toBackend, state.substitutes, self._refusal
        turns = state.context.turns
        error: FramingError | None = None
        count, deadline = 0, 0.0
        try:
            for exchange, data, ends in pieces:
                if refusal is not None:
                    self._refuseTLS(refusal())
                self._request(exchange, data, ends, now)
                if state.closed:
                    return False
                if queue.size > QUEUE_LIMIT or substitutes.holding:
                    self.stall()
                    state.flush()
                    return False
                count += 1
                if not count % STEP:
                    deadline = deadline or turns.deadline()
                    over = turns.over(deadline)
                    if over or state.room.full:
                        self.stall()
                        state.flush()
                        if over:
                            self._defer()
                        return False
        except FramingError as raised:
            error = raised
        self.pieces = None
        if refusal is not None:
            self._refuseTLS(refusal())
        if error is not None:
            self._garbage(error)
        return True

    def _finish(self) -> None:
        """
        All pieces were handled: write the bytes that are ready, and continue what waited for that.
        """
        state = self._state
        self._flush()
        if self._pausing is not None and not self.after and not state.closed:
            self._pausing.look(state.decider.plan.commands)
        while self.after and not state.closed:
            state.toBackend.put(None, b"", after=self.after.pop(0))
        self._taken()

    def _request(self, exchange: Exchange | None, data: bytes, ends: bool, now: float) -> None:
        state = self._state
        queue = state.toBackend
        if exchange is None:
            queue.put(None, data)
            return
        decision, came = exchange.decision, data
        if decision is None:
            decision = state.decide(exchange, now)
            self.latest = exchange
            if exchange.replies and not state.guessed:
                state.replyOrder.add(exchange)
            if decision.ends:
                exchange.dropped = True
                data = state.substitutes.replacement(exchange, decision.request)
                if data or queue.queue or not state.executor.answers(exchange, decision):
                    queue.put(exchange, data, decision.request)
            else:
                state.framer.expect(exchange)
                if exchange.editor is not None and decision.edits:
                    queue.put(exchange, b"", decision.request)
                    passEdited(state, exchange, exchange.editor, queue, data, ends, now)
                elif not (decision.instant and queue.putInstant(data)):
                    queue.put(exchange, data, decision.request)
        elif exchange.editor is not None and decision.edits:
            passEdited(state, exchange, exchange.editor, queue, data, ends, now)
        elif not exchange.dropped:
            queue.put(exchange, data)
        progress = exchange.progress
        if progress is not None:
            progress.requested(len(came), not (exchange.dropped or queue.queue))
        if ends:
            exchange.complete = True
            if exchange.answer is not None:
                state.replyOrder.answer()
            elif decision.reply and not exchange.dropped:
                queue.put(None, state.substitutes.followUp(exchange, decision.reply))

    def _refuseTLS(self, words: bytes) -> None:
        """
        Refuse TLS, if the client has requested it.
        """
        if words:
            self._state.toClient.put(None, words)

    def _paused(self) -> None:
        """
        The client has paused: send the whole messages that the framer holds back.
        """
        pausing = self._pausing
        if pausing is not None and self.pieces is None and not self._state.closed:
            self.pieces = pausing.framer.paused()
            self.pull()

    def _defer(self) -> None:
        if not self.deferred:
            self.deferred = True
            self._state.context.turns.later(self._resume)

    def _resume(self) -> None:
        self.deferred = False
        if not self._state.closed:
            self._state.continueWaiting()

    def ended(self, after: Callable[[], None]) -> None:
        """
        The client will send nothing more: call C{after} when all its bytes have been written.
        """
        self.after.append(after)
        framer = self._state.framer
        if self.pieces is None:
            self.pieces = framer.clientEnded()
            self.pull()
        else:
            self.pieces = chain(self.pieces, framer, b"")

    def stop(self) -> None:
        """
        Stop detecting pauses of the client.
        """
        if self._pausing is not None:
            self._pausing.stop()
            self._pausing = None

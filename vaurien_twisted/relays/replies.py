# -*- test-case-name: tests.relays.test_link -*-
"""
Divides the backend's bytes into replies, and puts them into a write queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vaurien_twisted.model.decision import Step
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.relays.editing import passEdited
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.failures import countError
from vaurien_twisted.relays.pieces import chainReplies
from vaurien_twisted.relays.turns import STEP


class ReplyReader:
    """
    Reads the bytes of the backend.

    @param garbage: called with the error when the bytes are not of the wire protocol.
    @param taken: called when the pieces of a chunk were handled.
    @ivar pieces: the pieces that were found and not handled yet; C{None} if there are none.
    @ivar after: functions to call in order when all bytes of the backend have been written.
    """

    __slots__ = ("_deferred", "_garbage", "_state", "_taken", "after", "pieces")

    def __init__(
        self,
        state: ExchangeState,
        garbage: Callable[[FramingError], None],
        taken: Callable[[], None],
    ) -> None:
        self._state = state
        self._garbage = garbage
        self._taken = taken
        self._deferred = False
        self.pieces: Iterator[Piece] | None = None
        self.after: list[Callable[[], None]] = []

    def read(self, data: bytes) -> None:
        """
        Read bytes from the backend that did not pass on the fast path.
        """
        state = self._state
        self.pieces = state.framer.fromBackend(data)
        self.take()
        if state.closed:
            return
        state.toClient.flush()
        if self.full:
            state.transports.paceBackend(True)
        self._taken()

    @property
    def full(self) -> bool:
        """
        Whether a limit of memory is reached, so that no more bytes may be read.
        """
        return self.pieces is not None or self._state.room.fullOfReplies

    def take(self) -> None:
        """
        Handle the pieces, as many as the slice of time allows.
        """
        pieces, state = self.pieces, self._state
        if pieces is None:
            return
        queue, turns = state.toClient, state.context.turns
        now = queue.arrival = state.context.reactor.seconds()
        error: FramingError | None = None
        count, deadline = 0, 0.0
        try:
            for exchange, data, ends in pieces:
                if exchange is None:
                    queue.put(None, data)
                else:
                    self._reply(exchange, data, ends, now)
                    if state.closed:
                        return
                count += 1
                if not count % STEP:
                    deadline = deadline or turns.deadline()
                    if turns.over(deadline):
                        queue.flush()
                        state.transports.paceBackend(True)
                        self._defer()
                        return
        except FramingError as raised:
            error = raised
        self.pieces = None
        if error is not None:
            self._garbage(error)
        if self.after and state.substitutes.outstanding and not state.closed:
            state.replyOrder.release()
        queue.flush()
        while self.after and not state.closed:
            queue.put(None, b"", after=self.after.pop(0))

    def _reply(self, exchange: Exchange, data: bytes, ends: bool, now: float) -> None:
        state = self._state
        queue = state.toClient
        if exchange.substitute is not None:
            # A reply that the client does not get: at its end, continue what waited for it.
            if state.substitutes.discard(exchange, data, ends) is not None:
                state.replyOrder.answer()
            return
        steps: tuple[Step, ...] = ()
        decision = exchange.decision
        begins = not exchange.replying
        if begins:
            exchange.replying = True
            if decision is None:
                # The backend began this turn: rules for requests apply to its first bytes.
                decision = state.decide(exchange, now)
                steps = decision.request + decision.reply
            else:
                steps = decision.reply
        if exchange.progress is not None:
            exchange.progress.replied(now, len(data), ends)
        if exchange.editor is not None:
            if steps:
                queue.put(exchange, b"", steps)
            passEdited(state, exchange, exchange.editor, queue, data, ends, now)
        elif not exchange.muted:
            after = None
            if exchange.then is not None:
                data, after = state.executor.truncated(exchange, exchange.then, data)
            queue.put(exchange, data, steps, after)
        if begins and state.context.timesTurns and not exchange.unasked:
            # The end of the reply in a turn is not known.
            self._answered(exchange, now)
        if ends:
            if exchange.outcome is not None:
                state.executor.uncut(exchange)
            if exchange.error:
                countError(state, exchange)
            state.replyOrder.ended(exchange)
            if decision is not None and decision.reply:
                self._behind(exchange, decision.reply)
            self._answered(exchange, now)

    def _answered(self, exchange: Exchange, now: float) -> None:
        """
        The backend has answered: the exchange ends when the reply was sent to the client.
        """
        state = self._state
        if state.toClient.queue:
            state.toClient.end(exchange)
        else:
            state.time(exchange, now)

    def _behind(self, exchange: Exchange, steps: tuple[Step, ...]) -> None:
        """
        A reply was affected by a fault: send the requests that its transaction needs.
        """
        state = self._state
        data = state.substitutes.followUp(exchange, steps)
        if data:
            state.toBackend.put(None, data)
            state.toBackend.flush()

    def _defer(self) -> None:
        if not self._deferred:
            self._deferred = True
            self._state.context.turns.later(self._resume)

    def _resume(self) -> None:
        self._deferred = False
        if not self._state.closed:
            self.take()
            self._state.continueWaiting()

    def ended(self, after: Callable[[], None]) -> None:
        """
        The backend will send nothing more: call C{after} when all its bytes have been written.
        """
        state = self._state
        self.after.append(after)
        if self.pieces is None:
            state.fastPath.expand()
            self.pieces = state.framer.backendEnded()
            self.take()
        else:
            self.pieces = chainReplies(self.pieces, state.framer, b"")

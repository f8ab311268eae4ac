# -*- test-case-name: tests.relays.test_streams -*-
"""
A link whose ends use HTTP/2: many exchanges at a time, each on its own stream.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from vaurien_twisted.model.batch_decision import UNAFFECTED
from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.commands import ConnectionFate, Pause, Truncate
from vaurien_twisted.model.decision import NOTHING, Decision
from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, Exchange
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.failures import ABORTED, countError, endOf
from vaurien_twisted.relays.memory import EDITED_LIMIT, QUEUE_LIMIT, SHARE
from vaurien_twisted.relays.recent import Recent
from vaurien_twisted.relays.stream_owner import Editing, Keeper
from vaurien_twisted.relays.struck_stream import StruckStream
from vaurien_twisted.relays.websocket_stream import WebSocketStream
from vaurien_twisted.rules.batches import PlanBatchDecider
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_limit import streamLimit
from vaurien_twisted.wire.http2.codes import CODES, Violation
from vaurien_twisted.wire.http2.connection import Connection
from vaurien_twisted.wire.http2.downstream import Downstream
from vaurien_twisted.wire.http2.frames import ending, goAway, settings
from vaurien_twisted.wire.http2.header_blocks import Block
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.upstream import Upstream

#: The most header blocks that are remembered as matching no rule.
MISSES = 1024

#: When an exchange began that is a WebSocket connection, once it was accepted: what becomes of it
#: later is no answer, and takes no time.
OPENED = -2.0


class StreamRelay:
    """
    Relays the streams of one link.

    @param close: closes the link after the bytes that are ready.
    @param reset: resets the link after the bytes that are ready.
    @param authority: replaces the authority of every request; C{None}: no change.
    @ivar state: the state that it shares with the rest of the link.
    @ivar connection: reads and writes the frames.
    @ivar waiting: the streams that keep bytes back.
    @ivar drained: called when bytes that were kept back have gone on.
    @ivar held: about how many bytes to the backend, and to the client, are kept back.
    @ivar editing: the replies of which editors hold bytes back.
    """

    _log = Logger()

    def __init__(
        self,
        state: ExchangeState,
        close: Callable[[], None],
        reset: Callable[[], None],
        authority: bytes | None = None,
    ) -> None:
        self.state = state
        self._close = close
        self._reset = reset
        self.connection = connection = Connection(self, state.exchanges, authority)
        connection.limitStreams(streamLimit(state.decider.plan))
        self._upstream, self._downstream = Upstream(connection), Downstream(connection)
        self.waiting: set[Keeper] = set()
        self.held = [0, 0]
        self.editing: set[Editing] = set()
        self._misses: set[Block] = set()
        #: The batch decider of this plan.
        self._batchDecider: PlanBatchDecider | None = None
        self._plan: Plan | None = None
        self._over = False
        self.drained: Callable[[], None] = nothing

    @property
    def full(self) -> tuple[bool, bool]:
        """
        Whether so many bytes are kept back that the client, or the backend, must be paused.
        """
        connection = self.connection
        up, down = self.held[0] + connection.up.waiting, self.held[1] + connection.down.waiting
        if not (up or down):
            return False, False
        self.state.room.account()
        allows = self.state.context.memory.allows
        return up > QUEUE_LIMIT or not allows(up), down > QUEUE_LIMIT or not allows(down)

    # Exchanges

    def upgraded(self, settings: bytes) -> None:
        """
        The latest request has asked for HTTP/2.  It has its decision; its reply comes on stream 1.

        @param settings: the content of the client's SETTINGS.
        """
        exchange = Exchange(self.state.exchanges, "", "")
        exchange.decision = NOTHING
        try:
            self.connection.upgraded(settings, exchange)
        except Violation as violation:
            self._end(violation, "client")

    def begun(self, stream: Stream, block: Block) -> None:
        """
        A request has begun: ask the plan about it.
        """
        state, exchange = self.state, stream.exchange
        decision = self._decide(exchange, block)
        exchange.decision = decision
        now = exchange.began = self._seconds()
        if exchange.progress is not None or state.context.passed.kept:
            state.follow(exchange, now)
        if state.recent is None:
            state.recent = Recent()
        over = state.recent.add(exchange)
        if over is not None:
            # Thousands of streams may be open: drop what only rules needed.
            over.head, over.subject = b"", over.subject[: DESCRIPTION_LIMIT + 1]
        state.exchanges += 1
        if block.request.websocket and not _cuts(decision):
            stream.struck = WebSocketStream(self, stream, decision)
        elif decision is not NOTHING:
            stream.struck = StruckStream(self, stream, decision)

    def _decide(self, exchange: Exchange, block: Block) -> Decision:
        state = self.state
        decider = state.decider
        if block in self._misses or decider.transparent:
            return NOTHING
        plan = decider.plan
        if plan is not self._plan:
            self._plan, self._batchDecider = plan, decider.batchDecider(state.connection)
        batchDecider = self._batchDecider
        if batchDecider is not None and batchDecider(exchange) is UNAFFECTED:
            if len(self._misses) >= MISSES:
                self._misses.clear()
            self._misses.add(block)
            return NOTHING
        return decider.decide(state.connection, exchange)

    def opened(self, stream: Stream) -> None:
        """
        A WebSocket connection was accepted, which answers the request; messages follow.
        """
        exchange = stream.exchange
        self.state.time(exchange, self._seconds())
        exchange.began = OPENED

    def answered(self, exchange: Exchange) -> None:
        if exchange.error:
            countError(self.state, exchange)
        self.state.time(exchange, self._seconds())

    def abandoned(self, exchange: Exchange) -> None:
        if exchange.began == OPENED:
            return
        self.state.context.counters.error(exchange.command, ABORTED)

    def _seconds(self) -> float:
        return self.state.context.reactor.seconds()

    # Bytes

    def fromClient(self, data: bytes) -> None:
        """
        Bytes from the client.
        """
        self.connection.up.floods.now = self._seconds()
        try:
            self._upstream.read(data)
        except Violation as violation:
            self._end(violation, "client")
        self.flush()

    def fromBackend(self, data: bytes) -> None:
        """
        Bytes from the backend.
        """
        self.connection.down.floods.now = self._seconds()
        try:
            self._downstream.read(data)
        except Violation as violation:
            self._end(violation, "backend")
        self.flush()

    def flush(self) -> None:
        """
        Write the bytes that are ready in both directions.
        """
        state, connection = self.state, self.connection
        for queue, way in ((state.toBackend, connection.up), (state.toClient, connection.down)):
            out = way.out
            if out and not state.closed:
                queue.put(None, out[0] if len(out) == 1 else b"".join(out))
                out.clear()
                queue.flush()
        gone = connection.gone
        if self._over or (gone is not None and not any(n <= gone for n in connection.streams)):
            self._over = False
            connection.gone = None
            self._close()

    def _end(self, violation: Violation, who: str) -> None:
        """
        An end violates HTTP/2: end the connection.
        """
        state, connection = self.state, self.connection
        context = state.context
        state.unlogged = not context.repeats.warn(
            self._log,
            "connection {number}: the {who} violates HTTP/2: {reason}; the connection is closed",
            number=state.connection.number,
            who=who,
            reason=violation.reason,
        )
        context.note(state.connection, "garbage", reason=violation.reason)
        for way in (connection.down, connection.up):
            if not way.opened:
                way.open(settings({}))
        served = connection.numbers.served(connection.highest)
        client, backend = (ending(violation, served), goAway(0, 0))
        if who == "backend":
            client, backend = goAway(served, CODES["INTERNAL_ERROR"]), ending(violation, 0)
        connection.down.write(client)
        connection.up.write(backend)
        self._over = True

    def fate(self, then: ConnectionFate) -> None:
        self.flush()
        if then is ConnectionFate.RESET:
            self._reset()
        else:
            self._close()

    def setHolding(self, stream: Keeper, keeps: bool) -> None:
        if keeps:
            self.waiting.add(stream)
        else:
            self.waiting.discard(stream)

    def relieve(self, latest: Editing) -> None:
        state, down = self.state, self.held[1] + self.connection.down.waiting
        if down <= SHARE:
            return
        state.room.account()
        if not state.context.memory.allows(down):
            # The backend is paused, so that no editor gets what it waits for.
            for each in list(self.editing):
                each.release()
        elif down > EDITED_LIMIT:
            latest.release()

    def progressed(self) -> None:
        self.flush()
        if not self.state.closed:
            self.drained()
            self.state.continueWaiting()

    def planChanged(self) -> None:
        """
        Another plan is in force: end the waits of rules that it does not contain.
        """
        self._misses.clear()
        self._plan = None
        plan = self.state.decider.plan
        for each in list(self.waiting):
            each.lift(plan.keeps)
        self.connection.limitStreams(streamLimit(plan))
        self.flush()

    def clientEnded(self) -> None:
        """
        The client has closed its connection: discard the bytes of its requests that are kept back.
        """
        for each in list(self.waiting):
            each.leave()

    def stop(self) -> None:
        """
        Release all resources.
        """
        for stream in self.connection.streams.values():
            exchange = stream.exchange
            if not (stream.backendDone or exchange.dropped or exchange.began == OPENED):
                self.state.context.counters.error(exchange.command, endOf(self.state))
        for stream in self.connection.struck:
            if stream.struck is not None:
                stream.struck.stop()
        self.connection.streams.clear()
        self.waiting.clear()
        self.editing.clear()


def _cuts(decision: Decision) -> bool:
    """
    Whether the reply is cut or paused after a number of bytes or frames.
    """
    return any(isinstance(step.command, (Truncate, Pause)) for step in decision.reply)

# -*- test-case-name: tests.relays.test_link -*-
"""
The state that the two directions of one link share while its exchanges are relayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from vaurien_twisted.interfaces import IForgetting, IFramer, IRequestDescriber, ITransferEnder
from vaurien_twisted.model.batch_decision import DecidedChunk
from vaurien_twisted.model.decision import Decision, Step
from vaurien_twisted.model.exchange import Connection, Exchange, oneLine
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.relays.batch_times import BatchTimes
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.executor import LINK_ENDED, CommandExecutor
from vaurien_twisted.relays.fastpath import KEPT, FastPath
from vaurien_twisted.relays.link_memory import LinkMemory
from vaurien_twisted.relays.passed import LONGEST, passedExchange
from vaurien_twisted.relays.recent import Recent
from vaurien_twisted.relays.substitutes import Substitutes
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.wire.last_request import lastExchange, lastRequest


class StreamQueues(Protocol):
    """
    A stream that holds back bytes.

    @ivar queues: the write queues of its two directions.
    """

    queues: tuple[WriteQueue, WriteQueue]


class ExchangeState:
    """
    The exchanges of one link.

    @param close: closes the link in order.
    @param reset: resets the link.
    @ivar continueWaiting: called when bytes that waited have been sent.
    @ivar decider: decides about the exchanges of C{connection}.
    @ivar framer: divides the bytes into exchanges.
    @ivar guessed: whether exchanges are only guessed, so that replies have no order.
    @ivar exchanges: the number of exchanges that were decided.
    @ivar recent: the latest decided exchanges; C{None} before the first.
    @ivar closed: the link relays nothing more.
    @ivar stalled: the client is paused, because a limit of memory is reached.
    @ivar unlogged: a problem of this link is only counted in the log, not described.
    @ivar toBackend: the write queue of requests.
    @ivar toClient: the write queue of replies.
    @ivar streams: the streams that hold back bytes, if the protocol has streams.
    @ivar ender: the framer, if its backend can ask the client for data in a reply.
    """

    __slots__ = (
        "_forgets",
        "_passed",
        "_seconds",
        "_wall",
        "closed",
        "connection",
        "context",
        "continueWaiting",
        "decider",
        "ender",
        "exchanges",
        "executor",
        "fastPath",
        "framer",
        "guessed",
        "recent",
        "replyOrder",
        "room",
        "stalled",
        "streams",
        "substitutes",
        "toBackend",
        "toClient",
        "transports",
        "unlogged",
    )

    def __init__(
        self,
        context: ProxyContext,
        connection: Connection,
        transports: TransportPair,
        close: Callable[[], None],
        reset: Callable[[], None],
        continueWaiting: Callable[[], None],
    ) -> None:
        self.context = context
        self.connection = connection
        self.decider = context.decider
        self.transports = transports
        self.continueWaiting = continueWaiting
        self._seconds, self._wall = context.reactor.seconds, context.wall
        self.exchanges = 0
        #: Created on first use: bare links never need it.
        self.recent: Recent | None = None
        self.closed = self.stalled = self.unlogged = False
        self.streams: Iterable[StreamQueues] = ()
        framer = self.framer = context.wire.framer(context.options, context.backend.text)
        self.guessed = framer.turns
        self.ender: ITransferEnder | None = ITransferEnder(framer, None)
        #: Whether the texts of an exchange are not needed after its decision.
        self._forgets = IForgetting.providedBy(framer)
        executor = self.executor = CommandExecutor(close, reset)
        executor.turns = framer.turns
        self.replyOrder = executor.pipeline
        reactor, turns, delayed = context.reactor, context.turns, context.counters.added.observe
        self.toBackend = WriteQueue(reactor, executor.performRequest, continueWaiting)
        self.toClient = WriteQueue(reactor, executor.performReply, continueWaiting)
        self.toBackend.turns = self.toClient.turns = turns
        self.toBackend.delayed = self.toClient.delayed = delayed
        self.toClient.ended = self._ended
        self.toClient.write = transports.client.write
        executor.toClient = self.toClient
        self.substitutes = Substitutes(framer)
        times = BatchTimes(self._seconds, context.counters.duration.observe)
        self._passed = context.passed
        self.fastPath = FastPath(
            self.replyOrder, times, self._passed, self.decideChunk, self._keepChunk
        )
        self.room = LinkMemory(
            context.memory, self.toBackend, self.toClient, executor, self.substitutes, transports
        )

    def decide(self, exchange: Exchange, now: float) -> Decision:
        """
        Let the decider decide about an exchange.

        @param now: when its bytes arrived, in seconds by the reactor's clock.
        """
        decision = exchange.decision = self.decider.decide(self.connection, exchange)
        exchange.began = now
        recent = self.recent
        if recent is None:
            recent = self.recent = Recent()
        over = recent.add(exchange)
        if over is not None and (over.extra or over.head) and self._forgets:
            self._compact(over)
        self.exchanges += 1
        self.fastPath.latest = b""
        if self._passed.kept or exchange.progress is not None:
            self.follow(exchange, now)
        if decision.reply or decision.edits:
            self.executor.prepare(exchange, decision)
        return decision

    def _compact(self, exchange: Exchange) -> None:
        if exchange.complete and not exchange.dropped:
            self.replyOrder.compact(exchange)

    def decideConnection(self, greeting: Exchange, now: float) -> Decision:
        """
        Let the decider decide about the connection itself, where the client sends first.

        @param greeting: the connection as an exchange.
        @param now: when the client connected, in seconds by the reactor's clock.
        """
        decision = self.decider.decideConnection(self.connection, greeting)
        greeting.decision, greeting.began = decision, now
        if greeting.progress is not None:
            self.follow(greeting, now)
        return decision

    def follow(self, exchange: Exchange, now: float) -> None:
        """
        Measure the times and sizes of an exchange from now on.  If no rule has affected it, it is
        kept among the passed ones.

        @param now: when its bytes arrived, in seconds by the reactor's clock.
        """
        progress = exchange.progress
        if progress is None:
            progress = exchange.progress = Progress()
            kept = passedExchange(exchange)
            whole = max(len(exchange.subject), len(exchange.head)) <= LONGEST
            self._passed.add(self.connection, exchange.number, kept, progress, whole)
        progress.begin(now, self.context.wall)

    def _keepChunk(self, first: int, count: int, now: float, data: bytes) -> Progress:
        """
        Keep a chunk of requests that passes.

        @param first: the number of the first request.
        @param count: how many requests it has.
        @param now: when they arrived, in seconds by the reactor's clock.
        @param data: its bytes.
        """
        progress = Progress(now, self._wall, count, len(data))
        if not self.toBackend.queue:
            progress.waited = 0.0
        describer = IRequestDescriber(self.framer, None)
        if describer is None:
            kept = data if len(data) <= KEPT else data[:KEPT]
            make = partial(_lastExchangeOf, self.context, kept)
        else:
            # What its bytes mean depends on what came before them.
            command, _, subject = describer.describe(data).partition(" ")
            make = partial(Exchange, 0, command, subject)
        self._passed.add(self.connection, first, make, progress, len(data) <= KEPT)
        return progress

    def decideChunk(
        self, first: int, chunk: DecidedChunk, now: float, data: bytes
    ) -> tuple[Sequence[Step], Progress | None]:
        """
        Decide about a chunk of requests that have one decision.

        @param first: the number of the first request.
        @param now: when they arrived, in seconds by the reactor's clock.
        @param data: the bytes of the chunk.
        @return: the waits of the chunk, and its progress if somebody needs it.
        """
        count = len(chunk.requests)
        progress: Progress | None = None
        if chunk.batchDecision.rules:
            progress = Progress(now, self._wall, count, len(data))
        elif self._passed.kept:
            progress = self._keepChunk(first, count, now, data)
        decision = self.decider.decideChunk(self.connection, first, chunk, progress)
        recent = self.recent
        if recent is None:
            recent = self.recent = Recent()
        recent.addChunk(first, chunk, now)
        if decision.instant and not self.toBackend.queue:
            self.toBackend.delayed(0.0, count)
            if progress is not None:
                progress.waited = 0.0
            return (), progress
        return decision.request, progress

    @property
    def recentExchanges(self) -> tuple[Exchange, ...]:
        """
        The latest exchanges that were decided, in order.
        """
        return () if self.recent is None else tuple(self.recent.exchanges())

    @property
    def last(self) -> str | None:
        """
        The latest exchange in one line, C{None} if there was none.  If a chunk passed on the fast
        path, it is the last exchange in the chunk's first
        L{KEPT<vaurien_twisted.relays.fastpath.KEPT>} bytes, C{""} if they contain none.
        """
        data = self.fastPath.latest
        if not data:
            recent = self.recentExchanges
            return recent[-1].description if recent else None
        describer = IRequestDescriber(self.framer, None)
        if describer is not None:
            return oneLine(describer.describe(data))
        return oneLine(_lastOf(self.context, data))

    def _ended(self, exchange: Exchange) -> None:
        """
        A whole reply that had waited was sent to the client.
        """
        self.time(exchange, self._seconds())

    def time(self, exchange: Exchange, now: float) -> None:
        """
        Observe the duration of an exchange whose whole reply was sent to the client.

        @param now: the time, in seconds by the reactor's clock.
        """
        if exchange.began >= 0:
            self.context.counters.duration.observe(now - exchange.began)
        if exchange.progress is not None:
            exchange.progress.sent = now

    def guessExchanges(self, framer: IFramer) -> IFramer:
        """
        Guess exchanges from now on.

        @param framer: a framer that guesses exchanges.
        @return: the framer that was used before.
        """
        kept, self.framer = self.framer, framer
        self.ender = None
        self.guessed = self.executor.turns = True
        self.fastPath.stop()
        self.substitutes.stop()
        self.replyOrder.sendRemaining()
        return kept

    def flush(self) -> None:
        """
        Write the bytes that are ready in both directions.
        """
        self.toBackend.flush()
        self.toClient.flush()

    def stop(self) -> None:
        """
        Drop all state; nothing more is written.
        """
        self.closed = True
        self.executor.toClient = None
        self.fastPath.stop()
        for waiting in self.replyOrder.waiting:
            if isinstance(waiting, Exchange):
                self.executor.uncut(waiting, LINK_ENDED)
        self.replyOrder.clear()
        self.toBackend.stop()
        self.toClient.stop()
        self.room.account()


def _lastExchangeOf(context: ProxyContext, data: bytes) -> Exchange:
    """
    The last exchange in a chunk of the client's bytes; one without a command if there is none.
    """
    framer = context.wire.framer(context.options, context.backend.text)
    return lastExchange(framer.fromClient(data)) or Exchange(0)


def _lastOf(context: ProxyContext, data: bytes) -> str:
    """
    What the last exchange in a chunk of the client's bytes asks for; C{""} if there is none.
    """
    framer = context.wire.framer(context.options, context.backend.text)
    return lastRequest(framer.fromClient(data))

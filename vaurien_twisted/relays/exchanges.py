# -*- test-case-name: tests.relays.test_link -*-
"""
What is said on a link: its framer, the decisions, and a lane for each direction.

Bytes come in through L{ExchangeRelay.fromClient} and L{ExchangeRelay.fromBackend}, are divided
into exchanges by the framer, and leave through one L{WriteQueue} for each direction, where
the steps that were decided for an exchange are performed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from twisted.logger import Logger

from vaurien_twisted.interfaces import (
    IForgetting,
    IFramer,
    IFramingOptions,
    IRequestDescriber,
    IStartTLS,
    ITransferEnder,
    IWireProtocol,
    IWithholder,
)
from vaurien_twisted.model.decision import NOTHING, Decision, Step
from vaurien_twisted.model.exchange import Connection, Exchange, FramingError, Piece
from vaurien_twisted.relays.batch_times import BatchTimes
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.executor import CommandExecutor
from vaurien_twisted.relays.fastpath import FastPath
from vaurien_twisted.relays.memory import QUEUE_LIMIT
from vaurien_twisted.relays.pausing import Pausing
from vaurien_twisted.relays.substitutes import Substitutes
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.turns import STEP
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.wire.last_request import lastDescription
from vaurien_twisted.wire.starttls import TLSOptions
from vaurien_twisted.wire.tcp import TurnFramer

#: How many bytes may wait in stages, beside those that count as under way, before their
#: source is paused.
WRITE_QUEUE_LIMIT = 262144

#: How many exchanges a link remembers, so that what was decided can be explained.
RECENT = 4


class ExchangeRelay:
    """
    Carries one link's bytes.

    @param close: closes the link in order.
    @param reset: resets the link.
    @param turned: called when the framer was given up for one that takes turns, and where
        both ends are to go on in TLS.
    @ivar decider: whom to ask about exchanges, as those of C{connection}.
    @ivar exchanges: how many exchanges were decided.
    @ivar recent: the latest of those that were told apart, no more than L{RECENT}.
    @ivar closed: nothing more is relayed.
    @ivar toBackend: the lane for requests.
    @ivar toClient: the lane for replies.
    """

    __slots__ = (
        "_afterBackend",
        "_afterClient",
        "_close",
        "_context",
        "_deferred",
        "_denial",
        "_down",
        "_ender",
        "_executor",
        "_fastPath",
        "_forgets",
        "_framer",
        "_latest",
        "_memory",
        "_opaque",
        "_pausing",
        "_pieces",
        "_replies",
        "_replyOrder",
        "_stalled",
        "_substitutes",
        "_transports",
        "_turned",
        "_turns",
        "_up",
        "beyondToBackend",
        "beyondToClient",
        "closed",
        "connection",
        "decider",
        "exchanges",
        "heldToBackend",
        "heldToClient",
        "recent",
        "staged",
        "toBackend",
        "toClient",
        "untold",
    )

    _log = Logger()

    def __init__(
        self,
        context: ProxyContext,
        connection: Connection,
        transports: TransportPair,
        close: Callable[[], None],
        reset: Callable[[], None],
        turned: Callable[[], None],
    ) -> None:
        self.exchanges = 0
        self._context = context
        self.connection = connection
        self.decider = context.decider
        #: Most links of bare streams never have any.
        self.recent: deque[Exchange] | None = None
        self._transports = transports
        self._close = close
        self._turned = turned
        self._framer = context.wire.framer(context.options, context.backend.text)
        upgradable = IStartTLS(self._framer, None) if context.refusesTLS else None
        self._denial = None if upgradable is None else upgradable.denial
        self._ender: ITransferEnder | None = ITransferEnder(self._framer, None)
        withholder = IWithholder(self._framer, None)
        self._pausing: Pausing | None = None
        if withholder is not None:
            self._pausing = Pausing(withholder, context.reactor, self._paused)
        #: Whether nothing needs an exchange's words once it was decided.
        self._forgets = IForgetting.providedBy(self._framer)
        self._executor = executor = CommandExecutor(close, reset)
        executor.turns = self._framer.turns
        self.toBackend = WriteQueue(context.reactor, executor.performRequest, self.goOn)
        self.toClient = WriteQueue(context.reactor, executor.performReply, self.goOn)
        self._turns = self.toBackend.turns = self.toClient.turns = context.turns
        self.toBackend.delayed = self.toClient.delayed = context.counters.added.observe
        self.toClient.write = transports.client.write
        executor.toClient = self.toClient
        transports.clientDrained = self.goOn
        self._replyOrder = executor.pipeline
        self._pieces: Iterator[Piece] | None = None
        self._replies: Iterator[Piece] | None = None
        self._afterClient: list[Callable[[], None]] = []
        self._afterBackend: list[Callable[[], None]] = []
        self._latest: Exchange | None = None
        #: How many bytes wait beyond each lane, and whether there is anything they pass.
        self.beyondToBackend: Callable[[], int] = int
        self.beyondToClient: Callable[[], int] = int
        #: How many bytes wait there in all, about.
        self.heldToBackend: Callable[[], int] = int
        self.heldToClient: Callable[[], int] = int
        self._memory = context.memory
        self._up = self._down = 0
        self.staged = False
        self._deferred = False
        self._stalled = False
        self.closed = False
        self._opaque = False
        self.untold = False
        self._fastPath = FastPath(
            self._replyOrder,
            BatchTimes(context.reactor.seconds, context.counters.duration.observe),
        )
        self._substitutes = Substitutes(self._framer)
        self.learn()

    def learn(self) -> None:
        """
        Let the framer pass over what the plan cannot touch.
        """
        self._fastPath.learn(self._framer, self.decider, self.staged)

    def begin(self, greeting: Exchange, connect: Callable[[], None]) -> None:
        """
        Decide what the connection meets, and call C{connect} when that allows it.
        """
        decider = self.decider
        if self._context.wire.greets:
            decision = self._decide(greeting)
            self._replyOrder.add(greeting)
            if not decision.ends:
                self._framer.expect(greeting)
        else:
            decision = decider.decideConnection(self.connection, greeting)
            greeting.decision = decision
            greeting.began = self._context.reactor.seconds()
        greeting.complete = True
        self.toBackend.put(greeting, b"", decision.request, connect)

    @property
    def untouched(self) -> bool:
        """
        Whether bytes may pass without coming by here: nothing can happen to them, no
        framing is needed and nothing waits.
        """
        return (
            self.decider.plan.transparent
            and self._framer.turns
            and not self.toBackend.queue
            and not self.toClient.queue
            and self._pieces is None
            and self._replies is None
        )

    @property
    def opaque(self) -> bool:
        """
        Whether the framer was given up, so that exchanges are only guessed.
        """
        return self._opaque

    @property
    def held(self) -> int:
        """
        How many bytes of memory it holds, about.
        """
        self._account()
        return self._up + self._down

    @property
    def clientSaid(self) -> bool:
        """
        Whether nothing of the client's waits to be read or sent.
        """
        return self._pieces is None and not self.toBackend.queue

    @property
    def backendSaid(self) -> bool:
        """
        Whether nothing of the backend's waits to be read or sent.
        """
        return self._replies is None and not self.toClient.queue

    @property
    def readsClient(self) -> bool:
        """
        Whether it has yet to look at bytes of the client, or to send what is ready.
        """
        return (self._pieces is not None and self._deferred) or self.toBackend.deferred

    @property
    def readsBackend(self) -> bool:
        """
        The same for the backend.
        """
        return self._replies is not None or self.toClient.deferred

    @property
    def last(self) -> str | None:
        """
        The latest exchange in one line, C{None} where there was none.  Of a chunk that was
        passed over, no more than L{KEPT<vaurien_twisted.relays.fastpath.KEPT>} bytes are looked
        at: the last exchange that these show, C{""} where they show none.
        """
        data = self._fastPath.latest
        if not data:
            return self.recent[-1].description if self.recent else None
        describer = IRequestDescriber(self._framer, None)
        if describer is not None:
            description: str = describer.describe(data)
            return description
        context = self._context
        framer = context.wire.framer(context.options, context.backend.text)
        return lastDescription(framer.fromClient(data))

    @property
    def upgrading(self) -> IStartTLS | None:
        """
        The framer, if both ends have agreed to go on in TLS and that has not begun.
        """
        framer = IStartTLS(self._framer, None)
        if framer is None or not framer.upgrading:
            return None
        if self._pieces is not None or self._replies is not None:
            return None
        return framer

    # Passing over

    @property
    def skims(self) -> bool:
        """
        Whether there may be bytes that pass as they are.
        """
        return self._fastPath.able

    def passesRequests(self, data: bytes) -> bool:
        """
        Whether bytes of the client may go to the backend as they are: whole requests to which
        nothing happens.  Their replies are expected from now on.
        """
        if self._pieces is not None or self.toBackend.queue:
            return False
        count = self._fastPath.requests(data)
        self.exchanges += count
        return count > 0

    def passesReplies(self, data: bytes) -> bool:
        """
        Whether bytes of the backend may go to the client as they are: whole replies to such
        requests.  Not where something waits for them to have gone.
        """
        if self._stalled or self.toClient.queue or self._replies is not None:
            return False
        return self._fastPath.lastReplies(data)

    # The client's bytes

    def fromClient(self, data: bytes) -> None:
        """
        Bytes from the client.
        """
        if self.passesRequests(data):
            self.toBackend.write(data)
            return
        if self.closed:
            return
        if self._pieces is not None:
            # Paused, but a transport may still hand over what it had read.
            self._pieces = chain(self._pieces, self._framer, data)
            return
        self._pieces = self._framer.fromClient(data)
        self._pull()

    def _stall(self) -> None:
        """
        Read no more from the client until there is room.
        """
        self._stalled = True
        self._transports.paceClient(True)

    def _account(self) -> None:
        """
        Tell the proxy how much is held here.
        """
        up = self.toBackend.size + self.heldToBackend() + self._replyOrder.size
        if not self._transports.clientFull:
            self._executor.given = 0
        down = self.toClient.size + self.heldToClient() + self._executor.given
        self._memory.held += up + down - self._up - self._down
        self._up, self._down = up, down

    @property
    def _noRoom(self) -> bool:
        if self._substitutes.holding:
            return True
        if self.toBackend.size > QUEUE_LIMIT or self._replyOrder.full:
            return True
        self._account()
        if self.beyondToBackend() > WRITE_QUEUE_LIMIT or self._executor.given > QUEUE_LIMIT:
            return True
        return not self._memory.allows(self._up)

    @property
    def _noRoomForReplies(self) -> bool:
        if self.toClient.size > QUEUE_LIMIT or self._replies is not None:
            return True
        self._account()
        return self.beyondToClient() > WRITE_QUEUE_LIMIT or not self._memory.allows(self._down)

    def _pull(self) -> None:
        """
        Take the client's pieces while there is room for them.
        """
        pieces, lane = self._pieces, self.toBackend
        if pieces is None:
            return
        denial = self._denial
        error: FramingError | None = None
        count, deadline, turns = 0, 0.0, self._turns
        try:
            for exchange, data, ends in pieces:
                if denial is not None:
                    self._deny(denial())
                self._request(exchange, data, ends)
                if self.closed:
                    return
                if lane.size > QUEUE_LIMIT or self._substitutes.holding:
                    self._stall()
                    lane.flush()
                    return
                count += 1
                if count % STEP == 0:
                    deadline = deadline or turns.deadline()
                    over = turns.over(deadline)
                    if over or self._noRoom:
                        self._stall()
                        lane.flush()
                        if over:
                            self._defer()
                        return
        except FramingError as raised:
            error = raised
        self._pieces = None
        if denial is not None:
            self._deny(denial())
        if error is not None:
            self._garbage(error, lane, "client")
        lane.flush()
        if self._noRoom:
            self._stall()
        if self._pausing is not None and not self._afterClient and not self.closed:
            self._pausing.look(self.decider.plan.commands)
        self._sayAfter(lane, self._afterClient)
        self._afterChunk()

    def _paused(self) -> None:
        """
        Let go on what the framer keeps back of whole messages.
        """
        pausing = self._pausing
        if pausing is not None and self._pieces is None and not self.closed:
            self._pieces = pausing.framer.paused()
            self._pull()

    def _sayAfter(self, lane: WriteQueue, calls: list[Callable[[], None]]) -> None:
        """
        All that was said has come to its lane: what follows it.
        """
        while calls and not self.closed:
            lane.put(None, b"", after=calls.pop(0))

    def _defer(self) -> None:
        """
        Read on in a later turn of the reactor.
        """
        if not self._deferred:
            self._deferred = True
            self._turns.later(self._readOn)

    def _readOn(self) -> None:
        self._deferred = False
        if self.closed:
            return
        if self._replies is not None:
            self._take()
        self.goOn()

    def _deny(self, words: bytes) -> None:
        """
        Tell the client that there is no TLS, if it has asked.
        """
        if words:
            self.toClient.put(None, words)
            self.toClient.flush()

    def _request(self, exchange: Exchange | None, data: bytes, ends: bool) -> None:
        lane = self.toBackend
        if exchange is None:
            lane.put(None, data)
            return
        decision = exchange.decision
        if decision is None:
            decision = self._decide(exchange)
            self._latest = exchange
            if exchange.replies and not self._framer.turns:
                self._replyOrder.add(exchange)
            if decision is not NOTHING and decision.ends:
                exchange.dropped = True
                data = self._substitutes.instead(exchange, decision.request)
            else:
                self._framer.expect(exchange)
            lane.put(exchange, data, decision.request)
        elif not exchange.dropped:
            lane.put(exchange, data)
        if ends:
            exchange.complete = True
            if exchange.answer is not None:
                self._replyOrder.answer()
            elif decision.reply and not exchange.dropped:
                lane.put(None, self._substitutes.behind(exchange, decision.reply))

    def _decide(self, exchange: Exchange) -> Decision:
        decision = self.decider.decide(self.connection, exchange)
        exchange.decision = decision
        exchange.began = self._context.reactor.seconds()
        if self.recent is None:
            self.recent = deque(maxlen=RECENT)
        elif len(self.recent) == RECENT:
            last = self.recent[0]
            if self._forgets and last.complete and not last.dropped:
                self._replyOrder.compact(last)
        self.recent.append(exchange)
        self.exchanges += 1
        self._fastPath.latest = b""
        self._executor.prepare(exchange, decision)
        return decision

    # The backend's bytes

    def fromBackend(self, data: bytes) -> None:
        """
        Bytes from the backend.
        """
        if self.closed:
            return
        if self._replies is not None:
            # Paused, but a transport may still hand over what it had read.
            self._replies = chainReplies(self._replies, self._framer, data)
            return
        fastPath = self._fastPath
        if fastPath.active:
            count = 0 if self.toClient.queue else fastPath.replies(data)
            if count:
                self.toClient.write(data)
                self._replyOrder.passed(count)
                if self._stalled:
                    self._afterChunk()
                return
            fastPath.expand()
        self._replies = self._framer.fromBackend(data)
        self._take()
        if self.closed:
            return
        self.toClient.flush()
        if self._noRoomForReplies:
            self._transports.paceBackend(True)
        self._afterChunk()

    def _take(self) -> None:
        """
        Take the backend's pieces, as many as there is time for.
        """
        pieces, turns = self._replies, self._turns
        if pieces is None:
            return
        count, deadline = 0, 0.0
        error: FramingError | None = None
        try:
            for exchange, data, ends in pieces:
                self._reply(exchange, data, ends)
                if self.closed:
                    return
                count += 1
                if count % STEP == 0:
                    deadline = deadline or turns.deadline()
                    if turns.over(deadline):
                        self.toClient.flush()
                        self._transports.paceBackend(True)
                        self._defer()
                        return
        except FramingError as raised:
            error = raised
        self._replies = None
        if error is not None:
            self._garbage(error, self.toClient, "backend")
        if self._afterBackend and self._substitutes.outstanding and not self.closed:
            self._replyOrder.release()
        self._sayAfter(self.toClient, self._afterBackend)

    def _reply(self, exchange: Exchange | None, data: bytes, ends: bool) -> None:
        lane = self.toClient
        if exchange is None:
            lane.put(None, data)
            return
        if exchange.substitute is not None:
            self._swallow(exchange, data, ends)
            return
        steps: tuple[Step, ...] = ()
        if not exchange.replying:
            exchange.replying = True
            decision = exchange.decision
            if decision is None:
                # A turn that the backend began: what is asked of its request meets its words.
                decision = self._decide(exchange)
                steps = decision.request + decision.reply
            else:
                steps = decision.reply
        if not exchange.muted:
            after = None
            if exchange.then is not None:
                data, after = self._executor.truncated(exchange, exchange.then, data)
            lane.put(exchange, data, steps, after)
        if ends:
            self._replyOrder.ended(exchange)
            decision = exchange.decision
            if decision is not None and decision.reply:
                self._behind(exchange, decision.reply)
            if lane.queue:
                # It is over for the client when that has gone, too.
                lane.put(exchange, b"", after=lambda: self._time(exchange))
            else:
                self._time(exchange)

    def _swallow(self, exchange: Exchange, data: bytes, ends: bool) -> None:
        """
        A reply that is not for the client: when it is over, what waited for it goes on.
        """
        if self._substitutes.swallow(exchange, data, ends) is not None:
            self._replyOrder.answer()

    def _behind(self, exchange: Exchange, steps: tuple[Step, ...]) -> None:
        """
        A reply has come that met something: send what its transaction needs.
        """
        data = self._substitutes.behind(exchange, steps)
        if data:
            self.toBackend.put(None, data)
            self.toBackend.flush()

    def _time(self, exchange: Exchange) -> None:
        """
        The whole reply has gone to the client.
        """
        context = self._context
        if exchange.began >= 0:
            context.counters.duration.observe(context.reactor.seconds() - exchange.began)

    # Going on

    def _afterChunk(self) -> None:
        """
        Read on where there is room again, and follow a framer that can read no further.
        """
        if self.closed:
            return
        transports = self._transports
        if self._ender is not None:
            self._endTransfers(self._ender)
        if self._stalled and not self._deferred and not self._noRoom and not self._mayBeAsked:
            self._pull()
            if self._pieces is None:
                self._stalled = False
                transports.paceClient(False)
        if self._context.upgrades is not None and self.upgrading is not None:
            self._turned()
        if self._framer.opaque and self._pieces is None and self._replies is None:
            told = self._context.repeats.info(
                self._log,
                "connection {number} is opaque from here on: {reason}",
                number=self.connection.number,
                reason=self._framer.opaque,
            )
            advice = adviceOn(self._framer.opaque, self._context.wire, self._context.options)
            self.untold = not told
            if advice and told:
                self._log.info("{advice}", advice=advice)
            self._turnOpaque(self._framer.opaque)

    @property
    def _mayBeAsked(self) -> bool:
        """
        Whether the rest of a reply that was replaced may ask the client for data.  What the
        client says next would be taken for them.
        """
        waiting = self._replyOrder.waiting
        if self._ender is None or not waiting:
            return False
        head = waiting[0]
        return isinstance(head, Exchange) and head.muted and head.complete

    def _endTransfers(self, ender: ITransferEnder) -> None:
        """
        Answer the backend where it asks for data in a reply that was replaced, and read no
        further request before that reply is over.
        """
        ending = ender.transferEnd()
        if ending:
            self.toBackend.send(ending)
        if self._mayBeAsked and not self._stalled:
            self._stall()
            if self._pieces is None:
                self._pieces = iter(())

    def goOn(self) -> None:
        """
        What waited has been sent: see what may go on.
        """
        self.toClient.flush()
        if not self._noRoomForReplies:
            self._transports.paceBackend(False)
        self._afterChunk()

    def _turnOpaque(self, reason: str) -> None:
        if self._substitutes.outstanding:
            # Where their replies end is not known any more, and they must not pass.
            self._context.note(self.connection, "garbage", reason=reason)
            self._close()
            return
        self._context.note(self.connection, "opaque", reason=reason)
        kept, self._framer = self._framer, TurnFramer(self.exchanges + 1)
        self._opaque = True
        self._ender = None
        if self._pausing is not None:
            self._pausing.stop()
            self._pausing = None
        self._executor.turns = True
        self._fastPath.stop()
        self._substitutes.stop()
        self._replyOrder.dissolve()
        release(kept, self.toBackend, self.toClient)
        self._turned()

    def _garbage(self, error: FramingError, lane: WriteQueue, who: str) -> None:
        latest = self._latest if lane is self.toBackend else None
        closes = closesOn(self._context.options, latest)
        self.untold = not self._context.repeats.warn(
            self._log,
            "connection {number}: the {who} does not speak {wire}: {reason}; it {then}",
            number=self.connection.number,
            who=who,
            wire=self._context.wire.name,
            reason=error.reason,
            then="is closed" if closes else "is opaque from here on",
        )
        if closes:
            self._context.note(self.connection, "garbage", reason=error.reason)
            self._close()
            return
        lane.put(None, error.rest)
        self._turnOpaque(error.reason)

    def planChanged(self) -> None:
        """
        Another plan is in force: lift what it no longer contains.
        """
        self._framer.renew()
        self.learn()
        keeps = self.decider.plan.keeps
        self.toBackend.lift(keeps)
        self.toClient.lift(keeps)
        self.goOn()

    def clientEnded(self, after: Callable[[], None]) -> None:
        """
        The client will send nothing more: call C{after} when all it sent has gone.
        """
        self._afterClient.append(after)
        if self._pieces is None:
            self._pieces = self._framer.clientEnded()
            self._pull()
        else:
            self._pieces = chain(self._pieces, self._framer, b"")

    def backendEnded(self, after: Callable[[], None]) -> None:
        """
        The backend will send nothing more: call C{after} when all it sent has gone.
        """
        self._afterBackend.append(after)
        if self._replies is None:
            self._fastPath.expand()
            self._replies = self._framer.backendEnded()
            self._take()
        else:
            self._replies = chainReplies(self._replies, self._framer, b"")

    def afterClient(self, call: Callable[[], None]) -> None:
        """
        The client has ended: call when all it sent has gone.
        """
        if self._pieces is None:
            self.toBackend.put(None, b"", after=call)
        else:
            self._afterClient.append(call)

    def afterBackend(self, call: Callable[[], None]) -> None:
        """
        The backend has ended: call when all it sent has gone.
        """
        if self._replies is None:
            self.toClient.put(None, b"", after=call)
        else:
            self._afterBackend.append(call)

    def stop(self) -> None:
        """
        Forget everything; nothing more is said.
        """
        self.closed = True
        self._executor.toClient = None
        self._fastPath.stop()
        if self._pausing is not None:
            self._pausing.stop()
        self._pieces = self._replies = None
        self._replyOrder.clear()
        self.toBackend.stop()
        self.toClient.stop()
        self._account()


def closesOn(options: Any, latest: Exchange | None) -> bool:
    """
    Whether a link is closed on garbage, not read on as opaque.

    @param options: the wire protocol's; C{on_garbage} says it.
    @param latest: the latest exchange, if the garbage is the client's.  A backend that
        never saw the beginning of a request must not see its end.
    """
    unseen = latest is not None and latest.dropped and not latest.complete
    framing = IFramingOptions(options, None)
    return unseen or (framing is not None and framing.on_garbage == "close")


def adviceOn(reason: str, wire: IWireProtocol, options: Any) -> str:
    """
    What a user can do so that a link does not become opaque; C{""} where nothing.

    @param options: the wire protocol's.
    """
    if reason != "TLS" or not isinstance(options, TLSOptions):
        return ""
    if options.refuses or options.tls_certificate:
        # It was begun in a way that neither helps against.
        return ""
    option = f"--protocol-{wire.name}-tls"
    return (
        "in TLS no exchange is seen, and an error cannot be answered: "
        f"{option} refuse keeps clients from it, {option}-certificate reads it"
    )


def release(framer: IFramer, toBackend: WriteQueue, toClient: WriteQueue) -> None:
    """
    Let what a framer kept back of either direction go on.
    """
    for lane, pieces in ((toBackend, framer.clientEnded()), (toClient, framer.backendEnded())):
        for _, data, _ in pieces:
            lane.put(None, data)
        lane.flush()


def chain(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    The pieces that were not taken yet, and those of C{data} after them, or of the
    client's end.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromClient(data) if data else framer.clientEnded()


def chainReplies(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    The same of the backend's bytes, or its end.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromBackend(data) if data else framer.backendEnded()

# -*- test-case-name: tests.relays.test_link -*-
"""
What is said on a link: bytes come in, are divided into exchanges, and leave through a write
queue for each direction.

L{RequestReader} reads the client's bytes, and L{ReplyReader} the backend's.  Both share an
L{ExchangeState}.  Each L{WriteQueue} performs the steps that were decided for an exchange.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.interfaces import IMultiplexing, IStartTLS
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.failures import countUnanswered
from vaurien_twisted.relays.pieces import chainReplies
from vaurien_twisted.relays.replies import ReplyReader
from vaurien_twisted.relays.requests import RequestReader
from vaurien_twisted.relays.transfers import endTransfers, mayBeAsked
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.unreadable import Unreadable


class ExchangeRelay:
    """
    Relays the bytes of one link.

    @param close: closes the link in order.
    @param reset: resets the link.
    @param turned: called when the framer was given up for one that guesses, and where both
        ends are to go on in TLS.
    @ivar state: its exchanges, and who decides about them.
    @ivar toBackend: the write queue of requests.
    @ivar toClient: the write queue of replies.
    @ivar room: measures what is held, and knows the stream filters beyond the queues.
    """

    __slots__ = (
        "_close",
        "_fastPath",
        "_replies",
        "_requests",
        "_reset",
        "_turned",
        "_unreadable",
        "room",
        "state",
        "toBackend",
        "toClient",
    )

    def __init__(
        self,
        context: ProxyContext,
        connection: Connection,
        transports: TransportPair,
        close: Callable[[], None],
        reset: Callable[[], None],
        turned: Callable[[], None],
    ) -> None:
        self._close = close
        self._reset = reset
        self._turned = turned
        state = self.state = ExchangeState(
            context, connection, transports, self._closeBehind, self._resetBehind, self.goOn
        )
        self.toBackend, self.toClient, self.room = state.toBackend, state.toClient, state.room
        self._fastPath = state.fastPath
        unreadable = self._unreadable = Unreadable(state, self._closeBehind, turned)
        requests = RequestReader(state, unreadable.fromClient, self._afterChunk)
        unreadable.requests = self._requests = requests
        self._replies = ReplyReader(state, unreadable.fromBackend, self._afterChunk)
        transports.clientDrained = self.goOn
        self.learn()

    def learn(self) -> None:
        """
        Let the framer pass over what the plan cannot touch.
        """
        state = self.state
        self._fastPath.learn(state.framer, state.decider, state.connection, self.room.filtered)

    def begin(self, greeting: Exchange, connect: Callable[[], None]) -> None:
        """
        Decide what the connection meets, and call C{connect} when that allows it.
        """
        state = self.state
        now = state.context.reactor.seconds()
        if state.context.wire.greets:
            decision = state.decide(greeting, now)
            state.replyOrder.add(greeting)
            if not decision.ends:
                state.framer.expect(greeting)
        else:
            decision = state.decider.decideConnection(state.connection, greeting)
            greeting.decision = decision
            greeting.began = now
        greeting.complete = True
        self.toBackend.put(greeting, b"", decision.request, connect)
        state.flush()

    def connected(self) -> None:
        """
        The backend is there: send what needs no longer wait.
        """
        self.toBackend.run()
        self.toClient.flush()

    # What others ask

    @property
    def opaque(self) -> bool:
        """
        Whether the framer was given up, so that exchanges are only guessed.
        """
        return self._unreadable.opaque

    @property
    def untouched(self) -> bool:
        """
        Whether bytes may pass without coming by here: nothing can happen to them, no
        framing is needed and nothing waits.
        """
        state = self.state
        return (
            state.decider.transparent
            and state.framer.turns
            and self.clientSaid
            and self.backendSaid
        )

    @property
    def clientSaid(self) -> bool:
        """
        Whether nothing of the client's waits to be read or sent.
        """
        return self._requests.pieces is None and not self.toBackend.queue

    @property
    def backendSaid(self) -> bool:
        """
        Whether nothing of the backend's waits to be read or sent.
        """
        return self._replies.pieces is None and not self.toClient.queue

    @property
    def readsClient(self) -> bool:
        """
        Whether it has yet to look at bytes of the client, or to send what is ready.
        """
        requests = self._requests
        return (requests.pieces is not None and requests.deferred) or self.toBackend.deferred

    @property
    def readsBackend(self) -> bool:
        """
        The same for the backend.
        """
        return self._replies.pieces is not None or self.toClient.deferred

    @property
    def upgrading(self) -> IStartTLS | None:
        """
        The framer, if both ends have agreed to go on in TLS and that has not begun.
        """
        framer = IStartTLS(self.state.framer, None)
        if framer is None or not framer.upgrading:
            return None
        if self._requests.pieces is not None or self._replies.pieces is not None:
            return None
        return framer

    # Bytes

    @property
    def skims(self) -> bool:
        """
        Whether there may be bytes that pass as they are.
        """
        return self._fastPath.able

    def passesRequests(self, data: bytes) -> bool:
        """
        Whether bytes of the client may go to the backend now and as they are: whole requests
        that have nothing to wait for.  Their replies are expected from now on.
        """
        if self._requests.pieces is not None or self.toBackend.queue or self._fastPath.waits:
            return False
        count = self._fastPath.requests(data)
        self.state.exchanges += count
        return count > 0

    def passesReplies(self, data: bytes) -> bool:
        """
        Whether bytes of the backend may go to the client as they are: whole replies to such
        requests.  Not where something waits for them to have gone.
        """
        if self.state.stalled or self.toClient.queue or self._replies.pieces is not None:
            return False
        return self._fastPath.lastReplies(data)

    def fromClient(self, data: bytes) -> None:
        """
        Bytes from the client.
        """
        if self._fastPath.able and self.passesRequests(data):
            self.toBackend.write(data)
        else:
            self._requests.read(data)

    def fromBackend(self, data: bytes) -> None:
        """
        Bytes from the backend.
        """
        state, replies, fastPath = self.state, self._replies, self._fastPath
        if state.closed:
            return
        if replies.pieces is not None:
            # Paused, but a transport may still hand over what it had read.
            replies.pieces = chainReplies(replies.pieces, state.framer, data)
            return
        if fastPath.active:
            toClient = self.toClient
            count = 0 if toClient.queue else fastPath.replies(data)
            if count:
                toClient.write(data)
                state.replyOrder.passed(count)
                toClient.flush()
                if state.stalled:
                    self._afterChunk()
                return
            fastPath.expand()
        replies.read(data)

    # Going on

    def goOn(self) -> None:
        """
        What waited has been sent: see what may go on.
        """
        self.toClient.flush()
        if not self._replies.full:
            self.state.transports.paceBackend(False)
        self._afterChunk()

    def _afterChunk(self) -> None:
        """
        Read on where there is room again, and follow a framer that can read no further.
        """
        state, requests = self.state, self._requests
        if state.closed:
            return
        if state.ender is not None:
            endTransfers(state, requests, state.ender)
            if state.closed:
                return
        if state.stalled and not requests.deferred and not self.room.full and not mayBeAsked(state):
            requests.pull()
            if requests.pieces is None:
                state.stalled = False
                state.transports.paceClient(False)
        if state.context.upgrades is not None and self.upgrading is not None:
            self._turned()
        opaque = state.framer.opaque
        if opaque and requests.pieces is None and self._replies.pieces is None:
            self._leaveOrder(opaque)

    def _leaveOrder(self, opaque: str) -> None:
        """
        Exchanges have no order from here on, or cannot be told apart.
        """
        framer = IMultiplexing(self.state.framer, None)
        if framer is None or not framer.multiplexing:
            return self._unreadable.becomesOpaque(opaque)
        # It takes a while to load.
        from vaurien_twisted.relays.stream_readers import readStreams

        ends = self._closeBehind, self._resetBehind
        self._requests, self._replies = readStreams(self.state, framer, *ends, self._afterChunk)
        return self._turned()

    def planChanged(self) -> None:
        """
        Another plan is in force: lift what it no longer contains.
        """
        state = self.state
        state.framer.renew()
        self.learn()
        keeps = state.decider.plan.keeps
        self.toBackend.lift(keeps)
        self.toClient.lift(keeps)
        self.goOn()

    # The ends

    def clientEnded(self, after: Callable[[], None]) -> None:
        """
        The client will send nothing more: call C{after} when all it sent has gone.
        """
        self._requests.ended(after)

    def backendEnded(self, after: Callable[[], None]) -> None:
        """
        The backend will send nothing more: call C{after} when all it sent has gone.
        """
        self._replies.ended(after)

    def afterClient(self, call: Callable[[], None]) -> None:
        """
        The client has ended: call when all it sent has gone.
        """
        if self._requests.pieces is None:
            self.toBackend.put(None, b"", after=call)
        else:
            self._requests.after.append(call)

    def afterBackend(self, call: Callable[[], None]) -> None:
        """
        The backend has ended: call when all it sent has gone.
        """
        if self._replies.pieces is None:
            self.toClient.put(None, b"", after=call)
        else:
            self._replies.after.append(call)

    def _closeBehind(self) -> None:
        """
        Close the link after what is ready.
        """
        self.state.flush()
        self._close()

    def _resetBehind(self) -> None:
        """
        Reset the link after what is ready.
        """
        self.state.flush()
        self._reset()

    def stop(self) -> None:
        """
        Forget everything; nothing more is said.
        """
        countUnanswered(self.state)
        self._requests.stop()
        self._requests.pieces = self._replies.pieces = None
        self.state.stop()

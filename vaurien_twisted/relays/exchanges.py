# -*- test-case-name: tests.relays.test_link -*-
"""
The exchanges of a link: bytes are read, divided into exchanges, and written through a write
queue for each direction.

L{RequestReader} reads the client's bytes, and L{ReplyReader} the backend's.  Both share an
L{ExchangeState}.  Each L{WriteQueue} performs the steps that were decided for an exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vaurien_twisted.interfaces import IMultiplexing, IStartTLS
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.failures import countUnanswered
from vaurien_twisted.relays.passed_replies import passReplies
from vaurien_twisted.relays.pieces import chainReplies
from vaurien_twisted.relays.replies import ReplyReader
from vaurien_twisted.relays.requests import RequestReader
from vaurien_twisted.relays.transfers import endTransfers, mayBeAsked
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.turn_path import TurnPath, turnPath
from vaurien_twisted.relays.unreadable import Unreadable


class ExchangeRelay:
    """
    Relays the bytes of one link.

    @param close: closes the link in order.
    @param reset: resets the link.
    @param turned: called when the framer was replaced by one that guesses, and when both
        ends have agreed to continue in TLS.
    @ivar state: the exchanges and their decider.
    @ivar toBackend: the write queue of requests.
    @ivar toClient: the write queue of replies.
    @ivar room: measures the memory of the link, with that of its stream filters.
    """

    __slots__ = (
        "_close",
        "_fastPath",
        "_replies",
        "_requests",
        "_reset",
        "_turnPath",
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
        self._close = partial(self._endBehind, close)
        self._reset = partial(self._endBehind, reset)
        self._turned = turned
        state = self.state = ExchangeState(
            context, connection, transports, self._close, self._reset, self.continueWaiting
        )
        self.toBackend, self.toClient, self.room = state.toBackend, state.toClient, state.room
        self._fastPath = state.fastPath
        self._turnPath: TurnPath | None = None
        unreadable = self._unreadable = Unreadable(state, self._close, turned)
        requests = RequestReader(state, unreadable.fromClient, self._afterChunk)
        unreadable.requests = self._requests = requests
        self._replies = ReplyReader(state, unreadable.fromBackend, self._afterChunk)
        transports.clientDrained = self.continueWaiting
        self.updateFastPath()

    def updateFastPath(self) -> None:
        """
        Update the fast path: it passes exchanges that the plan cannot affect.
        """
        state = self.state
        self._fastPath.update(state.framer, state.decider, state.connection, self.room.filtered)
        self._turnPath = turnPath(state)

    def begin(self, greeting: Exchange, connect: Callable[[], None]) -> None:
        """
        Decide about the connection, and call C{connect} when the decision allows it.
        """
        state = self.state
        now = state.context.reactor.seconds()
        if state.context.wire.greets:
            decision = state.decide(greeting, now)
            state.replyOrder.add(greeting)
            if not decision.ends:
                state.framer.expect(greeting)
        else:
            decision = state.decideConnection(greeting, now)
        greeting.complete = True
        self.toBackend.put(greeting, b"", decision.request, connect)
        state.flush()

    def connected(self) -> None:
        """
        The backend is connected: send the bytes that waited for it.
        """
        self.toBackend.run()
        self.toClient.flush()

    # State for others

    @property
    def opaque(self) -> bool:
        """
        Whether the framer was replaced by one that only guesses exchanges.
        """
        return self._unreadable.opaque

    @property
    def canBypass(self) -> bool:
        """
        Whether bytes may bypass this object: no rule can affect them, no framing is needed
        and no bytes wait.
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
        Whether no bytes of the client wait to be divided or sent.
        """
        return self._requests.pieces is None and not self.toBackend.queue

    @property
    def backendSaid(self) -> bool:
        """
        Whether no bytes of the backend wait to be divided or sent.
        """
        return self._replies.pieces is None and not self.toClient.queue

    @property
    def readsClient(self) -> bool:
        """
        Whether bytes of the client must still be divided, or written in a later turn.
        """
        requests = self._requests
        return (requests.pieces is not None and requests.deferred) or self.toBackend.deferred

    @property
    def readsBackend(self) -> bool:
        """
        Whether bytes of the backend must still be divided, or written in a later turn.
        """
        return self._replies.pieces is not None or self.toClient.deferred

    @property
    def upgrading(self) -> IStartTLS | None:
        """
        The framer, if both ends have agreed to continue in TLS and TLS has not begun.
        """
        framer = IStartTLS(self.state.framer, None)
        if framer is None or not framer.upgrading:
            return None
        if self._requests.pieces is not None or self._replies.pieces is not None:
            return None
        return framer

    # Bytes

    @property
    def usesFastPath(self) -> bool:
        """
        Whether bytes may pass on the fast path.
        """
        return self._fastPath.usable or self._turnPath is not None

    def passesRequests(self, data: bytes) -> bool:
        """
        Whether bytes of the client may pass to the backend now and unchanged: whole requests
        without waits.  If so, their replies are expected from now on.
        """
        if self._requests.pieces is not None or self.toBackend.queue or self._fastPath.waits:
            return False
        if self._turnPath is not None:
            return self._turnPath.asks(data)
        count = self._fastPath.requests(data)
        self.state.exchanges += count
        return count > 0

    def passesReplies(self, data: bytes) -> bool:
        """
        Whether bytes of the backend, if they are whole replies to such requests, may pass too.
        """
        if self.state.stalled or self.toClient.queue or self._replies.pieces is not None:
            return False
        if self._turnPath is not None:
            return self._turnPath.answers(data)
        return self._fastPath.lastReplies(data)

    def fromClient(self, data: bytes) -> None:
        """
        Handle bytes from the client.
        """
        # What the transport has asked about already need not be asked again.
        if self.usesFastPath and self._fastPath.refused is not data and self.passesRequests(data):
            self.toBackend.write(data)
        else:
            self._requests.read(data)

    def fromBackend(self, data: bytes) -> None:
        """
        Handle bytes from the backend.
        """
        state, replies, fastPath = self.state, self._replies, self._fastPath
        if state.closed:
            return
        if replies.pieces is not None:
            # A paused transport may still deliver bytes that it has read.
            replies.pieces = chainReplies(replies.pieces, state.framer, data)
            return
        if fastPath.active:
            data = passReplies(state, data)
            if not data:
                if state.stalled and not state.closed:
                    self._afterChunk()
                return
            fastPath.expand()
        if self._turnPath is not None and self.passesReplies(data):
            self.toClient.write(data)
        else:
            replies.read(data)

    # Continuing

    def continueWaiting(self) -> None:
        """
        Waiting bytes have been sent: continue whatever waited for that.
        """
        self.toClient.flush()
        if not self._replies.full:
            self.state.transports.paceBackend(False)
        self._afterChunk()

    def _afterChunk(self) -> None:
        """
        Resume reading if there is room again, and handle a framer that can read no further.
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
        From here on exchanges have no order, or cannot be divided.
        """
        framer = IMultiplexing(self.state.framer, None)
        if framer is None or not framer.multiplexing:
            return self._unreadable.becomesOpaque(opaque)
        # Imported on first use, since it takes long to load.
        from vaurien_twisted.relays.stream_readers import readStreams

        ends = self._close, self._reset
        self._requests, self._replies = readStreams(self.state, framer, *ends, self._afterChunk)
        return self._turned()

    def planChanged(self) -> None:
        """
        Another plan is in force: end the waits of rules that it does not contain.
        """
        state = self.state
        state.framer.renew()
        self.updateFastPath()
        keeps = state.decider.plan.keeps
        self.toBackend.lift(keeps)
        self.toClient.lift(keeps)
        self.continueWaiting()

    # The ends

    def clientEnded(self, after: Callable[[], None]) -> None:
        """
        The client will send nothing more: call C{after} when all its bytes were sent on.
        """
        self._requests.ended(after)

    def backendEnded(self, after: Callable[[], None]) -> None:
        """
        The backend will send nothing more: call C{after} when all its bytes were sent on.
        """
        self._replies.ended(after)

    def afterClient(self, call: Callable[[], None]) -> None:
        """
        The client has ended: use C{call} when all its bytes were sent on.
        """
        if self._requests.pieces is None:
            self.toBackend.put(None, b"", after=call)
        else:
            self._requests.after.append(call)

    def afterBackend(self, call: Callable[[], None]) -> None:
        """
        The backend has ended: use C{call} when all its bytes were sent on.
        """
        if self._replies.pieces is None:
            self.toClient.put(None, b"", after=call)
        else:
            self._replies.after.append(call)

    def _endBehind(self, end: Callable[[], None]) -> None:
        """
        End the link after the bytes that are ready.
        """
        self.state.flush()
        end()

    def stop(self) -> None:
        """
        Drop all state; nothing more is relayed.
        """
        countUnanswered(self.state)
        self._requests.stop()
        self._requests.pieces = self._replies.pieces = None
        self.state.stop()

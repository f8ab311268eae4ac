# -*- test-case-name: tests.relays.test_link -*-
"""
The link: one client connection and its backend connection.

Bytes come in through L{Link.fromClient} and L{Link.fromBackend}, are divided into
exchanges by the framer, and leave through one L{Lane} for each direction, where the
steps that were decided for an exchange are performed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.commands import Close, Command, Drop, Insert, Reply, Reset, Then
from vaurien_twisted.exchange import Connection, Exchange, FramingError, Piece
from vaurien_twisted.plan import NOTHING
from vaurien_twisted.relays.couple import Couple
from vaurien_twisted.relays.lane import Entry, Lane
from vaurien_twisted.relays.pipeline import Pipeline
from vaurien_twisted.wire.tcp import TurnFramer

if TYPE_CHECKING:
    from vaurien_twisted.relays.relay import RelayFactory

#: How many bytes a lane holds before its source is paused.
LANE_LIMIT = 65536


class Link:
    """
    Joins a client to the backend.

    @ivar connection: its number and the client's address.
    @ivar exchanges: how many exchanges were decided.
    """

    _log = Logger()

    def __init__(self, relay: Any, factory: RelayFactory, connection: Connection) -> None:
        self.connection = connection
        self.exchanges = 0
        self._factory = factory
        self._framer = factory.wire.framer(factory.options, factory.backendText)
        self._relay = relay
        self._backendProtocol: Any = None
        self._couple = Couple(relay.transport)
        self._connecting: Deferred[IProtocol] | None = None
        self._toBackend = Lane(factory.reactor, self._performRequest, self._goOn)
        self._toClient = Lane(factory.reactor, self._performReply, self._goOn)
        self._toClient.write = relay.transport.write
        self._pipeline = Pipeline(self._give)
        self._pieces: Iterator[Piece] | None = None
        self._greeting = Exchange(0, "connect")
        self._closed = False

    # Beginning

    def begin(self) -> None:
        """
        The client is there, paused: decide what its connection meets, and connect to the backend.
        """
        greeting, decider = self._greeting, self._factory.decider
        if self._factory.wire.greets:
            self.exchanges += 1
            decision = decider.decide(self.connection, greeting)
            self._pipeline.add(greeting)
            if not decision.ends:
                self._framer.expect(greeting)
        else:
            decision = decider.decideConnection(self.connection, greeting)
        greeting.decision = decision
        greeting.complete = True
        self._toBackend.put(greeting, b"", decision.request, self._connect)

    def _connect(self) -> None:
        if not self._closed and not self._greeting.dropped:
            self._connecting = self._factory.connect(self)
            self._connecting.addErrback(self._notConnected)

    def _notConnected(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self._log.warn(
            "connection {number}: the backend {backend} cannot be reached: {reason}",
            number=self.connection.number,
            backend=self._factory.backendText,
            reason=failure.getErrorMessage(),
        )
        self._note("unreachable", reason=failure.getErrorMessage())
        self.close()

    def backendConnected(self, protocol: Any) -> None:
        """
        The backend is there: join the two and let the client speak.
        """
        self._backendProtocol = protocol
        backend = protocol.transport
        if self._closed:
            self._couple.backend = backend
            backend.abortConnection()
            return
        self._couple.join(backend)
        self._toBackend.write = backend.write
        self.route()
        self._toBackend.run()
        self._couple.start()

    def route(self) -> None:
        """
        Send bytes the shortest way there is: straight from one transport to the other
        while nothing can happen to them and no framing is needed.
        """
        if self._couple.backend is None or self._closed:
            return
        if (
            self._factory.decider.plan.transparent
            and self._framer.turns
            and not self._toBackend.queue
            and not self._toClient.queue
            and self._pieces is None
        ):
            self._relay.dataReceived = self._couple.backend.write
            self._backendProtocol.dataReceived = self._couple.client.write
        else:
            self._leaveShortestWay()

    def _leaveShortestWay(self) -> None:
        self._relay.dataReceived = self.fromClient
        if self._backendProtocol is not None:
            self._backendProtocol.dataReceived = self.fromBackend

    # The client's bytes

    def fromClient(self, data: bytes) -> None:
        """
        Bytes from the client.
        """
        if self._closed:
            return
        if self._pieces is not None:
            # Paused, but a transport may still hand over what it had read.
            self._pieces = _chain(self._pieces, self._framer, data)
            return
        self._pieces = self._framer.fromClient(data)
        self._pull()

    def _pull(self) -> None:
        """
        Take the client's pieces while there is room for them.
        """
        pieces, lane = self._pieces, self._toBackend
        if pieces is None:
            return
        try:
            for exchange, data, ends in pieces:
                self._request(exchange, data, ends)
                if self._closed:
                    return
                if self._pipeline.full or lane.size > LANE_LIMIT:
                    self._couple.paceClient(True)
                    lane.flush()
                    return
            self._pieces = None
        except FramingError as error:
            self._pieces = None
            self._garbage(error, lane, "client")
        lane.flush()
        if self._couple.clientEnded and not self._closed:
            lane.put(None, b"", after=self._endBackend)
        self._afterChunk()

    def _request(self, exchange: Exchange | None, data: bytes, ends: bool) -> None:
        lane = self._toBackend
        if exchange is None:
            lane.put(None, data)
            return
        decision = exchange.decision
        if decision is None:
            decision = exchange.decision = self._factory.decider.decide(self.connection, exchange)
            self.exchanges += 1
            if exchange.replies and not self._framer.turns:
                self._pipeline.add(exchange)
            if decision is not NOTHING and decision.ends:
                exchange.dropped = True
                data = b""
            else:
                self._framer.expect(exchange)
            lane.put(exchange, data, decision.request)
        elif not exchange.dropped:
            lane.put(exchange, data)
        if ends:
            exchange.complete = True
            if exchange.answer is not None:
                self._pipeline.answer()

    def _performRequest(self, entry: Entry, command: Command) -> None:
        exchange = entry.exchange
        assert exchange is not None
        if isinstance(command, (Reply, Drop)):
            entry.data = []
            exchange.dropped = True
            exchange.answer = command if isinstance(command, Reply) else Reply(b"")
            if self._framer.turns or not (exchange.replies):
                self._give(exchange.answer)
            else:
                self._pipeline.answer()
        else:
            self._perform(entry, command)

    def _give(self, answer: Reply) -> None:
        if self._closed:
            return
        self._toClient.put(None, answer.data, after=self._following(answer))
        self._toClient.flush()

    # The backend's bytes

    def fromBackend(self, data: bytes) -> None:
        """
        Bytes from the backend.
        """
        if self._closed:
            return
        self._take(self._framer.fromBackend(data))
        self._toClient.flush()
        if self._toClient.size > LANE_LIMIT:
            self._couple.paceBackend(True)
        self._afterChunk()

    def _take(self, pieces: Iterator[Piece]) -> None:
        try:
            for exchange, data, ends in pieces:
                self._reply(exchange, data, ends)
                if self._closed:
                    return
        except FramingError as error:
            self._garbage(error, self._toClient, "backend")

    def _reply(self, exchange: Exchange | None, data: bytes, ends: bool) -> None:
        lane = self._toClient
        if exchange is None:
            lane.put(None, data)
            return
        if not exchange.replying:
            exchange.replying = True
            decision = exchange.decision
            if decision is None:
                # A turn that the backend began: what is asked of its request meets its words.
                decision = self._factory.decider.decide(self.connection, exchange)
                exchange.decision = decision
                self.exchanges += 1
                lane.put(exchange, data, decision.request + decision.reply)
            else:
                lane.put(exchange, data, decision.reply)
        elif not exchange.muted:
            lane.put(exchange, data)
        if ends:
            self._pipeline.ended(exchange)

    def _performReply(self, entry: Entry, command: Command) -> None:
        if isinstance(command, (Reply, Drop)):
            assert entry.exchange is not None
            entry.exchange.muted = True
            entry.data = []
            if isinstance(command, Reply):
                entry.data = [command.data]
                entry.after = self._following(command)
        else:
            self._perform(entry, command)

    def _perform(self, entry: Entry, command: Command) -> None:
        if isinstance(command, Insert):
            whole = b"".join(entry.data)
            middle = len(whole) // 2
            entry.data = [whole[:middle], command.data, whole[middle:]]
        elif isinstance(command, Reset):
            self.reset()
        elif isinstance(command, Close):
            self.close()

    def _following(self, answer: Reply) -> Any:
        return {Then.KEEP: None, Then.CLOSE: self.close, Then.RESET: self.reset}[answer.then]

    # Going on

    def _afterChunk(self) -> None:
        """
        Read on where there is room again, and follow a framer that can read no further.
        """
        if self._closed:
            return
        couple = self._couple
        if couple.clientPaused and not self._pipeline.full and self._toBackend.size <= LANE_LIMIT:
            self._pull()
            if self._pieces is None:
                couple.paceClient(False)
        if self._framer.opaque and self._pieces is None:
            self._log.info(
                "connection {number} is opaque from here on: {reason}",
                number=self.connection.number,
                reason=self._framer.opaque,
            )
            self._turnOpaque(self._framer.opaque)

    def _goOn(self) -> None:
        """
        What waited has been sent: see what may go on.
        """
        if self._toClient.size <= LANE_LIMIT:
            self._couple.paceBackend(False)
        self._afterChunk()

    def _turnOpaque(self, reason: str) -> None:
        self._note("opaque", reason=reason)
        self._framer = TurnFramer(self.exchanges + 1)
        self._pipeline.dissolve()
        self.route()

    def _garbage(self, error: FramingError, lane: Lane, who: str) -> None:
        closes = getattr(self._factory.options, "on_garbage", "opaque") == "close"
        self._log.warn(
            "connection {number}: the {who} does not speak {wire}: {reason}; it {then}",
            number=self.connection.number,
            who=who,
            wire=self._factory.wire.name,
            reason=error.reason,
            then="is closed" if closes else "is opaque from here on",
        )
        if closes:
            self._note("garbage", reason=error.reason)
            self.close()
            return
        lane.put(None, error.rest)
        self._turnOpaque(error.reason)

    def planChanged(self) -> None:
        """
        Another plan is in force: lift what it no longer contains.
        """
        if self._closed:
            return
        self._framer.renew()
        keeps = self._factory.decider.plan.keeps
        self._toBackend.lift(keeps)
        self._toClient.lift(keeps)
        self._goOn()
        self.route()

    # Ending

    def clientEnded(self) -> None:
        """
        The client will send nothing more: tell the backend after all it has sent.
        """
        if self._closed or self._couple.clientEnded:
            return
        self._couple.clientEnded = True
        if self._pieces is None:
            self._pieces = self._framer.clientEnded()
            self._pull()
        else:
            self._pieces = _chain(self._pieces, self._framer, b"")

    def backendEnded(self) -> None:
        """
        The backend will send nothing more: tell the client after all it has sent.
        """
        if self._closed or self._couple.backendEnded:
            return
        self._couple.backendEnded = True
        self._take(self._framer.backendEnded())
        if not self._closed:
            self._toClient.put(None, b"", after=self._endClient)

    def _endBackend(self) -> None:
        couple = self._couple
        if couple.client is None or (couple.backendEnded and not self._toClient.queue):
            self.close()
        else:
            couple.endWriting(couple.backend)

    def _endClient(self) -> None:
        couple = self._couple
        if couple.backend is None or (couple.clientEnded and not self._toBackend.queue):
            self.close()
        else:
            couple.endWriting(couple.client)

    def clientLost(self, reason: Failure) -> None:
        """
        The client's connection is gone: so is the backend's, after what the client had
        sent, or at once if it was a reset.
        """
        couple = self._couple
        couple.client = None
        if self._closed:
            pass
        elif couple.backend is None:
            self.close()
        elif not reason.check(ConnectionDone):
            self.reset()
        elif couple.clientEnded:
            self._toBackend.put(None, b"", after=self.close)
        else:
            self.clientEnded()
        self._forget()

    def backendLost(self, reason: Failure) -> None:
        """
        The backend's connection is gone: so is the client's, after what the backend
        had sent, or at once if it was a reset.
        """
        couple = self._couple
        couple.backend = None
        if self._closed:
            pass
        elif not reason.check(ConnectionDone):
            self.reset()
        elif couple.backendEnded:
            self._toClient.put(None, b"", after=self.close)
        else:
            self.backendEnded()
        self._forget()

    def close(self) -> None:
        """
        Close both connections in order, after what was already written to them.
        """
        self._stop()
        self._couple.close()

    def reset(self) -> None:
        """
        Reset both connections: whatever is under way is lost, each end reads ECONNRESET.
        """
        self._stop()
        self._couple.reset()

    def _stop(self) -> None:
        self._closed = True
        self._pieces = None
        self._pipeline.clear()
        self._toBackend.stop()
        self._toClient.stop()
        if self._connecting is not None:
            self._connecting.cancel()
        self._leaveShortestWay()

    def _forget(self) -> None:
        if self._couple.gone:
            self._factory.ended(self)

    def _note(self, kind: str, **facts: Any) -> None:
        self._factory.journal.record(kind, self._factory.name, self.connection.number, **facts)


def _chain(pieces: Iterator[Piece], framer: Any, data: bytes) -> Iterator[Piece]:
    yield from pieces
    yield from framer.fromClient(data) if data else framer.clientEnded()

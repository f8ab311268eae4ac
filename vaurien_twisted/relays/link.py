# -*- test-case-name: tests.relays.test_link -*-
"""
The link: one client connection and its backend connection, from the first to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError, ConnectionDone
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.counters import Traffic
from vaurien_twisted.relays.byte_counter import counted
from vaurien_twisted.relays.connection_plan import ConnectionPlan
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.filters import FilterChain
from vaurien_twisted.relays.snapshot import LinkSnapshot
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.rules.plan import Plan

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


class Link:
    """
    Joins a client to the backend.

    While nothing can happen to its bytes and they need no framing it is I{bare}: two
    transports that are joined.  What is said on it (L{ExchangeRelay}) and the stages of its
    bytes (L{FilterChain}) are made when a plan first wants them.

    @ivar connection: its number and the client's address.
    @ivar since: when the client came, in seconds by the reactor's clock.
    @ivar backend: where the link connects to, as it was written.
    """

    _log = Logger()

    def __init__(self, relay: Any, factory: RelayFactory, connection: Connection) -> None:
        self.connection = connection
        self.since = factory.reactor.seconds()
        self.backend = factory.backendText
        self._own: ConnectionPlan | None = None
        self._factory = factory
        self._relay = relay
        self._backendProtocol: Any = None
        self._transports = TransportPair(relay.transport)
        self._connecting: Deferred[IProtocol] | None = None
        self._greeting: Exchange | None = None
        self._exchangeRelay: ExchangeRelay | None = None
        self._filterChain: FilterChain | None = None
        self._closed = False
        self._unreached = False

    @property
    def exchanges(self) -> int:
        """
        How many exchanges were decided.
        """
        return 0 if self._exchangeRelay is None else self._exchangeRelay.exchanges

    @property
    def untold(self) -> bool:
        """
        Whether what went wrong was only counted in the log: its end need not be told either.
        """
        return self._unreached or (self._exchangeRelay is not None and self._exchangeRelay.untold)

    @property
    def traffic(self) -> Traffic:
        """
        The bytes that passed so far.
        """
        client = self._relay.transport
        if self._backendProtocol is None:
            return Traffic(client.bytesRead, 0, 0, client.bytesWritten)
        backend = self._backendProtocol.transport
        return Traffic(
            client.bytesRead, backend.bytesWritten, backend.bytesRead, client.bytesWritten
        )

    @property
    def addresses(self) -> tuple[IAddress | None, IAddress | None]:
        """
        The client's, and where it connected to.
        """
        return self._relay.peer, self._relay.transport.getHost()

    @property
    def snapshot(self) -> LinkSnapshot:
        """
        What else can be seen of it now.
        """
        exchangeRelay, filterChain, greeting = (
            self._exchangeRelay,
            self._filterChain,
            self._greeting,
        )
        if exchangeRelay is None or filterChain is None:
            greeting = Exchange(0, "connect")
            greeting.began, greeting.decision = self.since, NOTHING
            asked = self._factory.decider, self.connection
            return LinkSnapshot(self._transports, None, (), greeting, self._closed, *asked)
        asked = exchangeRelay.decider, exchangeRelay.connection
        return LinkSnapshot(
            self._transports, exchangeRelay, filterChain.names, greeting, self._closed, *asked
        )

    @property
    def held(self) -> int:
        """
        How many bytes of memory it holds back or waits for, about.
        """
        return 0 if self._exchangeRelay is None else self._exchangeRelay.held

    @property
    def hasOwnPlan(self) -> bool:
        """
        Whether a plan is in force for it alone.
        """
        return self._own is not None

    @property
    def planSince(self) -> float:
        """
        When the plan was set that is in force for it, by the reactor's clock.
        """
        return (self._factory if self._own is None else self._own).expiry.since

    def setOwnPlan(self, plan: Plan | None) -> None:
        """
        Put a plan in force for this link alone, or C{None} to have the proxy's again.
        """
        if self._own is not None:
            self._own.stop()
        self._own = None
        decider, connection = self._factory.decider, self.connection
        if plan is not None:
            self._own = ConnectionPlan(self._factory, connection, plan, self.planChanged)
            decider, connection = self._own.decider, self._own.connection
        exchangeRelay = self._understand()
        exchangeRelay.decider, exchangeRelay.connection = decider, connection
        self.planChanged()

    def begin(self) -> None:
        """
        The client is there, paused: decide what its connection meets, and connect to the backend.
        """
        if self._factory.bare:
            # What it had read before it was paused it may still hand over.
            self._relay.dataReceived = counted(self._relay.transport, self._early)
            self._connect()
            return
        exchangeRelay = self._understand()
        self._relay.dataReceived = counted(self._relay.transport, exchangeRelay.fromClient)
        greeting = self._greeting = Exchange(0, "connect", unasked=self._factory.wire.greets)
        exchangeRelay.begin(greeting, self._connect)

    def _early(self, data: bytes) -> None:
        self._understand().fromClient(data)

    def _understand(self) -> ExchangeRelay:
        """
        What is said on it, with the stages of the plan in force.
        """
        exchangeRelay = self._exchangeRelay
        if exchangeRelay is None:
            exchangeRelay = self._exchangeRelay = ExchangeRelay(
                self._factory, self.connection, self._transports, self.close, self.reset, self.route
            )
            self._filterChain = FilterChain(
                self._factory, exchangeRelay, self._transports, self.since, self._cut, self._drained
            )
            self._filterChain.arrange()
        return exchangeRelay

    def _connect(self) -> None:
        if not self._closed and not (self._greeting is not None and self._greeting.dropped):
            self.backend = self._factory.backendText
            if not self._factory.descriptors.more():
                self._factory.descriptors.tell(self._factory.name)
                self.reset()
                return
            made = self._factory.connect(self)
            if self._backendProtocol is None:
                self._connecting = made
            made.addErrback(self._notConnected)

    def _notConnected(self, failure: Failure) -> None:
        if failure.check(CancelledError, ConnectingCancelledError):
            return
        reason = failure.getErrorMessage()
        self._noteUnreached(reason)
        if self._factory.missed is None:
            self.close()
        else:
            self._factory.missed(reason)
            self.reset()

    def _noteUnreached(self, reason: str) -> None:
        self._unreached = not self._factory.repeats.warn(
            self._log,
            "connection {number}: the backend {backend} cannot be reached: {reason}",
            number=self.connection.number,
            backend=self._factory.backendText,
            reason=reason,
        )
        self._factory.counters.connectFailures += 1
        self._factory.note(self.connection, "unreachable", reason=reason)

    def backendConnected(self, protocol: Any) -> None:
        """
        The backend is there: join the two and let the client speak.
        """
        self._backendProtocol = protocol
        self._connecting = None
        backend = protocol.transport
        if self._closed:
            self._transports.backend = backend
            backend.abortConnection()
            return
        if self._factory.circles.closes(self._factory, backend):
            self._transports.backend = backend
            self._noteUnreached("it leads back to this proxy")
            self.reset()
            return
        self._transports.join(backend)
        if self._filterChain is not None:
            self._filterChain.join()
        self.route()
        if self._exchangeRelay is not None:
            self._exchangeRelay.toBackend.run()
        self._transports.start()

    def route(self) -> None:
        """
        Send bytes the shortest way there is: straight from one transport to the other
        while nothing can happen to them and no framing is needed.
        """
        transports, relay, backend = self._transports, self._relay, self._backendProtocol
        if transports.backend is None or transports.client is None or self._closed:
            return
        exchangeRelay, filterChain = self._exchangeRelay, self._filterChain
        if (
            self._factory.upgrades is not None
            and exchangeRelay is not None
            and filterChain is not None
        ):
            self._factory.upgrades.attempt(
                exchangeRelay, filterChain, transports, relay, backend, self.connection.number
            )
        if (
            exchangeRelay is None
            or filterChain is None
            or (exchangeRelay.untouched and filterChain.idle)
        ):
            relay.dataReceived = counted(transports.client, transports.backend.write)
            backend.dataReceived = counted(transports.backend, transports.client.write)
            transports.joint()
        else:
            relay.dataReceived = counted(transports.client, exchangeRelay.fromClient)
            backend.dataReceived = counted(transports.backend, exchangeRelay.fromBackend)
            if exchangeRelay.skims:
                transports.joint(exchangeRelay.passesRequests, exchangeRelay.passesReplies)
            else:
                transports.part()

    def planChanged(self, exchanges: bool = True) -> None:
        """
        Another plan is in force.

        @param exchanges: whether it also says something else about exchanges.
        """
        if self._exchangeRelay is None and (self._factory.bare or self._closed):
            return
        exchangeRelay = self._understand()
        if self._filterChain is not None:
            # A link that is closing may still wait for what a stage holds back.
            self._filterChain.arrange()
        if not self._closed:
            if exchanges:
                exchangeRelay.planChanged()
            else:
                # What a stage has let go may have made room.
                exchangeRelay.goOn()
            self.route()

    def _cut(self, then: ConnectionFate) -> None:
        """
        A stage ends the link.
        """
        if then is ConnectionFate.RESET:
            self.reset()
        else:
            self._finish()

    def _drained(self) -> None:
        """
        Bytes have gone on through a stage.
        """
        if not self._closed and self._exchangeRelay is not None:
            self._exchangeRelay.goOn()
            self.route()

    def clientEnded(self) -> None:
        """
        The client will send nothing more: tell the backend after all it has sent.
        """
        if not self._closed and not self._transports.clientEnded:
            self._transports.clientEnded = True
            if self._exchangeRelay is None:
                self._endBackend()
            else:
                self._exchangeRelay.clientEnded(self._endBackend)

    def backendEnded(self) -> None:
        """
        The backend will send nothing more: tell the client after all it has sent.
        """
        if not self._closed and not self._transports.backendEnded:
            self._transports.backendEnded = True
            if self._exchangeRelay is None:
                self._endClient()
            else:
                self._exchangeRelay.backendEnded(self._endClient)

    def _endBackend(self) -> None:
        transports, exchangeRelay = self._transports, self._exchangeRelay
        said = exchangeRelay is None or exchangeRelay.backendSaid
        if transports.client is None or (transports.backendEnded and said):
            self.close()
        elif self._filterChain is None:
            transports.endWriting(transports.backend)
        else:
            self._filterChain.endUpstream()

    def _endClient(self) -> None:
        transports, exchangeRelay = self._transports, self._exchangeRelay
        said = exchangeRelay is None or exchangeRelay.clientSaid
        if transports.backend is None or (transports.clientEnded and said):
            self.close()
        elif self._filterChain is None:
            transports.endWriting(transports.client)
        else:
            self._filterChain.endDownstream()

    def clientLost(self, reason: Failure) -> None:
        """
        The client's connection is gone: so is the backend's, after what the client had
        sent, or at once if it was a reset.
        """
        transports = self._transports
        transports.client = None
        if self._closed:
            self._settle()
        elif transports.backend is None:
            self.close()
        elif not reason.check(ConnectionDone):
            transports.clientEnded = True
            if self._exchangeRelay is not None and self._exchangeRelay.readsClient:
                self._exchangeRelay.afterClient(self._resetBehind)
            else:
                self._resetBehind()
        elif transports.clientEnded:
            if self._exchangeRelay is None:
                self.close()
            else:
                self._exchangeRelay.afterClient(self.close)
        else:
            self.clientEnded()
        self._forget()

    def backendLost(self, reason: Failure) -> None:
        """
        The backend's connection is gone: so is the client's, after what the backend
        had sent, or at once if it was a reset.
        """
        transports = self._transports
        transports.backend = None
        if self._closed:
            self._settle()
        elif not reason.check(ConnectionDone):
            transports.backendEnded = True
            if self._exchangeRelay is not None and self._exchangeRelay.readsBackend:
                self._exchangeRelay.afterBackend(self._resetBehind)
            else:
                self._resetBehind()
        elif transports.backendEnded:
            if self._exchangeRelay is None:
                self.close()
            else:
                self._exchangeRelay.afterBackend(self.close)
        else:
            self.backendEnded()
        self._forget()

    def _settle(self) -> None:
        if self._filterChain is not None:
            self._filterChain.settle()

    def close(self) -> None:
        """
        Close both connections in order, each after what was already written to it, or
        waits in a stage on its way there.
        """
        if self._closed:
            return
        self._closed = True
        if self._exchangeRelay is None or self._filterChain is None:
            self._finish()
            return
        self._exchangeRelay.stop()
        self._filterChain.end(self._finish)

    def _finish(self) -> None:
        self._stop()
        self._transports.close()

    def reset(self) -> None:
        """
        Reset both connections: whatever is under way is lost, each end reads ECONNRESET.
        """
        self._stop()
        self._transports.reset()

    def _resetBehind(self) -> None:
        """
        One end was reset: reset the other, after what was already written to it.
        """
        self._stop()
        self._transports.resetBehind(self._factory.reactor)

    def _stop(self) -> None:
        self._closed = True
        if self._filterChain is not None:
            self._filterChain.stop()
        if self._exchangeRelay is not None:
            self._exchangeRelay.stop()
        self._relay.dataReceived = _ignore
        if self._backendProtocol is not None:
            self._backendProtocol.dataReceived = _ignore
        if self._connecting is not None:
            self._connecting.cancel()

    def _forget(self) -> None:
        if self._transports.gone:
            self._transports.forget()
            if self._own is not None:
                self._own.stop()
            self._factory.ended(self)
            # What would else be freed only when cycles are looked for.
            self._relay.link = self._relay = self._backendProtocol = self._connecting = None
            self._exchangeRelay = self._filterChain = None


def _ignore(data: bytes) -> None:
    """
    Where bytes go that arrive after the end.
    """

# -*- test-case-name: tests.relays.test_link -*-
"""
The link: one client connection and its backend connection, from beginning to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.counters import Traffic
from vaurien_twisted.relays.backend_protocol import BackendFactory, ClientSide
from vaurien_twisted.relays.byte_counter import counted
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.ends import Ends, LinkState
from vaurien_twisted.relays.framed import FramedPath
from vaurien_twisted.relays.snapshot import LinkSnapshot
from vaurien_twisted.relays.transports import EndProtocol, TransportPair
from vaurien_twisted.rules.plan import Plan


class Link(Ends):
    """
    Joins a client to the backend.

    A I{bare} link consists of two joined transports.  The L{FramedPath}, which relays exchanges
    and filters bytes, is created when a plan first needs it.

    @param relay: the protocol that faces the client.
    @param ended: called when both connections are lost.
    @ivar connection: its number and the client's address.
    @ivar since: when the client connected, in seconds by the reactor's clock.
    @ivar backend: the backend of the link, as the user wrote it.
    """

    __slots__ = (
        "__weakref__",
        "_backendProtocol",
        "_connecting",
        "_ended",
        "_greeting",
        "_relay",
        "_unreached",
        "backend",
        "connection",
        "since",
    )

    _log = Logger()

    def __init__(
        self,
        relay: EndProtocol,
        context: ProxyContext,
        connection: Connection,
        ended: Callable[[Link], None],
    ) -> None:
        self.connection = connection
        self.since = context.reactor.seconds()
        self.backend = context.backend.text
        super().__init__(context, TransportPair(relay.transport))
        self._ended = ended
        self._relay: Any = relay
        self._backendProtocol: EndProtocol | None = None
        self._connecting: Deferred[IProtocol] | None = None
        self._greeting: Exchange | None = None
        self._unreached = False

    @property
    def bare(self) -> bool:
        """
        Whether the link has always been bare.
        """
        return self._framed is None

    @property
    def exchanges(self) -> int:
        """
        The number of exchanges, with the turns that were timed.
        """
        turns, framed = self._transports.turns, self._framed
        count = 0 if turns is None else turns.count
        return count if framed is None else count + framed.exchanges.state.exchanges

    @property
    def unlogged(self) -> bool:
        """
        Whether the log only counts a problem of this link, and need not report its end.
        """
        return self._unreached or (
            self._framed is not None and self._framed.exchanges.state.unlogged
        )

    @property
    def traffic(self) -> Traffic:
        """
        The bytes that have passed so far.
        """
        client = self._relay.transport
        if self._backendProtocol is None:
            return Traffic(client.bytesRead, 0, 0, client.bytesWritten)
        backend = self._backendProtocol.transport
        return Traffic(
            client.bytesRead, backend.bytesWritten, backend.bytesRead, client.bytesWritten
        )

    @property
    def relay(self) -> ClientSide:
        """
        The protocol that faces the client.
        """
        return cast(ClientSide, self._relay)

    @property
    def snapshot(self) -> LinkSnapshot:
        """
        A snapshot of the link's state.
        """
        closing = self.state is LinkState.CLOSING
        if self._framed is None:
            return LinkSnapshot.ofBare(
                self._transports, self.since, closing, self._context.decider, self.connection
            )
        return self._framed.snapshot(self._greeting, closing)

    @property
    def held(self) -> int:
        """
        The memory that the link uses, in bytes, approximately.
        """
        return 0 if self._framed is None else sum(self._framed.exchanges.room.measure())

    @property
    def hasOwnPlan(self) -> bool:
        """
        Whether a plan is in force for it alone.
        """
        return self._framed is not None and self._framed.ownPlan is not None

    @property
    def planSince(self) -> float:
        """
        When the plan in force for this link was set, in seconds by the reactor's clock.
        """
        own = None if self._framed is None else self._framed.ownPlan
        return (self._context if own is None else own).expiry.since

    def setOwnPlan(self, plan: Plan | None) -> None:
        """
        Put a plan in force for this link alone; C{None} returns to that of the proxy.
        """
        self._frame().setOwnPlan(plan, self.planChanged)
        self.planChanged()

    # Beginning

    def begin(self, bare: bool) -> None:
        """
        The client has connected and is paused: decide about the connection, and connect to the
        backend.

        @param bare: whether no rule can affect the bytes.
        """
        if bare:
            self._enter(LinkState.BARE)
            self._connect()
            return
        framed = self._frame()
        self._enter(LinkState.FRAMED)
        greeting = self._greeting = Exchange(0, "connect", unasked=self._context.wire.greets)
        framed.exchanges.begin(greeting, self._connect)

    def _frame(self) -> FramedPath:
        """
        The framed path, created on first use with the stream filters of the plan in force.
        """
        framed = self._framed
        if framed is None:
            framed = self._framed = FramedPath(
                self._context,
                self.connection,
                self._transports,
                self.since,
                self.close,
                self.reset,
                self.route,
                self._cut,
            )
            framed.filters.arrange()
        return framed

    def _connect(self) -> None:
        if self.state is LinkState.CLOSING or (
            self._greeting is not None and self._greeting.dropped
        ):
            return
        context = self._context
        self.backend = context.backend.text
        if not context.descriptors.more():
            context.descriptors.logRefusal(context.name)
            self.reset()
            return
        made = context.backend.connect(BackendFactory(self, context.backend.negotiation))
        if self._backendProtocol is None:
            self._connecting = made
        made.addErrback(self._notConnected)

    def _notConnected(self, failure: Failure) -> None:
        if failure.check(CancelledError, ConnectingCancelledError):
            return
        reason = failure.getErrorMessage()
        self._noteUnreached(reason)
        missed = self._context.backend.missed
        if missed is None:
            self.close()
        else:
            missed(reason)
            self.reset()

    def _noteUnreached(self, reason: str) -> None:
        context = self._context
        self._unreached = not context.repeats.warn(
            self._log,
            "connection {number}: the backend {backend} cannot be reached: {reason}",
            number=self.connection.number,
            backend=context.backend.text,
            reason=reason,
        )
        context.counters.connectFailures += 1
        context.note(self.connection, "unreachable", reason=reason)

    def backendConnected(self, protocol: EndProtocol) -> None:
        """
        The backend has connected: join the two transports and resume the client.
        """
        self._backendProtocol = protocol
        self._connecting = None
        transports, backend = self._transports, protocol.transport
        if self.state is LinkState.CLOSING:
            transports.backend = backend
            backend.abortConnection()
            return
        if self._context.backend.leadsBack(backend):
            transports.backend = backend
            self._noteUnreached("it leads back to this proxy")
            self.reset()
            return
        transports.join(backend)
        framed = self._framed
        if framed is not None:
            framed.filters.join()
        self.route()
        if framed is not None:
            framed.exchanges.connected()
        transports.start()

    # The handlers of its bytes

    def route(self) -> None:
        """
        Choose the shortest path for bytes: directly from one transport to the other while no
        rule can affect them and no framing is needed.
        """
        transports, framed = self._transports, self._framed
        backend = self._backendProtocol
        unconnected = transports.backend is None or transports.client is None
        if unconnected or backend is None or self.state is LinkState.CLOSING:
            return
        if framed is None:
            self._enter(LinkState.BARE)
            return
        if self._context.upgrades is not None:
            framed.upgrade(self._relay, backend)
        if framed.canBypass:
            self._enter(LinkState.BARE)
        else:
            self._enter(LinkState.OPAQUE if framed.exchanges.opaque else LinkState.FRAMED)

    def _enter(self, state: LinkState) -> None:
        """
        Install the handlers of C{state}.
        """
        self.state = state
        relay, backend, transports = self._relay, self._backendProtocol, self._transports
        if state is LinkState.CLOSING:
            relay.dataReceived = nothing
            if backend is not None:
                backend.dataReceived = nothing
        elif transports.backend is None or backend is None:
            # The client is paused, but its transport may still deliver bytes that it has read.
            relay.dataReceived = counted(relay.transport, self._early)
        elif state is LinkState.BARE:
            transports.bare(relay, backend)
        elif self._framed is not None:
            exchanges = self._framed.exchanges
            relay.dataReceived = counted(transports.client, exchanges.fromClient)
            backend.dataReceived = counted(transports.backend, exchanges.fromBackend)
            if exchanges.usesFastPath:
                transports.splice(exchanges.passesRequests, exchanges.passesReplies)
            else:
                transports.detach()

    def _early(self, data: bytes) -> None:
        """
        Handle bytes of the client that arrive before the backend has connected.
        """
        self._frame().exchanges.fromClient(data)

    def planChanged(self, exchanges: bool = True) -> None:
        """
        Another plan is in force.

        @param exchanges: whether its rules for exchanges differ too.
        """
        if self._framed is None and self.state is LinkState.CLOSING:
            return
        framed = self._frame()
        # A closing link may still wait for bytes in a filter.
        framed.filters.arrange()
        if self.state is not LinkState.CLOSING:
            framed.planChanged(exchanges)
            self.route()

    def _stop(self) -> None:
        self._enter(LinkState.CLOSING)
        if self._framed is not None:
            self._framed.stop()
        if self._connecting is not None:
            self._connecting.cancel()

    def _forget(self) -> None:
        if self._transports.gone:
            self._transports.forget()
            if self._framed is not None:
                self._framed.forget()
            self._ended(self)
            # Break reference cycles, so that the memory is freed at once.
            self._relay.link = self._relay = self._backendProtocol = self._connecting = None
            self._framed = None

# -*- test-case-name: tests.relays.test_link -*-
"""
The parts of a link that is not bare: its exchanges, its stream filters, and its own plan.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.relays.connection_plan import ConnectionPlan
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.filters import FilterChain
from vaurien_twisted.relays.snapshot import LinkSnapshot
from vaurien_twisted.relays.transports import EndProtocol, TransportPair
from vaurien_twisted.rules.plan import Plan


class FramedPath:
    """
    Relays the exchanges of one link, and passes their bytes through its stream filters.

    @param began: when the client connected, in seconds by the reactor's clock.
    @param close: closes the link in order.
    @param reset: resets the link.
    @param reroute: called when the link may have to handle its bytes in another way.
    @param cut: called when a stream filter ends the link, with how to end it.
    @ivar exchanges: relays the exchanges.
    @ivar filters: the stream filters.
    """

    __slots__ = (
        "_connection",
        "_context",
        "_own",
        "_reroute",
        "_transports",
        "exchanges",
        "filters",
    )

    def __init__(
        self,
        context: ProxyContext,
        connection: Connection,
        transports: TransportPair,
        began: float,
        close: Callable[[], None],
        reset: Callable[[], None],
        reroute: Callable[[], None],
        cut: Callable[[ConnectionFate], None],
    ) -> None:
        self._context = context
        self._connection = connection
        self._transports = transports
        self._reroute = reroute
        self._own: ConnectionPlan | None = None
        self.exchanges = ExchangeRelay(context, connection, transports, close, reset, reroute)
        self.filters = FilterChain(context, self.exchanges, transports, began, cut, self._drained)

    @property
    def canBypass(self) -> bool:
        """
        Whether bytes may pass directly from one transport to the other.
        """
        return self.exchanges.canBypass and self.filters.idle

    def snapshot(self, greeting: Exchange | None, closing: bool) -> LinkSnapshot:
        """
        A snapshot of the link.

        @param greeting: the connection itself as an exchange.
        """
        exchanges = self.exchanges
        return LinkSnapshot(
            self._transports,
            exchanges,
            self.filters.names,
            greeting,
            closing,
            exchanges.state.decider,
            exchanges.state.connection,
        )

    @property
    def ownPlan(self) -> ConnectionPlan | None:
        """
        The plan that is in force for this link alone, C{None} if there is none.
        """
        return self._own

    def setOwnPlan(self, plan: Plan | None, changed: Callable[[], None]) -> None:
        """
        Put a plan in force for this link alone; C{None} returns to that of the proxy.

        @param changed: called when a rule of C{plan} has expired.
        """
        self.forget()
        decider, connection = self._context.decider, self._connection
        if plan is not None:
            self._own = ConnectionPlan(self._context, connection, plan, changed)
            decider, connection = self._own.decider, self._own.connection
        state = self.exchanges.state
        state.decider, state.connection = decider, connection

    def upgrade(self, relay: EndProtocol, backend: EndProtocol) -> None:
        """
        Continue in TLS if both ends have agreed to, when no bytes wait.

        @param relay: the protocol that faces the client.
        @param backend: the protocol that faces the backend.
        """
        upgrades, framer = self._context.upgrades, self.exchanges.upgrading
        if upgrades is None or framer is None:
            return
        exchanges, transports = self.exchanges, self._transports
        if exchanges.toBackend.queue or exchanges.toClient.queue or not self.filters.clear:
            transports.hold()
            return
        upgrades.perform(framer, transports, relay, backend, self._connection.number)
        self.filters.join()

    def planChanged(self, exchanges: bool) -> None:
        """
        Another plan is in force, and the filters have been arranged.

        @param exchanges: whether its rules for exchanges differ too.
        """
        if exchanges:
            self.exchanges.planChanged()
        else:
            # Bytes that have left a filter may have made room.
            self.exchanges.continueWaiting()

    def _drained(self) -> None:
        """
        Bytes that waited in a filter have been written.
        """
        if not self.exchanges.state.closed:
            self.exchanges.continueWaiting()
            # Called for each delayed chunk: mostly the handlers need not change.
            if self.canBypass or self._context.upgrades is not None:
                self._reroute()

    def close(self, finish: Callable[[], None]) -> None:
        """
        Stop relaying, and call C{finish} when the bytes in the filters have been written.
        """
        self.exchanges.stop()
        self.filters.end(finish)

    def stop(self) -> None:
        """
        Drop all state; nothing more is written.
        """
        self.filters.stop()
        self.exchanges.stop()

    def forget(self) -> None:
        """
        Remove the plan of this link.
        """
        if self._own is not None:
            self._own.stop()
            self._own = None

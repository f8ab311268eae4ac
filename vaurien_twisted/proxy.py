# -*- test-case-name: tests.test_proxy -*-
"""
The proxy: a service that listens, and hands each client to a relay.
"""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.logger import Logger

from vaurien_twisted.addresses import clientEndpoint, listenOn, serverEndpoint, tellAddress
from vaurien_twisted.counters import Counters
from vaurien_twisted.exchange import Connection
from vaurien_twisted.interfaces import IJournal, IWireProtocol
from vaurien_twisted.plan import Plan
from vaurien_twisted.planning import Planner
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.relay import RelayFactory
from vaurien_twisted.wishes import wishesFor


class Proxy(Service):
    """
    One proxy: where it listens, its backend, its wire protocol and its plan.

    @param listen: C{HOST:PORT} or an endpoint string.
    @param backend: C{HOST:PORT} or an endpoint string.
    @param timeout: how long a connection to the backend may take to be made, in seconds.
    @ivar planner: makes plans out of what users write for this proxy.
    @ivar listening: fires when the proxy listens, fails with L{Refused} if it cannot;
        C{None} before it was started.
    @raise Refused: an address is not understood.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        *,
        name: str,
        listen: str,
        backend: str,
        wire: IWireProtocol,
        planner: Planner,
        journal: IJournal,
        seed: int,
        options: Any = None,
        plan: Plan | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.name = name
        self.listen = listen
        self.planner = planner
        self._reactor = reactor
        self._timeout = timeout
        self._server = serverEndpoint(reactor, listen, "proxy")
        self._port: IListeningPort | None = None
        self.listening: Deferred[None] | None = None
        self._relays = RelayFactory(
            reactor,
            clientEndpoint(reactor, backend, "backend", timeout),
            plan,
            wire=wire,
            options=options,
            seed=seed,
            journal=journal,
            name=name,
            backendText=backend,
        )
        self._relays.decider.wishes = wishesFor(
            name, wire, self._relays.options, planner, journal, seed
        )

    @property
    def wire(self) -> IWireProtocol:
        """
        The wire protocol.
        """
        return self._relays.wire

    @property
    def plan(self) -> Plan:
        """
        The plan in force.
        """
        return self._relays.decider.plan

    @property
    def seed(self) -> int:
        """
        The seed of the decisions.
        """
        return self._relays.decider.seed

    @property
    def journal(self) -> IJournal:
        """
        What is told of decisions.
        """
        return self._relays.journal

    @property
    def links(self) -> set[Link]:
        """
        The open links.
        """
        return self._relays.links

    @property
    def accepted(self) -> int:
        """
        How many connections there have been.
        """
        return self._relays.accepted

    @property
    def counters(self) -> Counters:
        """
        What is counted beside them.
        """
        return self._relays.counters

    @property
    def planSince(self) -> float:
        """
        When the plan was set, by the reactor's clock.
        """
        return self._relays.expiry.since

    def note(self, connection: Connection, kind: str, **facts: Any) -> None:
        """
        Tell the journal of something that was done to a connection.
        """
        self._relays.note(connection, kind, **facts)

    @property
    def backend(self) -> str:
        """
        The backend, as it was written.
        """
        return self._relays.backendText

    @property
    def host(self) -> IAddress | None:
        """
        Where the proxy really listens, C{None} while it does not.
        """
        return None if self._port is None else self._port.getHost()

    @property
    def address(self) -> str:
        """
        The same in words: C{HOST:PORT} or a path, C{""} while it does not listen.
        """
        return "" if self._port is None else tellAddress(self._port.getHost())

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force at once, on open links too.
        """
        self._relays.setPlan(plan)
        rules = [rule.describe() for draw in plan.draws for rule in draw.alternatives]
        self._log.info("{name}: {rules}", name=self.name, rules="; ".join(rules) or "dummy")

    def setBackend(self, text: str) -> None:
        """
        Connect new clients to another backend; open links stay where they are.

        @raise Refused: C{text} is no address; the backend stays as it was.
        """
        endpoint = clientEndpoint(self._reactor, text, "backend", self._timeout)
        self._relays.setBackend(endpoint, text)

    def privilegedStartService(self) -> None:
        """
        Begin to listen; L{listening} tells how it went.
        """
        self.listening = Deferred.fromCoroutine(self._listen())

    def startService(self) -> None:
        """
        Begin to listen, if that was not done while privileged.
        """
        super().startService()
        if self.listening is None:
            self.privilegedStartService()

    async def _listen(self) -> None:
        self._port = await listenOn(self._server, self._relays, self.listen, "proxy")
        self._log.info(
            "{name}: {protocol} on {address}, to {backend}",
            name=self.name,
            protocol=self.wire.name,
            address=self.address,
            backend=self.backend,
        )

    def stopService(self) -> Deferred[None]:
        """
        Stop listening and reset every link.  Fires when the port is free and no
        connection is left.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port, self.listening = self._port, None, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        await self._relays.abort()

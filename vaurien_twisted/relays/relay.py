# -*- test-case-name: tests.relays.test_relay -*-
"""
The Protocols of a link's two sides, and the Factory that builds them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.decider import Decider
from vaurien_twisted.exchange import Connection
from vaurien_twisted.interfaces import IJournal, IStage, IStreamBehavior, IWireProtocol
from vaurien_twisted.journal import Journal
from vaurien_twisted.plan import Plan
from vaurien_twisted.relays.link import Link
from vaurien_twisted.streams import Chosen, StreamContext, chosenStreams
from vaurien_twisted.wire.tcp import TCP

SEED_BITS = 63


@implementer(IHalfCloseableProtocol)
class Relay(Protocol):
    """
    Faces the client.  Where its bytes go, C{dataReceived}, is set by the link.
    """

    def __init__(self, factory: RelayFactory, connection: Connection) -> None:
        self.factory = factory
        self.link: Link | None = None
        self._connection = connection

    def connectionMade(self) -> None:
        """
        Begin a link.
        """
        assert isinstance(self.factory, RelayFactory)
        _noDelay(self.transport)
        self.link = Link(self, self.factory, self._connection)
        self.factory.links.add(self.link)
        self.link.begin()

    def readConnectionLost(self) -> None:
        """
        The client will send nothing more.
        """
        assert self.link is not None
        self.link.clientEnded()

    def writeConnectionLost(self) -> None:
        """
        Everything was sent to the client, and the end of it.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The client's connection is gone.
        """
        assert self.link is not None
        self.link.clientLost(reason)


@implementer(IHalfCloseableProtocol)
class BackendProtocol(Protocol):
    """
    Faces the backend.  Where its bytes go, C{dataReceived}, is set by the link.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def connectionMade(self) -> None:
        """
        Join the link.
        """
        _noDelay(self.transport)
        self._link.backendConnected(self)

    def readConnectionLost(self) -> None:
        """
        The backend will send nothing more.
        """
        self._link.backendEnded()

    def writeConnectionLost(self) -> None:
        """
        Everything was sent to the backend, and the end of it.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The backend's connection is gone.
        """
        self._link.backendLost(reason)


class _BackendFactory(Factory):
    noisy = False

    def __init__(self, link: Link) -> None:
        self._link = link

    def buildProtocol(self, addr: IAddress | None) -> BackendProtocol:
        return BackendProtocol(self._link)


class RelayFactory(Factory):
    """
    Builds relays to one backend, and counts their connections.

    @param reactor: times the waits.
    @param backend: where links connect to; may be replaced at any time by L{setBackend}.
    @param plan: what is to happen; none: every byte passes.
    @param wire: the wire protocol; a subclass may set it.
    @param options: the wire protocol's options, its defaults if not given.
    @param seed: of the decisions, 0 to 2**63 - 1; a random one if not given.
    @param journal: what to tell of decisions; one of its own if not given.
    @param name: the proxy's name, which is part of every decision's randomness.
    @ivar links: those that are open.
    """

    noisy = False
    relay = Relay
    wire: IWireProtocol = TCP()
    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        backend: IStreamClientEndpoint,
        plan: Plan | None = None,
        *,
        wire: IWireProtocol | None = None,
        options: Any = None,
        seed: int | None = None,
        journal: IJournal | None = None,
        name: str = "proxy",
        backendText: str = "backend",
    ) -> None:
        self.reactor = reactor
        self.name = name
        if wire is not None:
            self.wire = wire
        self.options = self.wire.options() if options is None else options
        self.journal: IJournal = Journal(reactor.seconds) if journal is None else journal
        chosen = secrets.randbits(SEED_BITS) if seed is None else seed
        self.decider = Decider(name, self.wire, chosen, self.journal)
        self.links: set[Link] = set()
        self.accepted = 0
        self._empty: Deferred[None] | None = None
        self._expiry: IDelayedCall | None = None
        self._planSince = 0.0
        self._shared: dict[str, dict[str, Any]] = {}
        self.setBackend(backend, backendText)
        self.setPlan(plan or Plan())

    def buildProtocol(self, addr: IAddress | None) -> Relay:
        """
        A relay for a new client.
        """
        self.accepted += 1
        client = str(getattr(addr, "host", getattr(addr, "name", "")) or "")
        return self.relay(self, Connection(self.accepted, client))

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force, on open links too.
        """
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        self.decider.setPlan(plan)
        kept = {rule.name for rule in plan.rules}
        self._shared = {key: own for key, own in self._shared.items() if key in kept}
        self._planSince = self.reactor.seconds()
        self._planChanged()

    def _planChanged(self) -> None:
        for link in list(self.links):
            link.planChanged()
        ends = [rule.lasting for rule in self.decider.plan.rules if rule.lasting is not None]
        if ends:
            left = self._planSince + min(ends) - self.reactor.seconds()
            self._expiry = self.reactor.callLater(max(0.0, left), self._expire)

    def _expire(self) -> None:
        """
        Revert the rules whose time is over.
        """
        self._expiry = None
        passed = self.reactor.seconds() - self._planSince
        plan = self.decider.plan
        # A timer may ring a hair too soon.
        over = [
            rule
            for rule in plan.rules
            if rule.lasting is not None and rule.lasting <= passed + 0.001
        ]
        for rule in over:
            self.journal.record("reverted", self.name, 0, rule=rule.describe())
        self.decider.shorten(plan.expire(over))
        self._planChanged()

    def setBackend(self, backend: IStreamClientEndpoint, text: str) -> None:
        """
        Connect new links to C{backend}; open ones stay where they are.
        """
        self._backend = backend
        self.backendText = text

    def streamsFor(self, connection: Connection) -> Iterator[Chosen]:
        """
        The stream rules that apply to a connection.
        """
        decider = self.decider
        return chosenStreams(decider.plan, decider.seed, self.name, connection)

    def stages(
        self, chosen: Chosen, direction: str
    ) -> tuple[str, Callable[[], IStage], Callable[[IStage], None]]:
        """
        What makes the stage of a chosen rule for one direction of a link, and what updates it.
        """
        rule, now = chosen.rule, self.reactor.seconds()
        behavior = IStreamBehavior(rule.behavior)
        seed = chosen.chance.random().random() + (direction == "upstream")
        context = StreamContext(Random(seed), self._shared.setdefault(chosen.key, {}), now)
        return (
            chosen.key,
            lambda: behavior.stage(rule.options, context),
            lambda stage: stage.update(rule.options, now),
        )

    def connect(self, link: Link) -> Deferred[IProtocol]:
        """
        Connect a link to the backend.
        """
        return self._backend.connect(_BackendFactory(link))

    async def abort(self) -> None:
        """
        Reset every link; returns when the last is gone.
        """
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self.links:
            self._empty = Deferred()
            for link in list(self.links):
                link.reset()
            if self.links:
                await self._empty
            self._empty = None

    def note(self, connection: Connection, kind: str, **facts: Any) -> None:
        """
        Tell the journal of something that happened to a connection.
        """
        self.journal.record(kind, self.name, connection.number, **facts)

    def ended(self, link: Link) -> None:
        """
        Both connections of a link are gone.
        """
        self.links.discard(link)
        if not self.links and self._empty is not None:
            self._empty.callback(None)
        self._log.info(
            "connection {number} from {client} ended after {exchanges} exchanges",
            number=link.connection.number,
            client=link.connection.client,
            exchanges=link.exchanges,
        )


def _noDelay(transport: Any) -> None:
    """
    Send at once what is written; only TCP transports know of it.
    """
    setTcpNoDelay = getattr(transport, "setTcpNoDelay", None)
    if setTcpNoDelay is not None:
        setTcpNoDelay(True)

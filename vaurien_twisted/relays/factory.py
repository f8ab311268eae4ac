# -*- test-case-name: tests.relays.test_protocols -*-
"""
The Factory of relays: one for each proxy.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from vaurien_twisted.interfaces import IJournal, IStreamBehavior, IWireProtocol
from vaurien_twisted.model.decision import Rule, StreamContext
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.model.names import plainHost
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.record.logs import tell
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.relays.circles import circlesFor
from vaurien_twisted.relays.expiry import Expiry
from vaurien_twisted.relays.filter_buffer import FilterSpec
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.memory import Memory
from vaurien_twisted.relays.protocols import BackendFactory, Relay
from vaurien_twisted.relays.turns import Turns
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_rules import ChosenRule, chosenStreams, streamRules
from vaurien_twisted.transports.descriptors import Descriptors
from vaurien_twisted.wire.tcp import TCP

if TYPE_CHECKING:
    from vaurien_twisted.relays.starttls import Upgrades

SEED_BITS = 63

#: The one line of every connection.
ENDED = (
    "{name}: connection {number} from {client} ended after {exchanges} exchanges, "
    "{received} bytes from it and {sent} to it"
)


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
    @ivar bare: whether new links are bare: nothing can happen to their bytes, and they need
        no framing.
    @ivar links: those that are open.
    @ivar accepted: how many there have been.
    @ivar counters: what else is counted.
    @ivar repeats: writes the log lines that clients can cause without end.
    @ivar circles: knows which proxies of the reactor connect to which.
    @ivar descriptors: says whether there is a file descriptor for one more connection.
    @ivar turns: shares the reactor's time among the links.
    @ivar memory: what the links hold.
    @ivar expiry: reverts rules that last for a while.
    @ivar planned: called when another plan is in force, on open links too.
    @ivar upgrades: has links go on in TLS whose ends agree to, C{None} where that passes
        unread.
    @ivar refusesTLS: whether the ends of links are kept from agreeing to.
    @ivar missed: called with the reason when a client cannot be connected to the backend,
        and is reset; C{None} where clients are closed in order then.
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
        # As a class's attribute it would be made anew for every line.
        self._told = self._log
        if wire is not None:
            self.wire = wire
        self.options = self.wire.options() if options is None else options
        self.journal: IJournal = Journal(wallTime(reactor)) if journal is None else journal
        chosen = secrets.randbits(SEED_BITS) if seed is None else seed
        self.counters = Counters()
        self.repeats = Repeats(reactor, name)
        self.descriptors = Descriptors(reactor.seconds)
        self.turns = Turns(reactor)
        self.memory = Memory()
        self.circles = circlesFor(reactor)
        self.decider = Decider(name, self.wire, chosen, self.journal, counters=self.counters)
        self.expiry = Expiry(reactor, self.decider, self._reverted)
        self.planned: Callable[[], None] = _nothing
        self.missed: Callable[[str], None] | None = None
        self.upgrades: Upgrades | None = None
        self.refusesTLS = bool(getattr(self.options, "refuses", False))
        if getattr(self.options, "tls_certificate", ""):
            # Only now: TLS takes a while to load.
            from vaurien_twisted.relays.starttls import Upgrades

            self.upgrades = Upgrades(self)
        self.bare = False
        #: Whether its wire protocol leaves the bytes as they come.
        self._unframed = not self.wire.greets and self.wire.framer(self.options, "").turns
        self.links: set[Link] = set()
        self.accepted = 0
        self._emptied: list[Deferred[None]] = []
        self._shared: dict[str, dict[str, Any]] = {}
        self.setBackend(backend, backendText)
        self.setPlan(plan or Plan())

    def buildProtocol(self, addr: IAddress | None) -> Relay:
        """
        A relay for a new client.
        """
        self.accepted += 1
        client = str(getattr(addr, "host", getattr(addr, "name", "")) or "")
        relay = self.relay(self, Connection(self.accepted, plainHost(client)))
        relay.peer = addr
        return relay

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force, on open links too.
        """
        self.decider.setPlan(plan)
        self._keepShared(plan)
        self._planChanged()
        self.expiry.begin()

    def amendPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force, which is the one before with other toxics: its rules go on
        counting, and are drawn as before.
        """
        before = self.decider.plan
        self.decider.amend(plan)
        self._keepShared(plan)
        self._planChanged(before.asked != plan.asked)

    def _keepShared(self, plan: Plan) -> None:
        kept = {key for key, _ in streamRules(plan)}
        self._shared = {key: own for key, own in self._shared.items() if key in kept}

    def _planChanged(self, exchanges: bool = True) -> None:
        plan = self.decider.plan
        self.bare = (
            self._unframed
            and plan.transparent
            and self.decider.wishes is None
            and not any(True for _ in streamRules(plan))
        )
        with self.turns.slice():
            for link in list(self.links):
                link.planChanged(exchanges)
        self.planned()

    def _reverted(self, over: Sequence[Rule]) -> None:
        for rule in over:
            self.journal.record("reverted", self.name, 0, rule=rule.describe())
        self._planChanged()

    def listensAt(self, address: IAddress | None) -> None:
        """
        Clients come to C{address} from now on; C{None}: to no address.
        """
        self.circles.listens(self, address)

    def setBackend(self, backend: IStreamClientEndpoint, text: str) -> None:
        """
        Connect new links to C{backend}; open ones stay where they are.
        """
        self.circles.forget(self)
        self._backend = backend
        self.backendText = text

    @property
    def backend(self) -> IStreamClientEndpoint:
        """
        Where links connect to.
        """
        return self._backend

    def streamsFor(self, connection: Connection, decider: Decider) -> Iterator[ChosenRule]:
        """
        The stream rules of a decider's plan that apply to a connection.
        """
        for chosen in chosenStreams(decider.plan, decider.seed, self.name, connection):
            if decider is not self.decider:
                # What connections share, those with a plan of their own have for themselves.
                chosen = attrs.evolve(chosen, key=f"{connection.number}: {chosen.key}")
            yield chosen

    def wanted(self, chosen: ChosenRule, direction: str, began: float) -> FilterSpec:
        """
        The stage of a chosen rule for one direction of a link.

        @param began: when the link's connection was accepted.
        """
        rule = chosen.rule
        behavior = IStreamBehavior(rule.behavior)
        seed = chosen.chance.random().random() + (direction == "upstream")
        shared = self._shared.setdefault(chosen.key, {})
        now = self.reactor.seconds()
        context = StreamContext(Random(seed), shared, now, began, direction)
        return FilterSpec(
            chosen.key, rule.options, lambda: behavior.streamFilter(rule.options, context)
        )

    def connect(self, link: Link) -> Deferred[IProtocol]:
        """
        Connect a link to the backend.
        """
        return self._backend.connect(BackendFactory(link))

    async def abort(self) -> None:
        """
        Reset every link, and revert no rule any more; returns when the last link is gone.
        """
        self.expiry.stop()
        await self.reset()
        self.repeats.stop()

    async def reset(self) -> None:
        """
        Reset every link; returns when the last is gone.
        """
        for link in list(self.links):
            link.reset()
        if self.links:
            emptied: Deferred[None] = Deferred()
            self._emptied.append(emptied)
            await emptied

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
        self.decider.forget(link.connection)
        traffic, exchanges, connection = link.traffic, link.exchanges, link.connection
        self.counters.linkEnded(traffic, exchanges)
        if not self.links:
            emptied, self._emptied = self._emptied, []
            for each in emptied:
                each.callback(None)
        if link.untold:
            return
        tell(
            self._told,
            ENDED,
            name=self.name,
            number=connection.number,
            client=connection.client,
            exchanges=exchanges,
            received=traffic.fromClient,
            sent=traffic.toClient,
        )


def _nothing() -> None:
    """
    Nobody wants to know.
    """

# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
The Factory of relays: one for each proxy.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from zope.interface import implementer

from vaurien_twisted.interfaces import IJournal, ITLSOptions, IWireProtocol
from vaurien_twisted.interfaces.network import ILearningFactory, IServerReactor
from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.model.names import plainHost
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.relays.backend import Backend
from vaurien_twisted.relays.client_protocol import Relay
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.filter_specs import FilterSpecs
from vaurien_twisted.relays.links import Links
from vaurien_twisted.relays.memory import Memory
from vaurien_twisted.relays.rule_expiry import Expiry
from vaurien_twisted.relays.turns import Turns
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.pins import Pins
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_rules import streamRules
from vaurien_twisted.transports.descriptors import Descriptors
from vaurien_twisted.wire.tcp import TCP, TCPOptions

if TYPE_CHECKING:
    from vaurien_twisted.express.poller import Poller
    from vaurien_twisted.express.port import Taker

SEED_BITS = 63


@implementer(ILearningFactory)
class RelayFactory(Factory):
    """
    Builds relays to one backend, and puts plans in force.

    @param reactor: provides the time and timers.
    @param backend: the endpoint of links; L{setBackend} may replace it at any time.
    @param plan: the rules in force; without a plan every byte passes.
    @param wire: the wire protocol; a subclass may set it.
    @param options: the wire protocol's options, its defaults if not given.
    @param seed: the seed of the decisions, 0 to 2**63 - 1; by default a random one.
    @param journal: records the decisions; by default a new journal.
    @param name: the proxy's name, on which all random numbers depend.
    @ivar decider: decides by the plan.
    @ivar counters: counts the bytes and exchanges of ended links, and faults.
    @ivar memory: counts the memory that the links use.
    @ivar repeats: writes the log lines that clients can cause without end.
    @ivar links: the open links.
    @ivar context: the objects that the links share.
    @ivar expiry: removes rules whose time is over.
    @ivar planned: called when another plan is in force, on open links too.
    @ivar reverted: called with rules whose time is over, after they were removed from the plan.
    """

    noisy = False
    relay = Relay
    wire: IWireProtocol = TCP()

    def __init__(
        self,
        reactor: IServerReactor,
        backend: IStreamClientEndpoint,
        plan: Plan | None = None,
        *,
        wire: IWireProtocol | None = None,
        options: object = None,
        seed: int | None = None,
        journal: IJournal | None = None,
        name: str = "proxy",
        backendText: str = "backend",
    ) -> None:
        if wire is not None:
            self.wire = wire
        wire, counters = self.wire, Counters()
        if options is None:
            options = wire.options()
        if journal is None:
            journal = Journal(wallTime(reactor))
        chosen = secrets.randbits(SEED_BITS) if seed is None else seed
        repeats = Repeats(reactor, name)
        upgrades = None
        tls = ITLSOptions(options, None)
        if tls is not None and tls.tls_certificate:
            # Imported on first use, since TLS takes long to load.
            from vaurien_twisted.relays.starttls import Upgrades

            upgrades = Upgrades(reactor, wire, tls, name, journal, repeats)
        decider = Decider(name, wire, chosen, journal, counters=counters)
        self.context = ProxyContext(
            reactor,
            name,
            wire,
            options,
            Backend(reactor, backend, backendText, options),
            decider,
            Expiry(reactor, decider, self._reverted),
            FilterSpecs(reactor, decider),
            journal,
            counters,
            repeats,
            Descriptors(reactor.seconds),
            Turns(reactor),
            Memory(),
            tls is not None and tls.refuses,
            upgrades,
            isinstance(options, TCPOptions) and options.turns,
        )
        self.reactor, self.name, self.options = reactor, name, options
        self.journal, self.counters, self.repeats = journal, counters, repeats
        self.decider, self.expiry = decider, self.context.expiry
        self.memory = self.context.memory
        self.links = self._links = Links(self.context)
        self.planned: Callable[[], None] = nothing
        self.reverted: Callable[[Sequence[Rule]], None] = nothing
        #: Whether its wire protocol does not divide bytes into exchanges.
        self._unframed = not wire.greets and wire.framer(options, "").turns
        decider.traffic = self._traffic
        self.setPlan(plan or Plan())

    @property
    def accepted(self) -> int:
        """
        The number of clients that have connected.
        """
        return self._links.accepted

    def taker(self, poller: Poller) -> Taker | None:
        """
        The function that takes connections from an express port before protocols are built for
        them; C{None}: all of them need protocols.
        """
        if self.context.timesTurns or type(self) is not RelayFactory:
            return None
        # Imported here because it needs epoll.
        from vaurien_twisted.relays.socket_links import SocketLinks

        return SocketLinks(self._links, poller, self._build).take

    def buildProtocol(self, addr: IAddress | None) -> Relay:
        self._links.accepted += 1
        return self._build(self.accepted, addr)

    def _build(self, number: int, addr: IAddress | None) -> Relay:
        client = str(getattr(addr, "host", getattr(addr, "name", "")) or "")
        relay = self.relay(self._links, Connection(number, plainHost(client)))
        relay.factory, relay.peer = self, addr
        return relay

    def acceptableProtocols(self) -> list[bytes]:
        """
        The application protocols that clients may choose in TLS.
        """
        return self.context.backend.negotiation.forClients()

    def learned(self) -> Deferred[None]:
        backend = self.context.backend
        return backend.negotiation.learned(backend.endpoint, backend.text)

    def _traffic(self) -> tuple[int, int]:
        """
        The numbers of exchanges and of connections so far.
        """
        exchanges = sum(link.exchanges for link in self._links)
        return self.counters.exchanges + exchanges, self.accepted

    def setPlan(self, plan: Plan, seed: int | None = None) -> None:
        """
        Put C{plan} in force, on open links too.

        @param seed: if given, an epoch begins with it: decisions from now on do not depend on
            earlier connections and exchanges.
        """
        if seed is not None:
            self.decider.begin(seed)
        self.decider.setPlan(plan)
        self.context.filters.keep(plan)
        self._planChanged()
        self.expiry.begin()

    def pin(self, pins: Pins | None) -> None:
        """
        Apply pinned faults in place of the plan's rules for exchanges; C{None} ends that.
        """
        self.decider.pins = pins
        self._planChanged()

    def amendPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force: the current plan with other toxics or single rules.  The others keep
        their counts and draws.
        """
        before = self.decider.plan
        self.decider.amend(plan)
        self.context.filters.keep(plan)
        self._planChanged(before.asked != plan.asked)
        self.expiry.follow()

    def _planChanged(self, exchanges: bool = True) -> None:
        plan = self.decider.plan
        bare = self._links.bare = (
            self._unframed and self.decider.transparent and not any(True for _ in streamRules(plan))
        )
        with self.context.turns.slice():
            for link in self._links:
                if not (bare and link.bare):
                    link.planChanged(exchanges)
        self.planned()

    def _reverted(self, over: Sequence[Rule]) -> None:
        for rule in over:
            self.context.journal.record("reverted", self.context.name, 0, rule=rule.describe())
        self.reverted(over)
        self.context.filters.keep(self.decider.plan)
        self._planChanged()

    def renewTLS(self) -> bool:
        """
        Read the certificates for STARTTLS again, for new links.

        @return: whether there are any.
        @raise Refused: a file is not valid; nothing has changed.
        """
        upgrades = self.context.upgrades
        if upgrades is not None:
            upgrades.renew()
        return upgrades is not None

    def setBackend(self, backend: IStreamClientEndpoint, text: str) -> None:
        """
        Connect new links to C{backend}.  Open links keep theirs.
        """
        self.context.backend.replace(backend, text)

    async def abort(self) -> None:
        """
        Reset every link, and stop the timer of rules; returns when the last link has ended.
        """
        self.expiry.stop()
        self.context.passed.stop()
        self.context.backend.negotiation.forget()
        await self.reset()
        self.context.repeats.stop()

    async def close(self) -> None:
        """
        Close every link in order; returns when the last link has ended, see L{Links.close}.
        """
        await self._links.close()

    async def reset(self) -> None:
        """
        Reset every link; returns when the last link has ended.
        """
        await self._links.reset()

# -*- test-case-name: tests.proxies.test_collection -*-
"""
The collection of all proxies of a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.proxies.declaration import ProxyConfig, ProxyDefaults
from vaurien_twisted.proxies.experiments import Experiments, ExperimentStatus
from vaurien_twisted.proxies.leased_changes import LeasedChanges
from vaurien_twisted.proxies.leases import Leases
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.proxies.starting import startProxy
from vaurien_twisted.record.actors import actor
from vaurien_twisted.rules.toxics import Toxics
from vaurien_twisted.transports.addresses import CannotListen, clientEndpoint, serverEndpoint

#: The most proxies of a service.
PROXIES = 1000


class NoSuchProxy(Refused):
    """
    No proxy has this name.
    """


class ProxyExists(Refused):
    """
    A proxy with this name exists already.
    """


class ProxyCollection(MultiService):
    """
    Proxies by name, in order.  An operation that raises L{Refused} changes nothing: a proxy is
    added completely or not at all.

    @param seed: the seed of all decisions, 0 to 2**63 - 1; those of a proxy also depend on its
        name.
    @param timeout: see L{Proxy}.
    @ivar defaults: the defaults of new proxies.
    @ivar journal: the journal that decisions are recorded in.
    @ivar experiments: the experiments that runners have reported.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IServerReactor,
        defaults: ProxyDefaults,
        journal: IJournal,
        seed: int,
        timeout: float = 30.0,
    ) -> None:
        super().__init__()
        self.reactor = reactor
        self.defaults = defaults
        self.journal = journal
        self.seed = seed
        self._timeout = timeout
        self.leases = Leases(reactor, self._lift)
        self.experiments = Experiments(self._recordExperiment)
        self._changes = LeasedChanges(lambda: self.proxies)
        #: Names of proxies that are being created.
        self._coming: set[str] = set()

    def stopService(self) -> Deferred[object]:
        """
        Stop all proxies and all leases.  The faults set under the leases are not removed.
        """
        self.leases.stop()
        stopped: Deferred[object] = super().stopService()
        return stopped

    def _lift(self, lease: str, reason: str) -> None:
        self.journal.record("lease", "", 0, lease=lease, effect=f"the lease {reason}", by=actor())
        for proxy in self.proxies:
            if proxy.lease == lease:
                self._expire(proxy, reason)
            else:
                proxy.faults.lift(lease)
        self._changes.lift(lease)
        self.experiments.lift(lease)

    def _expire(self, proxy: Proxy, reason: str) -> None:
        """
        Delete a proxy whose lease has ended.
        """
        lease, name = proxy.lease, str(proxy.name)
        effect = f"the proxy was deleted: its lease {reason}"
        self.journal.record("lease", name, 0, lease=lease, effect=effect, by=actor())
        self._log.info("{name}: deleted: its lease {reason}", name=proxy.name, reason=reason)
        Deferred.fromCoroutine(self._remove(proxy)).addErrback(
            lambda failure: self._log.failure("{name} failed to stop", failure, name=proxy.name)
        )

    async def change(
        self,
        proxy: Proxy,
        listen: str | None,
        upstream: str | None,
        enabled: bool | None,
        lease: str = "",
    ) -> None:
        """
        Change a proxy; see L{Proxy.update}.

        @param lease: when this lease ends, the backend and C{enabled} are restored to what they
            were before; C{""} for no lease.
        @raise Refused: the lease is not held, or the change is not possible; nothing has
            changed.
        """
        self.leases.check(lease)
        # With the end of its own lease the proxy is deleted.
        if lease and lease != proxy.lease:
            given = {"upstream": upstream, "enabled": enabled}
            changes = {name: value for name, value in given.items() if value is not None}
            self._changes.change(lease, proxy, changes)
        await proxy.update(listen, upstream, enabled)

    def _recordExperiment(self, status: ExperimentStatus) -> None:
        phase = next(reversed(status.phases), None)
        self.journal.record(
            "experiment",
            "",
            0,
            title=status.title,
            phase="" if phase is None else phase.name,
            outcome=status.outcome,
            effect="" if phase is None else phase.what,
        )

    @property
    def proxies(self) -> list[Proxy]:
        """
        All proxies, in order.
        """
        return list(self.services)

    @property
    def first(self) -> Proxy:
        """
        The first proxy.

        @raise NoSuchProxy: there is none.
        """
        for proxy in self.proxies:
            return proxy
        raise NoSuchProxy("there are no proxies: create one, or name one at start", "proxy")

    def get(self, name: str) -> Proxy:
        """
        The proxy called C{name}.

        @raise NoSuchProxy: there is none; the message names the most similar one.
        """
        proxy: Proxy | None = self.namedServices.get(name)
        if proxy is None:
            near = nearest(name, self.namedServices)
            raise NoSuchProxy(f"there is no proxy {name!r}: {near}", "proxy")
        return proxy

    def check(self, declared: ProxyConfig) -> None:
        """
        Check the addresses of a proxy.

        @raise Refused: an address is not valid.
        """
        serverEndpoint(self.reactor, declared.listen, "proxy")
        clientEndpoint(self.reactor, declared.upstream, "backend", self._timeout)

    def make(self, declared: ProxyConfig, defaults: ProxyDefaults | None = None) -> Proxy:
        """
        Create a proxy.  It is not part of the collection yet, and does not listen.

        @param defaults: the defaults to use; by default those of the collection.
        @raise Refused: an address is not valid.
        """
        self.leases.check(declared.lease)
        defaults = self.defaults if defaults is None else defaults
        wire = defaults.wire(declared)
        proxy = Proxy(
            self.reactor,
            name=declared.name,
            listen=declared.listen,
            backend=declared.upstream,
            wire=wire,
            options=defaults.options(wire),
            ruleBuilder=defaults.ruleBuilder(wire),
            journal=self.journal,
            seed=self.seed,
            plan=declared.plan,
            timeout=self._timeout,
            enabled=declared.enabled,
            proxyOptions=defaults.optionsOf(declared),
        )
        proxy.lease = declared.lease
        proxy.faults.leased = self.leases.known
        proxy.faults.checkLeases(proxy.plan.rules)
        proxy.faults.setToxics(declared.toxics)
        proxy.beside = lambda: [each for each in self.proxies if each is not proxy]
        proxy.checkBeside()
        return proxy

    def add(self, proxy: Proxy) -> None:
        """
        Add a proxy.

        @raise ProxyExists: a proxy has the same name.
        @raise Refused: there are L{PROXIES} already.
        """
        self._free(str(proxy.name))
        proxy.faults.leased = self.leases.known
        proxy.setServiceParent(self)

    def _free(self, name: str) -> None:
        if len(self.services) + len(self._coming) >= PROXIES:
            raise Refused(f"there are already {PROXIES} proxies, the maximum", "name")
        if name in self.namedServices or name in self._coming:
            raise ProxyExists(f"there is already a proxy {name!r}", "name")

    async def create(self, declared: ProxyConfig) -> Proxy:
        """
        Create and add a proxy, and start to listen if it is enabled.

        @raise ProxyExists: a proxy has the same name.
        @raise CannotListen: it cannot listen.
        @raise Refused: an address is not valid, or the lease is not held.
        """
        self._free(declared.name)
        proxy = self.make(declared)
        self._coming.add(declared.name)
        try:
            await startProxy(proxy, self.leases)
        finally:
            self._coming.remove(declared.name)
        self.add(proxy)
        return proxy

    async def delete(self, name: str) -> None:
        """
        Stop a proxy and close its links in order; its port is free before this returns.

        @raise NoSuchProxy: there is none.
        """
        await self._remove(self.get(name))

    async def _remove(self, proxy: Proxy) -> None:
        running = self.running
        self._changes.forget(proxy)
        proxy.retire()
        await maybeDeferred(proxy.disownServiceParent)
        if not running:
            await proxy.stopService()

    async def populate(
        self,
        declared: Iterable[ProxyConfig],
        check: Callable[[ProxyConfig], None] | None = None,
    ) -> tuple[list[Proxy], Refused | None]:
        """
        Create these proxies.  An existing proxy is kept if it has the same addresses, and the
        same protocol if C{declared} names one; otherwise it is replaced.

        @param check: called with each before it is created; raises L{Refused}.
        @return: the proxies, in order, up to the first that could not be created, and the
            reason for that one.
        """
        had: list[Proxy] = []
        for each in declared:
            try:
                if check is not None:
                    check(each)
                had.append(await self._have(each))
            except Refused as refused:
                return had, refused
        return had, None

    async def _have(self, declared: ProxyConfig) -> Proxy:
        old: Proxy | None = self.namedServices.get(declared.name)
        if old is None:
            return await self.create(declared)
        if old.at(declared.listen, declared.upstream) and declared.wire in (None, old.wire):
            return old
        return await self._replace(old, declared)

    async def _replace(self, old: Proxy, declared: ProxyConfig) -> Proxy:
        proxy = self.make(declared)
        try:
            await startProxy(proxy, self.leases)
        except CannotListen:
            # The old proxy may use the port.
            enabled = old.enabled
            await old.update(enabled=False)
            try:
                await startProxy(proxy, self.leases)
            except Refused:
                await old.update(enabled=enabled)
                raise
        place = self.services.index(old)
        await self._remove(old)
        self.add(proxy)
        self.services.insert(place, self.services.pop())
        return proxy

    def arrange(self, names: Iterable[str]) -> None:
        """
        Move the proxies with these names to the beginning, in this order.
        """
        order = {name: place for place, name in enumerate(names)}
        self.services.sort(key=lambda proxy: order.get(proxy.name, len(order)))

    async def reset(self) -> None:
        """
        Enable all proxies and remove all their toxics.

        @raise CannotListen: a proxy cannot listen; all others are enabled.
        """
        refusals = []
        for proxy in self.proxies:
            proxy.faults.setToxics(Toxics())
            try:
                await proxy.update(enabled=True)
            except CannotListen as refused:
                refusals.append(refused)
        if refusals:
            raise refusals[0]

# -*- test-case-name: tests.proxies.test_proxy -*-
"""
The proxy: a service that listens, and connects each client to the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.logger import Logger

from vaurien_twisted.interfaces import IJournal, IWireProtocol
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.proxies.faults import Faults
from vaurien_twisted.proxies.health_check import ConnectFirst
from vaurien_twisted.proxies.listener import Admission, Listener
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.relays.circles import checkCircle
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.fault_header import faultHeaderFor
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_rules import listens
from vaurien_twisted.rules.toxics import Toxics
from vaurien_twisted.transports.addresses import clientEndpoint
from vaurien_twisted.transports.renewal import IRenewable


class Proxy(Service):
    """
    One proxy, with its listener, its backend, its wire protocol, its plan and its toxics.

    @param listen: C{HOST:PORT} or an endpoint string.
    @param backend: C{HOST:PORT} or an endpoint string.
    @param timeout: the time to connect to the backend, in seconds.
    @param options: the options of the wire protocol, by default its defaults.
    @ivar reactor: the reactor that it runs on.
    @ivar proxyOptions: the options of the proxy itself.
    @ivar enabled: whether it listens while it runs.
    @ivar relays: the Factory of its links, with the objects that they share.
    @ivar wire: the wire protocol, with its C{options}.
    @ivar links: the open links.
    @ivar decider: decides about its exchanges.
    @ivar counters: its counters, without those of open links.
    @ivar journal: records its decisions.
    @ivar lease: the lease with whose end it is deleted, C{""} for none.
    @ivar faults: its plan and its toxics.
    @ivar beside: returns the other proxies, with which this one must not form a circle.
    @ivar ruleBuilder: builds plans from what users write for this proxy.
    @ivar listening: fires when the proxy listens, fails with L{Refused} if it cannot;
        C{None} before the proxy is started.
    @raise Refused: an address is not valid, or the backend is the proxy itself.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IServerReactor,
        *,
        name: str,
        listen: str,
        backend: str,
        wire: IWireProtocol,
        ruleBuilder: RuleBuilder,
        journal: IJournal,
        seed: int,
        options: object = None,
        plan: Plan | None = None,
        timeout: float = 30.0,
        enabled: bool = True,
        proxyOptions: ProxyOptions | None = None,
    ) -> None:
        self.name = name
        self.proxyOptions = ProxyOptions() if proxyOptions is None else proxyOptions
        self.enabled = enabled
        self.lease = ""
        self.beside: Callable[[], Iterable[Proxy]] = tuple
        self.reactor = reactor
        self._timeout = timeout
        self._retired = False
        self._lock = DeferredLock()
        self.listening: Deferred[None] | None = None
        self.relays = RelayFactory(
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
        self.wire, self.options, self.links = wire, self.relays.options, self.relays.links
        self.decider, self.counters = self.relays.decider, self.relays.counters
        self.journal = journal
        self.faults = Faults(self.relays)
        moved = self.relays.context.backend.servesAt
        self._listener = Listener(reactor, listen, self.relays, "proxy", moved)
        self._admission = Admission(reactor, self._listener, self._lock, self._admits)
        self._first = ConnectFirst(
            reactor, self.relays, self.proxyOptions.connect_first, self._admission.update
        )
        self._checkCircle(listen, backend)
        self.relays.planned = self._planned
        self.setRuleBuilder(ruleBuilder)

    def setRuleBuilder(self, ruleBuilder: RuleBuilder) -> None:
        """
        Build the plans that users write from now on with C{ruleBuilder}.
        """
        self.ruleBuilder = ruleBuilder
        self.relays.decider.faultHeader = faultHeaderFor(
            str(self.name), self.wire, self.options, ruleBuilder, self.journal, self.decider.seed
        )

    @property
    def listen(self) -> str:
        """
        The address to listen on: C{HOST:PORT} with the real port when that is known, or an
        endpoint string as the user wrote it.
        """
        return self._listener.text

    @property
    def host(self) -> IAddress | None:
        """
        The address that the proxy listens on, C{None} while it does not listen.
        """
        return self._listener.host

    @property
    def address(self) -> str:
        """
        The address as text: C{HOST:PORT} or a path, C{""} while it does not listen.  It stays
        while only a behavior such as C{down} has closed the port.
        """
        kept = self.listening is not None and self.enabled and not self._admits()
        return self._listener.address or (self.listen if kept else "")

    @property
    def backend(self) -> str:
        """
        The backend, as the user wrote it.
        """
        return self.relays.context.backend.text

    def at(self, listen: str, backend: str) -> bool:
        """
        Whether C{listen} and C{backend} are the addresses of this proxy.
        """
        return self._listener.at(listen) and backend == self.backend

    @property
    def plan(self) -> Plan:
        """
        The plan in force, without the toxics.
        """
        return self.faults.plan

    @property
    def toxics(self) -> Toxics:
        """
        The toxics in force.
        """
        return self.faults.toxics

    def setBackend(self, text: str) -> None:
        """
        Connect new clients to another backend.  Open links keep theirs.

        @raise Refused: C{text} is not an address; nothing has changed.
        """
        endpoint = self._backendEndpoint(text)
        self._checkCircle(self.listen, text)
        self.relays.setBackend(endpoint, text)
        self._first.renew()
        self.faults.record("backend", text)

    def renewCertificates(self) -> bool:
        """
        Read the TLS files again, for new connections.  Open connections do not change.

        @return: whether the proxy has TLS files.
        @raise Refused: a file is not valid; the old certificates stay in use.
        """
        endpoint = self._backendEndpoint(self.backend)
        renewed = self._listener.renew()
        renewed = self.relays.renewTLS() or renewed
        if IRenewable.providedBy(endpoint):
            self.relays.setBackend(endpoint, self.backend)
            renewed = True
        return renewed

    def checkBeside(self) -> None:
        """
        Check this proxy against the others.

        @raise Refused: this proxy and the others would connect in a circle.
        """
        self._checkCircle(self.listen, self.backend)

    def _checkCircle(self, listen: str, backend: str) -> None:
        others = [(str(p.name), p.listen, p.backend) for p in self.beside()]
        checkCircle(str(self.name), listen, backend, others)

    def _backendEndpoint(self, text: str) -> IStreamClientEndpoint:
        return clientEndpoint(self.reactor, text, "backend", self._timeout)

    def _admits(self) -> bool:
        return self.listening is not None and self.enabled and self._opens

    @property
    def _opens(self) -> bool:
        return self._first.open and listens(self.relays.decider.plan)

    def _planned(self) -> None:
        """
        Open or close the port if the new plan requires it.
        """
        if self._lock.locked or self._admits() is (self._listener.host is None):
            self._admission.update()

    async def update(
        self,
        listen: str | None = None,
        backend: str | None = None,
        enabled: bool | None = None,
    ) -> None:
        """
        Change the values that are given.  A new address, a new backend or disabling the proxy
        closes all links, in order.

        @raise CannotListen: the proxy cannot listen on the address; nothing has changed.
        @raise Refused: an address is not valid; nothing has changed.
        """
        await self._lock.acquire()
        try:
            await self._update(
                self.listen if listen is None else listen,
                self.backend if backend is None else backend,
                self.enabled if enabled is None else enabled,
            )
        finally:
            self._lock.release()

    async def _update(self, listen: str, backend: str, enabled: bool) -> None:
        endpoint = None if backend == self.backend else self._backendEndpoint(backend)
        self._checkCircle(listen, backend)
        stays = enabled and endpoint is None and self._listener.stays(listen)
        if not enabled:
            self._first.stop()
        elif self.listening is not None:
            await self._first.begin()
        if enabled and self._opens:
            await self._listener.open(listen)
        else:
            await self._listener.place(listen)
        self.enabled = enabled
        if endpoint is not None:
            self.relays.setBackend(endpoint, backend)
            self._first.renew()
        if not stays:
            self.faults.record("proxy", self.state)
            await self.relays.close()
            self._log.info("{name}: {state}", name=self.name, state=self.state)

    @property
    def state(self) -> str:
        """
        The proxy's protocol and addresses, as text for the log.
        """
        if not self.enabled:
            return "disabled"
        return f"{self.wire.name} on {self.address}, to {self.backend}"

    def privilegedStartService(self) -> None:
        """
        Start to listen, if the proxy is enabled and has not been started.  L{listening} fires
        with the result.
        """
        if self.listening is None:
            self.listening = Deferred.fromCoroutine(self._listen())

    def startService(self) -> None:
        """
        Start to listen, if L{privilegedStartService} was not called.
        """
        super().startService()
        self.privilegedStartService()

    async def _listen(self) -> None:
        if not self.enabled:
            self.faults.active = True
        else:
            await self._listener.open()
            self._log.info("{name}: {state}", name=self.name, state=self.state)
            self.faults.begin()
            if not self._opens:
                # The port was opened only to learn its number, and that it can be opened.
                await self._listener.close()
                await self._first.begin()
                if self._opens:
                    await self._listener.open()

    def retire(self) -> None:
        """
        Have the links closed in order when the proxy is stopped; otherwise they are reset.
        """
        self._retired = True

    def stopService(self) -> Deferred[None]:
        """
        Stop listening and end every link.  Fires when the port is free and no
        connection is left.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.listening = None
        self._admission.stop()
        self._first.stop()
        await self._listener.close()
        if self._retired:
            await self.relays.close()
        await self.relays.abort()

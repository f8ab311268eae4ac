# -*- test-case-name: tests.app.test_service -*-
"""
The service of the command: proxies, control, log and journal, made from a configuration.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import attrs
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred
from twisted.internet.interfaces import IStreamServerEndpointStringParser
from twisted.logger import Logger
from twisted.plugin import getPlugins
from twisted.python.failure import Failure
from twisted.python.usage import UsageError

import vaurien_twisted
from vaurien_twisted.app.config import Configuration
from vaurien_twisted.app.reload import LIVE, Reload, fixedSettings, ownProxy
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.app.signals import Signals
from vaurien_twisted.control.access import Access, toxiproxyPlace
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.actors import acting
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.decisions_log import logDecisions
from vaurien_twisted.record.journal import Journal, JournalFile
from vaurien_twisted.record.logs import LogFile
from vaurien_twisted.relays.factory import SEED_BITS

if TYPE_CHECKING:
    from vaurien_twisted.app.demo import DemoBackend
    from vaurien_twisted.control.service import ControlService

#: Modules of other packages that are imported when they are first needed.
LAZY = (
    "encodings.idna",
    "prometheus_client.core",
    "prometheus_client.exposition",
    "twisted.internet.endpoints",
)


class Vaurien(MultiService):
    """
    All proxies, and as configured the control service and the demo's backend.

    @ivar reactor: the reactor that it runs on.
    @ivar proxies: the proxies.
    @ivar control: the control service, or C{None}.
    @ivar toxiproxy: the control service on Toxiproxy's port, or C{None}.
    @ivar ready: fires when everything listens, or when L{refused} has the reason why not;
        C{None} before the start.
    @ivar refused: why it cannot run, in one line; C{""} as long as it can.
    @ivar reread: reads the configuration again and returns it, C{None} if there is no file.
    @ivar signals: the signal handlers, C{None} in a process that has its own.
    @raise Refused: an address is not valid.
    """

    _log = Logger()

    def __init__(self, reactor: IServerReactor, configuration: Configuration) -> None:
        super().__init__()
        settings = configuration.settings
        self.reactor = reactor
        self._settings = settings
        self.journal = Journal(wallTime(reactor))
        if settings.log_level == "debug":
            logDecisions(self.journal)
        if settings.journal:
            JournalFile(self.journal, settings.journal).setServiceParent(self)
        self.demo: DemoBackend | None = None
        self.control: ControlService | None = None
        self.toxiproxy: ControlService | None = None
        self.ready: Deferred[None] | None = None
        self.refused = ""
        self._opening = False
        self._configuration = configuration
        self.reread: Callable[[], Configuration | None] = nothing
        self.signals: Signals | None = None
        #: Held while the service begins to listen or is reconfigured.
        self._changing = DeferredLock()
        if settings.demo:
            from vaurien_twisted.app.demo import DemoBackend

            self.demo = DemoBackend(reactor)
            self.demo.setServiceParent(self)
        seed = secrets.randbits(SEED_BITS) if settings.seed < 0 else settings.seed
        self.proxies = ProxyCollection(
            reactor, configuration.defaults, self.journal, seed, settings.timeout
        )
        self.proxies.setServiceParent(self)
        if configuration.own:
            self.proxies.add(self.proxies.make(ownProxy(configuration)))
        for declared in configuration.declared:
            self.proxies.add(self.proxies.make(declared))
        if configuration.statsd.enabled:
            from vaurien_twisted.metrics.statsd import StatsdService

            observed = Observed(lambda: self.proxies.proxies, self.journal)
            StatsdService(reactor, configuration.statsd, observed).setServiceParent(self)
        self._openControl(settings)

    def _openControl(self, settings: Settings) -> None:
        place = toxiproxyPlace(settings.toxiproxy)
        if not (settings.http or settings.demo or place):
            return
        # Loaded only here: a proxy without control does not need it.
        from vaurien_twisted.control.connection_limit import ConnectionLimit
        from vaurien_twisted.control.service import ControlService
        from vaurien_twisted.metrics.history import History

        history = History(self.reactor, Observed(lambda: self.proxies.proxies, self.journal))
        history.setServiceParent(self)
        make = partial(
            ControlService,
            self.reactor,
            proxies=self.proxies,
            access=Access(settings.token, settings.insecure),
            history=history,
            most=ConnectionLimit(self.reactor.seconds),
        )
        if settings.http or settings.demo:
            self.control = make(settings.http_host, settings.http_port)
            self.control.setServiceParent(self)
        if place is not None:
            self.toxiproxy = make(*place, options=("toxiproxy", "toxiproxy"))
            self.toxiproxy.setServiceParent(self)

    def preload(self) -> None:
        """
        Load all modules now: they may not be readable after C{twistd --uid} has dropped its
        privileges.
        """
        for name in (*LAZY, *_ownModules()):
            import_module(name)
        for _ in getPlugins(IStreamServerEndpointStringParser):
            pass
        for service in (self.control, self.toxiproxy):
            if service is not None:
                service.preload()

    @property
    def proxy(self) -> Proxy:
        """
        The first proxy.

        @raise NoSuchProxy: there is none.
        """
        return self.proxies.first

    def privilegedStartService(self) -> None:
        """
        Begin to listen everywhere.  With some endpoints this takes longer than the call; if
        it fails then, the reactor is stopped.

        @raise SystemExit: something cannot listen; its argument is the reason, in one line.
        """
        for service in self:
            if isinstance(service, LogFile):
                service.privilegedStartService()
        if self.signals is not None:
            self.signals.begin()
        self._opening = True
        self.ready = Deferred.fromCoroutine(self._begin())
        self.ready.addErrback(self._failed)
        self._opening = False
        # Not in the errback, where the Deferred would catch it.
        if self.refused:
            if self.signals is not None:
                self.signals.end()
            raise SystemExit(f"vaurien: {self.refused}")

    def startService(self) -> None:
        """
        Start all but a control service that is not open yet: it opens when the proxies have,
        so that who finds it finds them.
        """
        Service.startService(self)
        for service in self:
            if service not in (self.control, self.toxiproxy) or service.listening is not None:
                service.startService()

    def stopService(self) -> Deferred[None]:
        """
        Stop everything.  Fires when all ports and connections are closed.
        """
        return Deferred.fromCoroutine(self._end())

    async def _end(self) -> None:
        # The log stops last: other services may log while they stop.
        logs = [service for service in self.services if isinstance(service, LogFile)]
        for log in logs:
            self.services.remove(log)
        await maybeDeferred(super().stopService)
        for log in logs:
            self.services.append(log)
            log.stopService()
        if self.signals is not None:
            self.signals.end()

    async def reload(self) -> None:
        """
        Read the configuration again and apply it to the proxies.  If it is not acceptable,
        nothing changes and the log has the reason.
        """
        await self._changing.acquire()
        try:
            await self._reload()
        except (Refused, UsageError) as refused:
            self._log.error(
                "cannot apply the new configuration, the old one stays in force: {reason}",
                reason=str(refused),
            )
        finally:
            self._changing.release()

    async def _reload(self) -> None:
        new = self.reread()
        if new is None:
            self._log.info("no configuration file to read again: name one with --config")
            self._renewCertificates()
            return
        with acting("configuration file"):
            words = await Reload(self.proxies, self._configuration, new).apply()
        self._log.info(
            "read the configuration again: {changes}",
            changes="; ".join(words) or "no proxy has changed",
        )
        for option in fixedSettings(self._configuration, new):
            self._log.warn("{option} has changed: restart vaurien to apply it", option=option)
        settings = self._configuration.settings
        self._configuration = attrs.evolve(new, settings=_fixed(settings, new.settings))
        self._renewCertificates()

    def _renewCertificates(self) -> None:
        """
        Let all proxies read their certificates again, which may have changed in the same files.
        """
        for proxy in self.proxies.proxies:
            try:
                if proxy.renewCertificates():
                    self._log.info("{name}: read the certificates again", name=proxy.name)
            except Refused as refused:
                self._log.error(
                    "{name}: cannot read the new certificates, the old ones stay in use: {reason}",
                    name=proxy.name,
                    reason=refused.description,
                )

    def reopen(self) -> None:
        """
        Continue the log and the journal in new files if the old ones were moved away.
        """
        for service in self:
            if isinstance(service, (LogFile, JournalFile)):
                try:
                    service.reopen()
                except Refused as refused:
                    self._log.error("{reason}", reason=refused.description)
        self._log.info("reopened the log and the journal")

    async def _begin(self) -> None:
        await self._changing.run(lambda: Deferred.fromCoroutine(self._open()))

    async def _open(self) -> None:
        proxies = self.proxies.proxies
        demo = self.demo
        for service in (demo, *proxies, self.control, self.toxiproxy):
            if service is None:
                continue
            with acting("start"):
                service.privilegedStartService()
            if service.listening is not None:
                await service.listening
            if self.running and not service.running:
                service.startService()
            if service is demo and demo is not None:
                self.proxy.setBackend(demo.address)
        self._log.info("seed {seed}; --seed {seed} repeats its decisions", seed=self.proxies.seed)
        self._announce()

    def _failed(self, failure: Failure) -> None:
        failure.trap(Refused)
        self.refused = str(failure.value)
        if not self._opening:
            self._log.critical("{reason}", reason=self.refused)
            self.reactor.stop()

    def _announce(self) -> None:
        """
        Write the addresses to the parent process that waits for them.
        """
        number = self._settings.announce
        if number < 0:
            return
        described = {
            "proxy": self.proxy.address if self.proxies.proxies else "",
            "http": None if self.control is None else self.control.address,
        }
        if self.toxiproxy is not None:
            described["toxiproxy"] = self.toxiproxy.address
        try:
            # The standard streams stay open: a socket could get their number.
            with os.fdopen(number, "w", closefd=number > 2) as pipe:
                pipe.write(json.dumps(described) + "\n")
        except OSError as error:
            reason = f"cannot announce to file descriptor {number}: {error.strerror}"
            raise Refused(reason, "announce") from None


def _fixed(old: Settings, new: Settings) -> Settings:
    """
    The settings in force: the old ones, but for those that can change while it runs.
    """
    return attrs.evolve(old, **{name: getattr(new, name) for name in LIVE})


def _ownModules() -> Iterator[str]:
    """
    The modules of this package that a running service may load; loading has no other effect.
    """
    for module in walk_packages(vaurien_twisted.__path__, "vaurien_twisted."):
        name = module.name.split(".")[1]
        if not name.startswith(("ctl", "client", "__main__", "plugins")):
            yield module.name

# -*- test-case-name: tests.test_service -*-
"""
Assembly: the services of one Vaurien, made of its configuration.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.access import Access, toxiproxyPlace
from vaurien_twisted.collection import ProxyCollection
from vaurien_twisted.config import Configuration
from vaurien_twisted.declaring import Declared
from vaurien_twisted.journal import Journal, JournalFile
from vaurien_twisted.logs import LogFile
from vaurien_twisted.observed import Observed
from vaurien_twisted.options import Refused
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.relays.factory import SEED_BITS
from vaurien_twisted.settings import Settings


class Vaurien(MultiService):
    """
    The proxies, and beside them, as configured, the control service and the demo's backend.

    @ivar reactor: what it runs on.
    @ivar proxies: those there are.
    @ivar control: the control service, or C{None}.
    @ivar toxiproxy: the same at the place where Toxiproxy's clients look, or C{None}.
    @ivar ready: fires when everything listens, or once L{refused} says what cannot;
        C{None} before it was started.
    @ivar refused: why it cannot run, one line; C{""} while nothing speaks against it.
    @raise Refused: an address is not understood.
    """

    _log = Logger()

    def __init__(self, reactor: Any, configuration: Configuration) -> None:
        super().__init__()
        settings = configuration.settings
        self.reactor = reactor
        self._settings = settings
        self.journal = Journal(reactor.seconds)
        if settings.journal:
            JournalFile(self.journal, settings.journal).setServiceParent(self)
        self.demo: Any = None
        self.control: Any = None
        self.toxiproxy: Any = None
        self.ready: Deferred[None] | None = None
        self.refused = ""
        self._opening = False
        if settings.demo:
            from vaurien_twisted.demo import DemoBackend

            self.demo = DemoBackend(reactor)
            self.demo.setServiceParent(self)
        seed = secrets.randbits(SEED_BITS) if settings.seed < 0 else settings.seed
        self.proxies = ProxyCollection(
            reactor, configuration.makings, self.journal, seed, settings.timeout
        )
        self.proxies.setServiceParent(self)
        if configuration.own:
            self.proxies.add(self._own(configuration))
        for declared in configuration.declared:
            self.proxies.add(self.proxies.make(declared))
        if configuration.statsd.enabled:
            from vaurien_twisted.statsd import StatsdService

            observed = Observed(lambda: self.proxies.proxies, self.journal)
            StatsdService(reactor, configuration.statsd, observed).setServiceParent(self)
        self._openControl(settings)

    def _own(self, configuration: Configuration) -> Proxy:
        """
        The proxy that the settings speak of.
        """
        settings, wire = configuration.settings, configuration.wire
        backend = settings.backend
        if settings.demo:
            # Until the backend's port is known.
            wire, backend = configuration.makings.registry.wire("http"), "localhost:1"
        return self.proxies.make(
            Declared(settings.name, settings.proxy, backend, wire, plan=configuration.plan)
        )

    def _openControl(self, settings: Settings) -> None:
        place = toxiproxyPlace(settings.toxiproxy)
        if not (settings.http or settings.demo or place):
            return
        # Only now: a proxy alone does not need it.
        from vaurien_twisted.control.service import ControlService

        access = Access(settings.token, settings.insecure)
        if settings.http or settings.demo:
            self.control = ControlService(
                self.reactor, settings.http_host, settings.http_port, self.proxies, access
            )
            self.control.setServiceParent(self)
        if place is not None:
            self.toxiproxy = ControlService(
                self.reactor, *place, self.proxies, access, ("toxiproxy", "toxiproxy")
            )
            self.toxiproxy.setServiceParent(self)

    @property
    def proxy(self) -> Proxy:
        """
        The first proxy.

        @raise NoSuchProxy: there is none.
        """
        return self.proxies.first

    def privilegedStartService(self) -> None:
        """
        Listen everywhere.  Where that takes longer than this call (some endpoints do)
        and fails, the reactor is stopped.

        @raise SystemExit: something cannot listen; its argument is the reason, one line.
        """
        for service in self:
            if isinstance(service, LogFile):
                service.privilegedStartService()
        self._opening = True
        self.ready = Deferred.fromCoroutine(self._open())
        self.ready.addErrback(self._failed)
        self._opening = False
        # Not from the errback: a Deferred would keep it to itself.
        if self.refused:
            raise SystemExit(f"vaurien: {self.refused}")

    async def _open(self) -> None:
        proxies = self.proxies.proxies
        services: tuple[Any, ...] = (self.demo, *proxies, self.control, self.toxiproxy)
        for service in services:
            if service is None:
                continue
            service.privilegedStartService()
            await service.listening
            if service is self.demo:
                self.proxy.setBackend(service.address)
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
        Tell the waiting parent process where we listen.
        """
        number = self._settings.announce
        if number < 0:
            return
        told = {
            "proxy": self.proxy.address if self.proxies.proxies else "",
            "http": None if self.control is None else self.control.address,
        }
        if self.toxiproxy is not None:
            told["toxiproxy"] = self.toxiproxy.address
        try:
            # The standard streams stay open: a connection would else take their number.
            with os.fdopen(number, "w", closefd=number > 2) as pipe:
                pipe.write(json.dumps(told) + "\n")
        except OSError as error:
            reason = f"cannot announce to file descriptor {number}: {error.strerror}"
            raise Refused(reason, "announce") from None

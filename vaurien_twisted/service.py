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

from vaurien_twisted.config import Configuration
from vaurien_twisted.journal import Journal, JournalFile
from vaurien_twisted.logs import LogFile
from vaurien_twisted.options import Refused
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.relays.relay import SEED_BITS


class Vaurien(MultiService):
    """
    The proxy, and beside it, as configured, the control service and the demo's backend.

    @ivar reactor: what it runs on.
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
        self.ready: Deferred[None] | None = None
        self.refused = ""
        self._opening = False
        backend = settings.backend
        wire, wireOptions = configuration.wire, configuration.wireOptions
        if settings.demo:
            from vaurien_twisted.demo import DemoBackend

            self.demo = DemoBackend(reactor)
            self.demo.setServiceParent(self)
            wire = configuration.planner.registry.wire("http")
            wireOptions, backend = wire.options(), "localhost:1"
        seed = secrets.randbits(SEED_BITS) if settings.seed < 0 else settings.seed
        self.proxy = Proxy(
            reactor,
            name="proxy",
            listen=settings.proxy,
            backend=backend,
            wire=wire,
            options=wireOptions,
            planner=configuration.planner,
            journal=self.journal,
            seed=seed,
            plan=configuration.plan,
            timeout=settings.timeout,
        )
        self.proxy.setServiceParent(self)
        if settings.http or settings.demo:
            from vaurien_twisted.control.service import ControlService

            self.control = ControlService(
                reactor, settings.http_host, settings.http_port, self.proxy
            )
            self.control.setServiceParent(self)

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
        services: tuple[Any, ...] = (self.demo, self.proxy, self.control)
        for service in services:
            if service is None:
                continue
            service.privilegedStartService()
            await service.listening
            if service is self.demo:
                self.proxy.setBackend(service.address)
        self._log.info("seed {seed}; --seed {seed} repeats its decisions", seed=self.proxy.seed)
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
            "proxy": self.proxy.address,
            "http": None if self.control is None else self.control.address,
        }
        try:
            # The standard streams stay open: a connection would else take their number.
            with os.fdopen(number, "w", closefd=number > 2) as pipe:
                pipe.write(json.dumps(told) + "\n")
        except OSError as error:
            reason = f"cannot announce to file descriptor {number}: {error.strerror}"
            raise Refused(reason, "announce") from None

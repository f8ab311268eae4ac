# -*- test-case-name: tests.proxies.test_health_check -*-
"""
Health checks of a backend: with C{--connect-first} a proxy listens only while they succeed.

The kernel completes a client's TCP connection before the proxy learns of it.  So a proxy that must
not accept clients while its backend is down has to know the backend's state beforehand, and
connects to it from time to time.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.relays.factory import RelayFactory

#: The interval of checks while the backend is reachable, in seconds.
STEADY = 1.0

#: The interval while it is not reachable, in seconds: at first, and at most.  It doubles.
SOON, LATER = 0.1, 1.0

#: The timeout of a check, in seconds.
TIMEOUT = 5.0


class _Check(Protocol):
    """
    Closes the connection once it is made.
    """

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()


class _CheckFactory(Factory):
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _Check:
        return _Check()


class Reachability:
    """
    Checks again and again whether a backend accepts connections, until it is stopped.

    @param backend: returns the endpoint to connect to; called for each check.
    @param changed: called when L{reachable} has changed.
    @ivar reachable: whether the backend is reachable, by the last check or client.
    @ivar reason: why it is not reachable, C{""} while it is.
    @ivar running: whether checks are made.
    """

    def __init__(
        self,
        clock: IReactorTime,
        backend: Callable[[], IStreamClientEndpoint],
        changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._backend = backend
        self._changed = changed
        self.reachable = False
        self.reason = "it was not checked yet"
        self.running = False
        self._pause = SOON
        self._timer: IDelayedCall | None = None
        self._checking: Deferred[IProtocol] | None = None
        self._number = 0

    async def begin(self) -> None:
        """
        Check once, and return; then check at intervals.  C{changed} is not called for the first
        check.
        """
        if not self.running:
            self.running = True
            self._pause = SOON
            await self._check(nothing)

    def renew(self) -> None:
        """
        Check now, since the backend was replaced.
        """
        if self.running:
            self._cancel()
            self._again()

    def markUnreachable(self, reason: str) -> None:
        """
        Count the backend as unreachable, because a client could not be connected to it.
        """
        if self.running and self.reachable:
            self._cancel()
            self._store(reason, self._changed)

    def stop(self) -> None:
        """
        Stop checking.
        """
        self.running = self.reachable = False
        self._cancel()

    def _cancel(self) -> None:
        """
        Cancel the check that is in progress, and the next one.
        """
        self._number += 1
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        looking, self._checking = self._checking, None
        if looking is not None:
            looking.cancel()

    def _again(self) -> None:
        Deferred.fromCoroutine(self._check(self._changed))

    async def _check(self, changed: Callable[[], None]) -> None:
        self._number += 1
        number = self._number
        looking = self._backend().connect(_CheckFactory())
        self._checking = looking.addTimeout(TIMEOUT, self._clock)
        reason: str = await looking.addBoth(_reason)
        if number == self._number:
            self._checking = None
            self._store(reason, changed)

    def _store(self, reason: str, changed: Callable[[], None]) -> None:
        """
        Store the result of a check, and schedule the next one.

        @param reason: why the backend is not reachable, C{""} if it is.
        """
        before, self.reachable = self.reachable, not reason
        self.reason = reason
        if self.reachable:
            self._pause = SOON
            pause = STEADY
        else:
            pause, self._pause = self._pause, min(2 * self._pause, LATER)
        self._timer = self._clock.callLater(pause, self._again)
        if before is not self.reachable:
            changed()


def _reason(outcome: object) -> str:
    if not isinstance(outcome, Failure):
        return ""
    if outcome.check(TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    return str(outcome.getErrorMessage())


class ConnectFirst:
    """
    Decides by health checks of the backend whether a proxy may listen.

    @param relays: the relays that connect to the backend.  They report clients that could not be
        connected to it.
    @param wanted: whether to check the backend; without checks the proxy may always listen.
    @param changed: called when L{open} has changed.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IServerReactor,
        relays: RelayFactory,
        wanted: bool,
        changed: Callable[[], None],
    ) -> None:
        self._relays = relays
        self._changed = changed
        self._reach: Reachability | None = None
        if wanted:
            self._reach = Reachability(
                reactor, lambda: relays.context.backend.endpoint, self._reached
            )
            relays.context.backend.missed = self._reach.markUnreachable

    @property
    def open(self) -> bool:
        """
        Whether the proxy may listen.
        """
        return self._reach is None or self._reach.reachable

    async def begin(self) -> None:
        """
        Start checking; L{open} is known when this returns.
        """
        reach = self._reach
        if reach is not None and not reach.running:
            await reach.begin()
            if reach.running and not reach.reachable:
                self._report(reach)

    def renew(self) -> None:
        """
        Check now, since the backend was replaced.
        """
        if self._reach is not None:
            self._reach.renew()

    def stop(self) -> None:
        """
        Stop checking.
        """
        if self._reach is not None:
            self._reach.stop()

    def _reached(self) -> None:
        assert self._reach is not None
        self._report(self._reach)
        self._changed()

    def _report(self, reach: Reachability) -> None:
        relays = self._relays
        if reach.reachable:
            self._log.info(
                "{name}: backend {backend} is reachable, accepting clients",
                name=relays.name,
                backend=relays.context.backend.text,
            )
            relays.journal.record("reached", relays.name, 0)
        else:
            self._log.warn(
                "{name}: backend {backend} is not reachable, refusing clients: {reason}",
                name=relays.name,
                backend=relays.context.backend.text,
                reason=reach.reason,
            )
            relays.journal.record("refusing", relays.name, 0, reason=reach.reason)

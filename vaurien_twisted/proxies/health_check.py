# -*- test-case-name: tests.proxies.test_health_check -*-
"""
Whether a backend can be connected to: what C{--connect-first} asks before a proxy listens.

TCP accepts a client before any program hears of it.  So a proxy that is not to accept
clients while the backend is down has to know beforehand: it looks now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.relays.factory import RelayFactory

#: How long after a look the next one follows while the backend is there, in seconds.
STEADY = 1.0

#: The same while it is not: at first, and at most after it has doubled again and again.
SOON, LATER = 0.1, 1.0

#: How long a look may take, in seconds.
LOOK = 5.0


class _Looking(Protocol):
    """
    Connects, and that is all.
    """

    def connectionMade(self) -> None:
        """
        The backend is there.
        """
        assert self.transport is not None
        self.transport.loseConnection()


class _LookingFactory(Factory):
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _Looking:
        return _Looking()


class Reachability:
    """
    Looks whether a backend can be connected to, until it is stopped.

    @param backend: the endpoint to look at, asked for each time.
    @param changed: called when the answer is another one.
    @ivar reachable: whether the last look, or client, has reached it.
    @ivar reason: why not, C{""} while it can be reached.
    @ivar running: whether it looks.
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
        self.reason = "nobody has looked"
        self.running = False
        self._pause = SOON
        self._timer: IDelayedCall | None = None
        self._looking: Deferred[Any] | None = None
        self._number = 0

    async def begin(self) -> None:
        """
        Look; and again and again after this has returned.  C{changed} is not called for the
        first look.
        """
        if not self.running:
            self.running = True
            self._pause = SOON
            await self._look(_nothing)

    def renew(self) -> None:
        """
        The backend is another one: look at once.
        """
        if self.running:
            self._silence()
            self._again()

    def doubt(self, reason: str) -> None:
        """
        Somebody could not connect to it just now.
        """
        if self.running and self.reachable:
            self._silence()
            self._learn(reason, self._changed)

    def stop(self) -> None:
        """
        Look no more.
        """
        self.running = self.reachable = False
        self._silence()

    def _silence(self) -> None:
        """
        Forget the look that is under way, and the next one.
        """
        self._number += 1
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()

    def _again(self) -> None:
        Deferred.fromCoroutine(self._look(self._changed))

    async def _look(self, changed: Callable[[], None]) -> None:
        self._number += 1
        number = self._number
        looking: Deferred[Any] = self._backend().connect(_LookingFactory())
        self._looking = looking.addTimeout(LOOK, self._clock)
        reason: str = await looking.addBoth(_reason)
        if number == self._number:
            self._looking = None
            self._learn(reason, changed)

    def _learn(self, reason: str, changed: Callable[[], None]) -> None:
        """
        Note why it cannot be reached, C{""} where it can, and look again later.
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


def _reason(outcome: Any) -> str:
    if not isinstance(outcome, Failure):
        return ""
    if outcome.check(TimeoutError):
        return f"no answer within {LOOK:g} s"
    return str(outcome.getErrorMessage())


def _nothing() -> None:
    """
    Whoever has asked will see.
    """


class ConnectFirst:
    """
    Says whether a proxy may listen, as far as its backend is concerned.

    @param relays: know the backend, and whom to tell.
    @param wanted: whether the backend counts at all.
    @param changed: called when another answer is due.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, relays: RelayFactory, wanted: bool, changed: Callable[[], None]
    ) -> None:
        self._relays = relays
        self._changed = changed
        self._reach: Reachability | None = None
        if wanted:
            self._reach = Reachability(reactor, lambda: relays.backend, self._reached)
            relays.context.backend.missed = self._reach.doubt

    @property
    def open(self) -> bool:
        """
        Whether it may.
        """
        return self._reach is None or self._reach.reachable

    async def begin(self) -> None:
        """
        Know it when this returns, and from then on.
        """
        reach = self._reach
        if reach is not None and not reach.running:
            await reach.begin()
            if reach.running and not reach.reachable:
                self._tell(reach)

    def renew(self) -> None:
        """
        The backend is another one.
        """
        if self._reach is not None:
            self._reach.renew()

    def stop(self) -> None:
        """
        Nobody wants to know any more.
        """
        if self._reach is not None:
            self._reach.stop()

    def _reached(self) -> None:
        assert self._reach is not None
        self._tell(self._reach)
        self._changed()

    def _tell(self, reach: Reachability) -> None:
        relays = self._relays
        if reach.reachable:
            self._log.info(
                "{name}: {backend} is there: listening",
                name=relays.name,
                backend=relays.backendText,
            )
            relays.journal.record("reached", relays.name, 0)
        else:
            self._log.warn(
                "{name}: {backend} cannot be reached, so clients are refused: {reason}",
                name=relays.name,
                backend=relays.backendText,
                reason=reach.reason,
            )
            relays.journal.record("refusing", relays.name, 0, reason=reach.reason)

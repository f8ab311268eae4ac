# -*- test-case-name: tests.proxies.test_listener -*-
"""
The listener of a proxy: its port can be closed, opened again, and moved.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.addresses import (
    CannotListen,
    addressText,
    listenOn,
    listenPlace,
    serverEndpoint,
)
from vaurien_twisted.transports.renewal import IRenewable


class Listener:
    """
    Opens and closes the port of C{factory}.

    @param written: C{HOST:PORT} or an endpoint string.
    @param name: the option that has the address, for error messages.
    @param moved: called with each address that it listens on, and with C{None} when it stops.
    @ivar text: the address to listen on.  C{HOST:PORT} has the real port when that is known, so
        that port 0 is the same port each time; an endpoint string stays as the user wrote it.
    @raise Refused: C{written} is not valid.
    """

    def __init__(
        self,
        reactor: IServerReactor,
        written: str,
        factory: IProtocolFactory,
        name: str,
        moved: Callable[[IAddress | None], None] | None = None,
    ) -> None:
        self._moved = moved
        self._reactor = reactor
        self._factory = factory
        self._name = name
        self._port: IListeningPort | None = None
        self._endpoint: IStreamServerEndpoint = serverEndpoint(reactor, written, name)
        #: The endpoint that has opened the port.
        self._opened = self._endpoint
        self._written = self.text = written

    @property
    def host(self) -> IAddress | None:
        """
        The address that it listens on, C{None} while it does not listen.
        """
        return None if self._port is None else self._port.getHost()

    @property
    def address(self) -> str:
        """
        The address as text: C{HOST:PORT} or a path, C{""} while it does not listen.
        """
        return "" if self._port is None else addressText(self._port.getHost())

    def at(self, text: str) -> bool:
        """
        Whether C{text} is the address that it listens on, or will listen on.
        """
        return text == self._written or self.stays(text)

    def stays(self, text: str) -> bool:
        """
        Whether L{open} with C{text} changes nothing.  Port 0 in C{text} is another port than the
        current one.
        """
        return text == self.text or listenPlace(text) == listenPlace(self.text)

    def check(self, text: str) -> None:
        """
        Check an address.

        @raise Refused: C{text} is not valid.
        """
        serverEndpoint(self._reactor, text, self._name)

    async def open(self, text: str | None = None) -> None:
        """
        Listen, if it does not yet; with C{text}, move to that address.

        @raise CannotListen: it cannot listen there; nothing has changed.
        @raise Refused: C{text} is not valid.
        """
        if text is None or self.stays(text):
            if self._port is None:
                self._took(await self._listen(self._endpoint, self.text))
            return
        endpoint = serverEndpoint(self._reactor, text, self._name)
        old = self._port
        try:
            port = await self._listen(endpoint, text)
        except CannotListen:
            if old is None or not self._overlaps(text):
                raise
            port = await self._exchange(endpoint, text)
        else:
            await self.close()
        self._endpoint, self._written, self.text = endpoint, text, text
        self._took(port)

    async def _exchange(self, endpoint: IStreamServerEndpoint, text: str) -> IListeningPort:
        """
        Move to the same port of another address.  The old port must be closed first.
        """
        await self.close()
        try:
            return await self._listen(endpoint, text)
        except CannotListen:
            self._port = await self._listen(self._endpoint, self.text)
            self._move(self.host)
            raise

    async def place(self, text: str) -> None:
        """
        Close the port; the next L{open} listens on the address C{text}.

        @raise Refused: C{text} is not valid; nothing has changed.
        """
        if not self.stays(text):
            self._endpoint = serverEndpoint(self._reactor, text, self._name)
            self._written = self.text = text
        await self.close()

    async def close(self) -> None:
        """
        Stop listening; the port is free when this returns.
        """
        port, self._port = self._port, None
        if port is not None:
            self._move(None)
            await maybeDeferred(port.stopListening)

    async def _listen(self, endpoint: IStreamServerEndpoint, text: str) -> IListeningPort:
        port = await listenOn(endpoint, self._factory, text, self._name)
        self._opened = endpoint
        return port

    def renew(self) -> bool:
        """
        Read the TLS files again, for new connections.

        @return: whether the address has TLS files.
        @raise Refused: a file is not valid; nothing has changed.
        """
        for endpoint in {self._opened, self._endpoint}:
            if IRenewable.providedBy(endpoint):
                endpoint.renew()
        return bool(IRenewable.providedBy(self._endpoint))

    def _move(self, address: IAddress | None) -> None:
        if self._moved is not None:
            self._moved(address)

    def _took(self, port: IListeningPort) -> None:
        self._port = port
        self._move(port.getHost())
        if listenPlace(self.text) is not None:
            self.text = addressText(port.getHost())
            self._endpoint = serverEndpoint(self._reactor, self.text, self._name)
        else:
            settled = _withPort(self.text, port.getHost())
            if settled != self.text:
                self._endpoint = serverEndpoint(self._reactor, settled, self._name)

    def _overlaps(self, text: str) -> bool:
        new, old = listenPlace(text), listenPlace(self.text)
        return new is not None and old is not None and new[1] == old[1]


def _withPort(text: str, host: IAddress) -> str:
    """
    An endpoint string with the real port in place of 0, so that the same port is opened again.
    """
    return re.sub(r":(port=)?0(?=:|$)", rf":\g<1>{getattr(host, 'port', 0)}", text, count=1)


#: The time until a port that could not be opened is tried again, in seconds.
RETRY = 1.0


class Admission:
    """
    Opens and closes a proxy's port as the plan and the health checks require.  If the port
    cannot be opened, because another process has taken it, it logs the reason and tries again
    until it succeeds or the port need not be open any more.

    @param lock: held while C{listener} is opened or closed.
    @param wanted: whether the proxy must listen now.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        listener: Listener,
        lock: DeferredLock,
        wanted: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._lock = lock
        self._wanted = wanted
        self._timer: IDelayedCall | None = None
        self._loggedReason = ""

    def update(self) -> None:
        """
        Open or close the port as required now, once the lock is free.
        """
        self.stop()
        settling = Deferred.fromCoroutine(self._update())
        settling.addErrback(self._failed)

    async def _update(self) -> None:
        await self._lock.acquire()
        try:
            if self._wanted():
                await self._listener.open()
            else:
                await self._listener.close()
            self._loggedReason = ""
        except Refused as refused:
            # It may fail every second for days: log each reason once.
            if refused.description != self._loggedReason:
                self._loggedReason = refused.description
                self._log.warn("{reason}; trying again", reason=refused.description)
            self._timer = self._clock.callLater(RETRY, self.update)
        finally:
            self._lock.release()

    def _failed(self, failure: Failure) -> None:
        self._log.failure("listening on {text} failed", failure, text=self._listener.text)

    def stop(self) -> None:
        """
        Stop trying to open the port.
        """
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

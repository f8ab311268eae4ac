# -*- test-case-name: tests.express.test_endpoints -*-
"""
Listening and connecting by express: endpoints, and the strings C{express:8000} and
C{express:host:8000} for them.
"""

from __future__ import annotations

import errno
import os
import socket
from select import EPOLLIN, EPOLLOUT
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import (
    CannotListenError,
    ConnectingCancelledError,
    TimeoutError,
    getConnectError,
)
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from zope.interface import implementer

from vaurien_twisted.express.poller import Poller, pollerFor
from vaurien_twisted.express.transport import ExpressTransport, toAddress

#: How many connections are accepted before other sockets have their turn.
ACCEPTS = 32


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@implementer(IListeningPort)
class ExpressPort:
    """
    A listening socket.

    @param port: 0 picks one.
    @param interface: an IP address, or a name of this machine.
    """

    _log = Logger()

    def __init__(
        self, poller: Poller, port: int, interface: str, backlog: int, factory: IProtocolFactory
    ) -> None:
        self._poller = poller
        self._place = (interface, port)
        self._backlog = backlog
        self._factory = factory
        self._socket: socket.socket | None = None

    def startListening(self) -> None:
        """
        Begin to accept.

        @raise CannotListenError: the address is in use, or not ours.
        """
        sock = socket.socket(_family(self._place[0]), socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(self._place)
            sock.listen(self._backlog)
        except OSError as error:
            sock.close()
            raise CannotListenError(*self._place, error) from None
        self._socket = sock
        self._factory.doStart()
        self._poller.register(sock.fileno(), EPOLLIN, self._accept)

    def _accept(self, events: int) -> None:
        for _ in range(ACCEPTS):
            if self._socket is None:
                return
            try:
                sock, name = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # Out of file descriptors, or the client has left: the next event tries again.
                if error.errno not in (errno.ECONNABORTED, errno.EPERM):
                    self._log.error("cannot accept: {reason}", reason=error.strerror)
                    self._rest()
                return
            sock.setblocking(False)
            try:
                protocol = self._factory.buildProtocol(toAddress(name))
                if protocol is None:
                    sock.close()
                else:
                    ExpressTransport(sock, protocol, self._poller).start()
            except Exception:
                self._log.failure("{factory} failed", factory=self._factory)
                sock.close()

    def _rest(self) -> None:
        """
        Wait a little instead of being told of the same connection all the time.
        """
        assert self._socket is not None
        self._poller.modify(self._socket.fileno(), 0)
        self._poller.reactor.callLater(0.1, self._wake)

    def _wake(self) -> None:
        if self._socket is not None:
            self._poller.modify(self._socket.fileno(), EPOLLIN)

    def stopListening(self) -> Deferred[None]:
        """
        Free the port.
        """
        sock, self._socket = self._socket, None
        if sock is not None:
            self._poller.forget(sock.fileno())
            sock.close()
            self._factory.doStop()
        return succeed(None)

    def getHost(self) -> IAddress:
        """
        Where it listens.
        """
        assert self._socket is not None
        return toAddress(self._socket.getsockname())


@implementer(IStreamServerEndpoint)
class ExpressServerEndpoint:
    """
    Listens on C{port} of C{interface}.
    """

    def __init__(
        self, reactor: Any, port: int, interface: str = "0.0.0.0", backlog: int = 1024
    ) -> None:
        self._reactor = reactor
        self._place = (port, interface, backlog)

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen at once, or fail with L{CannotListenError}.
        """
        port = ExpressPort(pollerFor(self._reactor), *self._place, protocolFactory)
        try:
            port.startListening()
        except CannotListenError:
            return fail()
        return succeed(port)


class _Attempt:
    """
    A connection that is being made.
    """

    def __init__(
        self,
        poller: Poller,
        sock: socket.socket,
        factory: IProtocolFactory,
        place: tuple[str, int],
        timeout: float,
    ) -> None:
        self._poller = poller
        self._socket = sock
        self._factory = factory
        self._place = place
        self.made: Deferred[IProtocol] = Deferred(self._cancelled)
        self._timer: IDelayedCall | None = poller.reactor.callLater(timeout, self._late)
        poller.register(sock.fileno(), EPOLLOUT, self._ready)

    def _ready(self, events: int) -> None:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._end(getConnectError((code, os.strerror(code))))
            return
        self._leave()
        _join(self._poller, self._socket, self._factory, self._place, self.made)

    def _leave(self) -> None:
        self._poller.unregister(self._socket.fileno())
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _end(self, error: Exception) -> None:
        self._leave()
        self._socket.close()
        self.made.errback(error)

    def _late(self) -> None:
        self._timer = None
        self._end(TimeoutError())

    def _cancelled(self, made: Deferred[IProtocol]) -> None:
        self._end(ConnectingCancelledError(toAddress(self._place)))


def _join(
    poller: Poller,
    sock: socket.socket,
    factory: IProtocolFactory,
    place: tuple[str, int],
    made: Deferred[IProtocol],
) -> None:
    try:
        protocol = factory.buildProtocol(toAddress(place))
    except Exception:
        sock.close()
        made.errback()
        return
    if protocol is None:
        sock.close()
        made.errback(ConnectionRefusedError("the factory built no protocol"))
        return
    ExpressTransport(sock, protocol, poller).start()
    made.callback(protocol)


@implementer(IStreamClientEndpoint)
class ExpressClientEndpoint:
    """
    Connects to C{port} of C{host}.

    @param host: an IP address.
    @param timeout: how long it may take, in seconds.
    """

    def __init__(self, reactor: Any, host: str, port: int, timeout: float = 30.0) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._timeout = timeout

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect; where that can be done at once (this machine) it is.
        """
        place = (self._host, self._port)
        sock = socket.socket(_family(self._host), socket.SOCK_STREAM)
        sock.setblocking(False)
        code = sock.connect_ex(place)
        if code == errno.EINPROGRESS:
            # On this machine it is done by now, which asking again tells.
            code = sock.connect_ex(place)
        poller = pollerFor(self._reactor)
        if code in (0, errno.EISCONN):
            made: Deferred[IProtocol] = Deferred()
            _join(poller, sock, protocolFactory, place, made)
            return made
        if code in (errno.EALREADY, errno.EINPROGRESS):
            return _Attempt(poller, sock, protocolFactory, place, self._timeout).made
        sock.close()
        return fail(getConnectError((code, os.strerror(code))))

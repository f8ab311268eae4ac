# -*- test-case-name: tests.express.test_connector -*-
"""
Connects a TCP socket.
"""

from __future__ import annotations

import errno
import os
import socket
from select import EPOLLOUT
from socket import SocketType

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import (
    ConnectBindError,
    ConnectingCancelledError,
    ConnectionLost,
    NoProtocol,
    TimeoutError,
    getConnectError,
)
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from vaurien_twisted.express.connected_socket import RESET, isSelfConnected, toName
from vaurien_twisted.express.poller import GIVEN_UP, Poller
from vaurien_twisted.express.transport import ExpressTransport

#: The range of ports that the kernel picks source ports from (ip(7)).
PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"


class Target:
    """
    A TCP address to connect to.

    @param address: its address.
    @ivar address: the same.
    """

    __slots__ = ("_family", "_name", "_own", "address")

    def __init__(self, address: IPv4Address | IPv6Address) -> None:
        self.address = address
        self._family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
        #: C{None}: it has a scope, which must be looked up each time.
        self._name = None if "%" in address.host else toName(address.host, address.port)
        self._own = isSourcePort(address.port)

    def open(self) -> SocketType:
        """
        A new non-blocking socket.

        @raise OSError: there cannot be another one.
        """
        return socket.SocketType(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    def reach(self, sock: SocketType) -> int:
        """
        Begin to connect a socket.  To this machine, that is often done at once.

        @return: 0: it is connected; C{EINPROGRESS}: it is not yet; otherwise the number of the
            error.
        @raise OSError: the address cannot be connected to.
        @raise OverflowError: the port is not a port.
        """
        name = self._name or toName(self.address.host, self.address.port)
        code = sock.connect_ex(name)
        if code == errno.EINPROGRESS:
            # A connection to this machine is complete by now: a second call returns the result.
            code = sock.connect_ex(name)
        if code in (0, errno.EISCONN):
            return self.check(sock) if self._own else 0
        return errno.EINPROGRESS if code == errno.EALREADY else code

    def check(self, sock: SocketType) -> int:
        """
        Check that a socket is not connected to itself.

        @return: 0, or the number of the error.
        """
        # The ports are compared first, since that needs only one system call.
        own = self._own and sock.getsockname()[1] == self.address.port
        if own and isSelfConnected(sock):
            # After an orderly close the server could not use the port for a while (TIME_WAIT).
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return errno.ECONNREFUSED
        return 0


def isSourcePort(port: int) -> bool:
    """
    Whether the kernel may pick a port as the source of a connection.  A socket can be connected to
    itself only if it may.
    """
    try:
        with open(PORT_RANGE) as file:
            least, most = map(int, file.read().split())
    except (OSError, ValueError):
        return True
    return least <= port <= most


class BegunConnection:
    """
    A connection that was begun without a protocol.

    @param sock: its socket.
    @param code: 0: it is connected; C{EINPROGRESS}: it is not yet; otherwise the number of the
        error.
    @param target: the address that it connects to.
    @param timeout: after how many seconds connecting fails.
    @ivar sock: its socket.
    @ivar code: the code.
    @ivar address: the address that it connects to.
    """

    __slots__ = ("_poller", "_target", "_timeout", "address", "code", "sock")

    def __init__(
        self, poller: Poller, sock: SocketType, code: int, target: Target, timeout: float
    ) -> None:
        self._poller = poller
        self._target = target
        self._timeout = timeout
        self.sock = sock
        self.code = code
        self.address = target.address

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Go on with a factory's protocol.
        """
        attempt = ConnectionAttempt(self._poller, factory, self._target)
        return attempt.continueConnecting(self.sock, self.code, self._timeout)


class ConnectionAttempt:
    """
    One attempt to connect to an address.

    @param factory: builds the protocol of the connection.
    @param target: the address to connect to.
    @ivar made: fires with the protocol; cancelling it stops the attempt.
    """

    __slots__ = ("_factory", "_poller", "_socket", "_target", "_timer", "made")

    def __init__(self, poller: Poller, factory: IProtocolFactory, target: Target) -> None:
        self._poller = poller
        self._factory = factory
        self._target = target
        self._socket: SocketType | None = None
        self._timer: IDelayedCall | None = None
        self.made: Deferred[IProtocol] = Deferred(self._cancelled)

    def begin(self, timeout: float) -> Deferred[IProtocol]:
        """
        Begin to connect.

        @param timeout: after how many seconds the attempt fails.
        @return: L{made}.  It fails with a L{ConnectError<twisted.internet.error.ConnectError>}, or
            with the exception of the factory.
        """
        try:
            sock = self._socket = self._target.open()
        except OSError as error:
            self._factory.doStart()
            self._fail(ConnectBindError(error.errno, error.strerror))
            return self.made
        try:
            code = self._target.reach(sock)
        except (OSError, OverflowError) as error:
            self._factory.doStart()
            self._fail(error)
            return self.made
        return self.continueConnecting(sock, code, timeout)

    def continueConnecting(
        self, sock: SocketType, code: int, timeout: float
    ) -> Deferred[IProtocol]:
        """
        Continue with a socket that has begun to connect.

        @param code: see L{Target.reach}.
        @param timeout: after how many seconds the attempt fails.
        @return: see L{begin}.
        """
        self._socket = sock
        self._factory.doStart()
        if not code:
            self._join(sock)
        elif code != errno.EINPROGRESS:
            self._fail(getConnectError((code, os.strerror(code))))
        else:
            try:
                self._poller.register(sock.fileno(), EPOLLOUT, self._ready)
            except OSError as error:
                self._fail(error)
            else:
                self._timer = self._poller.reactor.callLater(timeout, self._late)
        return self.made

    def _ready(self, events: int) -> None:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._leave()
        if events == GIVEN_UP:
            self._fail(ConnectionLost())
            return
        code = code or self._target.check(self._socket)
        if code:
            self._fail(getConnectError((code, os.strerror(code))))
        else:
            self._join(self._socket)

    def _leave(self) -> None:
        """
        Stop waiting for the socket and for the timeout.
        """
        assert self._socket is not None
        self._poller.unregister(self._socket.fileno())
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _late(self) -> None:
        self._leave()
        self._fail(TimeoutError())

    def _cancelled(self, made: Deferred[IProtocol]) -> None:
        if self._timer is not None:
            self._leave()
            self._fail(ConnectingCancelledError(self._target.address))

    def _fail(self, error: Exception | Failure) -> None:
        if self._socket is not None:
            self._socket.close()
        self._factory.doStop()
        self.made.errback(error)

    def _join(self, sock: SocketType) -> None:
        factory, address = self._factory, self._target.address
        try:
            protocol = factory.buildProtocol(address)
            if protocol is None:
                raise NoProtocol()
        except Exception:
            self._fail(Failure())
            return
        transport = ExpressTransport(sock, protocol, self._poller, address, factory.doStop)
        try:
            transport.start()
        except Exception:
            self.made.errback()
        else:
            self.made.callback(protocol)

# -*- test-case-name: tests.express.test_endpoints -*-
"""
Endpoints that use the TCP transport of express.
"""

from __future__ import annotations

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from vaurien_twisted.express.connected_socket import toAddress
from vaurien_twisted.express.connector import BegunConnection, ConnectionAttempt, Target
from vaurien_twisted.express.poller import pollerFor
from vaurien_twisted.express.port import ACCEPTS, Admission, ExpressPort
from vaurien_twisted.interfaces.network import IServerReactor


@implementer(IStreamServerEndpoint)
class ExpressServerEndpoint:
    """
    Listens on C{port} of C{interface}.

    @param port: 0 to 65535; 0 for a free port.
    @param interface: an IP address, or a name of this machine.
    @param backlog: how many connections may wait to be accepted (listen(2)).
    @param admission: decides which connections are accepted; C{None}: all are.
    @param accepts: how many connections are accepted before other sockets are handled.
    """

    def __init__(
        self,
        reactor: IServerReactor,
        port: int,
        interface: str = "0.0.0.0",
        backlog: int = 1024,
        admission: Admission | None = None,
        accepts: int = ACCEPTS,
    ) -> None:
        self._poller = pollerFor(reactor)
        self._admission, self._accepts = admission, accepts
        self._place = (port, interface, backlog)

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen at once, or fail with L{CannotListenError}.
        """
        port = ExpressPort(
            self._poller, *self._place, protocolFactory, self._admission, self._accepts
        )
        try:
            port.startListening()
        except CannotListenError:
            return fail()
        return succeed(port)


@implementer(IStreamClientEndpoint)
class ExpressClientEndpoint:
    """
    Connects to C{port} of C{host}.

    @param host: an IP address; a name is looked up by the reactor at each connection,
        in IPv4.
    @param timeout: how long connecting may take, in seconds.
    """

    def __init__(
        self, reactor: IServerReactor, host: str, port: int, timeout: float = 30.0
    ) -> None:
        self._poller = pollerFor(reactor)
        self._host = host
        self._port = port
        self._timeout = timeout
        isAddress = isIPAddress(host) or isIPv6Address(host)
        self._target = Target(toAddress((host, port))) if isAddress else None

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect.  If that is possible at once (this machine), the protocol is connected before this
        returns.
        """
        if self._target is not None:
            return self._connectTo(self._target, protocolFactory)
        found: Deferred[str] = self._poller.reactor.resolve(self._host)
        return found.addCallback(
            lambda host: self._connectTo(Target(toAddress((host, self._port))), protocolFactory)
        )

    def reach(self) -> BegunConnection | None:
        """
        Begin to connect without a protocol.

        @return: C{None} if only L{connect} can connect, or report why it is not possible.
        """
        target = self._target
        if target is None:
            return None
        try:
            sock = target.open()
        except OSError:
            return None
        try:
            code = target.reach(sock)
        except (OSError, OverflowError):
            sock.close()
            return None
        return BegunConnection(self._poller, sock, code, target, self._timeout)

    def _connectTo(self, target: Target, factory: IProtocolFactory) -> Deferred[IProtocol]:
        return ConnectionAttempt(self._poller, factory, target).begin(self._timeout)

# -*- test-case-name: tests.express.test_connector -*-
"""
Connects a TCP socket.
"""

from __future__ import annotations

import errno
import os
import socket
from select import EPOLLOUT

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


class Attempt:
    """
    One attempt to connect to an address.

    @param factory: builds the protocol of the connection.
    @param address: the address to connect to.
    @ivar made: fires with the protocol; cancelling it stops the attempt.
    """

    __slots__ = ("_address", "_factory", "_poller", "_socket", "_timer", "made")

    def __init__(
        self, poller: Poller, factory: IProtocolFactory, address: IPv4Address | IPv6Address
    ) -> None:
        self._poller = poller
        self._factory = factory
        self._address = address
        self._socket: socket.socket | None = None
        self._timer: IDelayedCall | None = None
        self.made: Deferred[IProtocol] = Deferred(self._cancelled)

    def begin(self, timeout: float) -> Deferred[IProtocol]:
        """
        Begin to connect.  To this machine, that is often done at once.

        @param timeout: after how many seconds the attempt fails.
        @return: L{made}.  It fails with a L{ConnectError<twisted.internet.error.ConnectError>}, or
            with the exception of the factory.
        """
        self._factory.doStart()
        address = self._address
        four = isinstance(address, IPv4Address)
        try:
            sock = self._socket = socket.socket(
                socket.AF_INET if four else socket.AF_INET6,
                socket.SOCK_STREAM | socket.SOCK_NONBLOCK,
            )
        except OSError as error:
            self._fail(ConnectBindError(error.errno, error.strerror))
            return self.made
        try:
            place = toName(address.host, address.port)
            code = sock.connect_ex(place)
            if code == errno.EINPROGRESS:
                # On this machine it is done by now; a second call tells.
                code = sock.connect_ex(place)
            if code in (0, errno.EISCONN):
                self._join(sock)
            elif code in (errno.EALREADY, errno.EINPROGRESS):
                self._poller.register(sock.fileno(), EPOLLOUT, self._ready)
                self._timer = self._poller.reactor.callLater(timeout, self._late)
            else:
                self._fail(getConnectError((code, os.strerror(code))))
        except (OSError, OverflowError) as error:
            self._fail(error)
        return self.made

    def _ready(self, events: int) -> None:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._leave()
        if events == GIVEN_UP:
            self._fail(ConnectionLost())
        elif code:
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
            self._fail(ConnectingCancelledError(self._address))

    def _fail(self, error: Exception | Failure) -> None:
        if self._socket is not None:
            self._socket.close()
        self._factory.doStop()
        self.made.errback(error)

    def _join(self, sock: socket.socket) -> None:
        factory = self._factory
        # The ports are compared first, since that needs only one system call.
        if sock.getsockname()[1] == self._address.port and isSelfConnected(sock):
            # After an orderly close the server could not use the port for a while (TIME_WAIT).
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._fail(getConnectError((errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))))
            return
        try:
            protocol = factory.buildProtocol(self._address)
            if protocol is None:
                raise NoProtocol()
        except Exception:
            self._fail(Failure())
            return
        transport = ExpressTransport(sock, protocol, self._poller, self._address, factory.doStop)
        try:
            transport.start()
        except Exception:
            self.made.errback()
        else:
            self.made.callback(protocol)

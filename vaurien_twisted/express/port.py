# -*- test-case-name: tests.express.test_port -*-
"""
A listening TCP socket.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from select import EPOLLIN
from socket import SocketType
from typing import Protocol, TypeAlias

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort, IProtocolFactory
from twisted.logger import Logger
from zope.interface import implementer

from vaurien_twisted.express.connected_socket import RESET, toAddress, toName
from vaurien_twisted.express.poller import GIVEN_UP, Poller
from vaurien_twisted.express.transport import ExpressTransport

#: How many connections are accepted before other sockets are handled, by default.
ACCEPTS = 32

#: How long to wait before accepting again after accept(2) has failed, in seconds.
REST = 0.1

#: The shortest time between two log lines about this, in seconds.
EVERY = 10.0

#: Errors of one client only: it has gone, or a firewall has refused it (accept(2)).
_PASSING = (errno.ECONNABORTED, errno.EPERM, errno.EPROTO, errno.EINTR)

#: The name of a socket: host and port, with flow and scope for IPv6.
Name: TypeAlias = "tuple[str, int] | tuple[str, int, int, int]"


class Listener(SocketType):
    """
    A listening socket that makes plain objects of the sockets that it accepts.  Those of
    C{socket.socket.accept} take longer to make than to accept.
    """

    _accept: Callable[[], tuple[int, Name]]

    def accept(self) -> tuple[SocketType, Name]:
        """
        Accept a connection (accept(2)).

        @return: its socket, and the name of its peer.
        @raise OSError: there is none, or it cannot be accepted.
        """
        fd, name = self._accept()
        return SocketType(self.family, socket.SOCK_STREAM, 0, fd), name


#: Called with the socket of a connection, blocking as yet, and the name of its peer; returns
#: whether it was taken.  If not, a protocol is built for it.
Taker = Callable[[SocketType, Name], bool]


class Admission(Protocol):
    """
    Decides which connections are accepted.
    """

    def allows(self, fd: int) -> bool:
        """
        Whether a connection with the file descriptor C{fd} is.
        """

    def logRefusal(self, name: str) -> None:
        """
        Log that a connection was refused.

        @param name: the address of the port.
        """


@implementer(IListeningPort)
class ExpressPort:
    """
    Accepts connections for a factory.

    @param port: 0 to 65535; 0 for a free port.
    @param interface: an IP address, or a name of this machine; C{""}: all IPv4 addresses.
    @param backlog: how many connections may wait to be accepted (listen(2)).
    @param factory: if it has a C{taker}, that returns the L{Taker} of connections, or C{None}.
    @param admission: decides which connections are accepted; others are reset.  C{None}: all are.
    @param accepts: how many connections are accepted, or closed if there are no descriptors, before
        other sockets are handled.
    """

    _log = Logger()

    def __init__(
        self,
        poller: Poller,
        port: int,
        interface: str,
        backlog: int,
        factory: IProtocolFactory,
        admission: Admission | None = None,
        accepts: int = ACCEPTS,
    ) -> None:
        self._admission = admission
        self._accepts = accepts
        self._poller = poller
        self._place = interface, port
        self._backlog = backlog
        self._factory = factory
        asked = getattr(factory, "taker", None)
        self._take: Taker | None = None if asked is None else asked(poller)
        self._socket: Listener | None = None
        self._reserve = Reserve()
        self._resting: IDelayedCall | None = None
        self._turnedAway = 0
        self._loggedAt = -inf

    def __repr__(self) -> str:
        where = "not listening" if self._socket is None else self._socket.getsockname()[1]
        return f"<ExpressPort of {self._factory} on {where}>"

    def startListening(self) -> None:
        """
        Begin to listen.

        @raise CannotListenError: the address is in use, or not an address of this machine.
        """
        family = socket.AF_INET6 if ":" in self._place[0] else socket.AF_INET
        try:
            sock = Listener(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            raise CannotListenError(*self._place, error) from None
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._take is not None:
                # Accepted sockets inherit it (tcp(7)).
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._place[0] == "::":
                # All addresses of IPv4, too, whatever the system's default is (ipv6(7)).
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind(toName(*self._place))
            sock.listen(self._backlog)
            self._poller.register(sock.fileno(), EPOLLIN, self._accept)
        except (OSError, OverflowError) as error:
            sock.close()
            raise CannotListenError(*self._place, error) from None
        self._socket = sock
        self._reserve.keep()
        self._log.debug(
            "{factory} starting on {port}",
            factory=_nameOf(self._factory),
            port=sock.getsockname()[1],
        )
        self._factory.doStart()

    def _accept(self, events: int) -> None:
        if events == GIVEN_UP:
            self._close()
            return
        for _ in range(self._accepts):
            listener = self._socket
            if listener is None:
                return
            try:
                sock, name = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _PASSING:
                    self._full(listener, error)
                    return
            else:
                self._build(sock, name)

    def _build(self, sock: SocketType, name: Name) -> None:
        admission = self._admission
        if admission is not None and not admission.allows(sock.fileno()):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.close()
            assert self._socket is not None
            admission.logRefusal(f"{self._place[0]}:{self._socket.getsockname()[1]}")
            return
        try:
            if self._take is not None and self._take(sock, name):
                return
            sock.setblocking(False)
            address = toAddress(name)
            protocol = self._factory.buildProtocol(address)
            if protocol is None:
                sock.close()
            else:
                ExpressTransport(sock, protocol, self._poller, address).start()
        except Exception:
            self._log.failure("{factory}: buildProtocol failed", factory=self._factory)
            sock.close()

    def _full(self, listener: Listener, error: OSError) -> None:
        """
        accept(2) has failed, usually for lack of file descriptors.
        """
        count = (
            self._reserve.turnAway(listener, self._accepts) if error.errno == errno.EMFILE else 0
        )
        self._turnedAway += count
        now = time.monotonic()
        if now - self._loggedAt >= EVERY:
            self._log.error(
                "cannot accept connections: {reason}; {count} were closed",
                reason=error.strerror,
                count=self._turnedAway,
            )
            self._turnedAway, self._loggedAt = 0, now
        if not count:
            # Otherwise the poller would report the same connection again and again.
            self._poller.modify(listener.fileno(), 0)
            self._resting = self._poller.reactor.callLater(REST, self._wake)

    def _wake(self) -> None:
        self._resting = None
        if self._socket is not None:
            self._reserve.keep()
            self._poller.modify(self._socket.fileno(), EPOLLIN)

    def stopListening(self) -> Deferred[None]:
        """
        Close the socket.  Connections that were accepted stay open.

        @return: has fired already, with a failure if the factory could not stop.
        """
        try:
            self._close()
        except Exception:
            return fail()
        return succeed(None)

    def _close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is None:
            return
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        port = sock.getsockname()[1]
        self._poller.forget(sock.fileno())
        sock.close()
        self._reserve.release()
        self._log.debug("(TCP Port {port} Closed)", port=port)
        self._factory.doStop()

    def getHost(self) -> IAddress:
        """
        The address that it listens on.

        @raise RuntimeError: it does not listen.
        """
        if self._socket is None:
            raise RuntimeError("the port is not listening")
        return toAddress(self._socket.getsockname())


def _nameOf(factory: object) -> str:
    logPrefix = getattr(factory, "logPrefix", None)
    return type(factory).__name__ if logPrefix is None else str(logPrefix())


class Reserve:
    """
    Keeps one spare file descriptor.  If no other is free, it is used to accept clients and to close
    their connections.  Otherwise they would wait in vain, and the listening socket would stay
    readable.
    """

    def __init__(self) -> None:
        self._fd: int | None = None

    def keep(self) -> None:
        """
        Open the spare descriptor, if one is free.
        """
        if self._fd is None:
            with suppress(OSError):
                self._fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def release(self) -> None:
        """
        Close the spare descriptor.
        """
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def turnAway(self, listener: Listener, most: int) -> int:
        """
        Accept up to C{most} waiting clients with the spare descriptor, and close their connections.

        @return: how many connections were closed.
        """
        if self._fd is None:
            return 0
        self.release()
        count = 0
        with suppress(OSError):
            while count < most:
                listener.accept()[0].close()
                count += 1
        self.keep()
        return count

# -*- test-case-name: tests.express.test_connected_socket -*-
"""
The methods of a transport that read or set properties of its TCP socket.
"""

from __future__ import annotations

import socket
import struct
from socket import SocketType

from twisted.internet.address import IPv4Address, IPv6Address

#: Reset the connection when it is closed, in place of an orderly end (socket(7), SO_LINGER).
RESET = struct.pack("ii", 1, 0)


class ConnectedSocket:
    """
    A transport's addresses, TCP options and handle.
    """

    __slots__ = ()

    _peer: IPv4Address | IPv6Address
    _socket: SocketType

    def getHost(self) -> IPv4Address | IPv6Address:
        """
        This side's address.

        @raise OSError: the connection is closed.
        """
        return toAddress(self._socket.getsockname())

    def getPeer(self) -> IPv4Address | IPv6Address:
        return self._peer

    def getHandle(self) -> SocketType:
        """
        The socket.
        """
        return self._socket

    def fileno(self) -> int:
        """
        The socket's file descriptor, -1 once it is closed.
        """
        return self._socket.fileno()

    def getTcpNoDelay(self) -> bool:
        """
        Whether small segments are sent at once (tcp(7), C{TCP_NODELAY}).

        @raise OSError: the connection is closed.
        """
        return bool(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def setTcpNoDelay(self, enabled: bool) -> None:
        """
        Send small segments at once, or let the kernel collect them (tcp(7), C{TCP_NODELAY}).  Does
        nothing if the connection is closed.
        """
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, enabled)
        except OSError:
            # Called for every connection; contextlib.suppress would take longer than the call.
            return

    def getTcpKeepAlive(self) -> bool:
        """
        Whether the kernel probes an idle peer.

        @raise OSError: the connection is closed.
        """
        return bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """
        Let the kernel probe an idle peer (socket(7)).

        @raise OSError: the connection is closed.
        """
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, enabled)


def toAddress(name: tuple[str, int] | tuple[str, int, int, int]) -> IPv4Address | IPv6Address:
    """
    Twisted's address for a socket's name: C{(host, port)}, with flow and scope for IPv6.
    """
    host = name[0]
    if ":" not in host:
        return IPv4Address("TCP", host, name[1])
    if len(name) == 4 and name[3] and "%" not in host:
        # A link-local address means nothing without its interface.
        numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        host = socket.getnameinfo(name, numeric)[0]
    return IPv6Address("TCP", host, *name[1:])


def toName(host: str, port: int) -> tuple[object, ...]:
    """
    A socket's name for an address, the opposite of L{toAddress}.

    @param host: an IP address, or a name of this machine.
    @raise OSError: the scope of C{host} is not an interface of this machine.
    """
    if "%" not in host:
        return host, port
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4]


def isSelfConnected(sock: SocketType) -> bool:
    """
    Whether a TCP socket is connected to itself.

    A socket that connects to a local port of the range that the kernel picks source ports from
    (ip(7), C{ip_local_port_range}) may be given that very port as its own.  TCP then connects
    the socket with itself (RFC 9293 section 3.5, simultaneous open): it reads what it has sent,
    and while it is open no server can listen on the port.
    """
    try:
        own, peer = sock.getsockname(), sock.getpeername()
    except OSError:
        # The peer has reset the connection already.
        return False
    return bool(own[:2] == peer[:2])

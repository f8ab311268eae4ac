# -*- test-case-name: tests.relays.test_socket_links -*-
"""
Links that are only two sockets: no rule can affect their bytes, and nobody has looked at them.

Such a link gets its protocols and transports when somebody looks at it, when a plan is set, or when
something happens that needs a transport, such as a peer that reads too slowly.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from socket import SocketType

from twisted.internet.address import IPv4Address, IPv6Address

from vaurien_twisted.express.connected_socket import toAddress
from vaurien_twisted.express.poller import Poller
from vaurien_twisted.express.port import Name
from vaurien_twisted.express.socket_pair import SocketPair
from vaurien_twisted.express.transport import ExpressTransport
from vaurien_twisted.model.names import plainHost
from vaurien_twisted.relays.backend_protocol import BackendProtocol
from vaurien_twisted.relays.client_protocol import Relay
from vaurien_twisted.relays.links import Links

#: Makes the protocol that faces a client, from the connection's number and the client's address.
Build = Callable[[int, IPv4Address | IPv6Address], Relay]


class SocketLink(SocketPair):
    """
    The two sockets of a link.

    @param sockets: those of the client and of the backend.
    @param number: the connection's number.
    @param name: the name of the client's socket.
    @param backend: the address of the backend.
    """

    __slots__ = ("_address", "_made", "_name", "_number", "_since", "_text")

    def __init__(
        self,
        made: SocketLinks,
        sockets: tuple[SocketType, SocketType],
        number: int,
        name: Name,
        backend: IPv4Address | IPv6Address,
    ) -> None:
        super().__init__(*sockets, made.poller)
        self._made = made
        self._since = made.seconds()
        self._number = number
        self._name = name
        self._address = backend
        self._text = made.backend.text

    def over(self) -> None:
        up, down, name = self.toBackend.passed, self.toClient.passed, self._name
        # An IPv4 address has no other form.
        client = name[0] if len(name) == 2 else plainHost(toAddress(name).host)
        links = self._made.links
        links.sockets.discard(self)
        links.count(self._number, client, (up, up, down, down))

    def outgrow(self) -> None:
        """
        Become a link with protocols and transports.
        """
        made, poller, address = self._made, self.poller, toAddress(self._name)
        made.links.sockets.discard(self)
        self._client.setblocking(False)
        relay = made.build(self._number, address)
        client = ExpressTransport(self._client, relay, poller, address)
        self.toBackend.adopt(client)
        protocol = BackendProtocol(relay.adopt(client, self._since, self._text))
        backend = ExpressTransport(self._backend, protocol, poller, self._address)
        self.toClient.adopt(backend)
        protocol.makeConnection(backend)
        if self.toBackend.ended:
            client.end()
        elif self.toClient.ended:
            backend.end()


class SocketLinks:
    """
    Makes a link of two sockets for each client of a proxy, while no rule can affect its bytes.

    @param links: the links of the proxy.
    @param build: makes the protocol that faces a client, when a link needs it.
    """

    def __init__(self, links: Links, poller: Poller, build: Build) -> None:
        self.links = links
        self.poller = poller
        self.build = build
        self.seconds = links.context.reactor.seconds
        self.backend = links.context.backend

    def take(self, sock: SocketType, name: Name) -> bool:
        """
        Connect a client to the backend, if that can be done at once.

        @param sock: a connection that was accepted, blocking as yet.
        @param name: the name of its peer.
        @return: whether that is done.  If not, a protocol is to be built for the client.
        @raise OSError: the kernel cannot watch another socket; both were closed.
        """
        links = self.links
        descriptors = links.context.descriptors
        self.backend.discard()
        if not (links.bare and descriptors.allows(sock.fileno()) and descriptors.more()):
            return False
        begun = self.backend.reach()
        if begun is None:
            return False
        backend = begun.sock
        backend.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        links.accepted += 1
        link = SocketLink(self, (sock, backend), links.accepted, name, begun.address)
        links.sockets.add(link)
        try:
            link.start()
        except OSError:
            link.close()
            raise
        return True

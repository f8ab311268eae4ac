# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
The Protocol that faces the client.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces.network import ICountedTransport
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.relays.backend_protocol import prepared
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.links import Links
from vaurien_twisted.transports.descriptors import descriptorOf


@implementer(IHalfCloseableProtocol)
class Relay(Protocol):
    """
    The Protocol of a client's connection.  The link sets its C{dataReceived}.

    @ivar peer: the client's address.
    """

    peer: IAddress | None = None
    transport: ICountedTransport
    dataReceived: Any

    def __init__(self, links: Links, connection: Connection) -> None:
        self._links = links
        self.link: Link | None = None
        self._connection = connection

    def connectionMade(self) -> None:
        """
        Begin a link, or reset the client if there are too few file descriptors.
        """
        links = self._links
        context = links.context
        client = self.transport
        if not context.descriptors.allows(descriptorOf(client)):
            context.descriptors.logRefusal(context.name)
            client.abortConnection()
            return
        self._begin(client).begin(links.bare)

    def _begin(self, transport: ITransport) -> Link:
        links = self._links
        self.transport = prepared(transport)
        link = self.link = Link(self, links.context, self._connection, links.ended)
        links.add(link)
        return link

    def adopt(self, transport: ITransport, since: float, backend: str) -> Link:
        """
        Make the link of a connection that was relayed without this protocol.

        @param since: when the client connected, in seconds by the reactor's clock.
        @param backend: the backend of the link, as the user wrote it.
        """
        self.connected = 1
        link = self._begin(transport)
        link.since, link.backend = since, backend
        return link

    def readConnectionLost(self) -> None:
        if self.link is not None:
            self.link.clientEnded()

    def writeConnectionLost(self) -> None:
        """
        All bytes and the end of the stream were sent to the client.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.link is not None:
            self.link.clientLost(reason)

# -*- test-case-name: tests.relays.test_protocols -*-
"""
The Protocols of a link's two sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces import IClientAddresses
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.relays.byte_counter import metered
from vaurien_twisted.relays.ending import readLast
from vaurien_twisted.relays.link import Link
from vaurien_twisted.transports.descriptors import descriptorOf

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


@implementer(IHalfCloseableProtocol)
class Relay(Protocol):
    """
    Faces the client.  Where its bytes go, C{dataReceived}, is set by the link.

    @ivar peer: the client's address.
    """

    peer: IAddress | None = None

    def __init__(self, factory: RelayFactory, connection: Connection) -> None:
        self.factory = self._relays = factory
        self.link: Link | None = None
        self._connection = connection

    def connectionMade(self) -> None:
        """
        Begin a link, or refuse the client for want of file descriptors.
        """
        relays = self._relays
        client: Any = self.transport
        if not relays.descriptors.allows(descriptorOf(client)):
            relays.descriptors.tell(relays.name)
            client.abortConnection()
            return
        self.transport = prepared(self.transport)
        self.link = Link(self, relays, self._connection)
        relays.links.add(self.link)
        self.link.begin()

    def readConnectionLost(self) -> None:
        """
        The client will send nothing more.
        """
        if self.link is not None:
            self.link.clientEnded()

    def writeConnectionLost(self) -> None:
        """
        Everything was sent to the client, and the end of it.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The client's connection is gone.
        """
        if self.link is not None:
            self.link.clientLost(reason)


@implementer(IHalfCloseableProtocol)
class BackendProtocol(Protocol):
    """
    Faces the backend.  Where its bytes go, C{dataReceived}, is set by the link.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def connectionMade(self) -> None:
        """
        Join the link.
        """
        self.transport = prepared(self.transport)
        self._link.backendConnected(self)

    def readConnectionLost(self) -> None:
        """
        The backend will send nothing more.
        """
        self._link.backendEnded()

    def writeConnectionLost(self) -> None:
        """
        Everything was sent to the backend, and the end of it.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The backend's connection is gone.
        """
        self._link.backendLost(reason)


@implementer(IClientAddresses)
class BackendFactory(Factory):
    """
    Builds the one protocol of a link that faces the backend.
    """

    noisy = False

    def __init__(self, link: Link) -> None:
        self._link = link

    def addresses(self) -> tuple[IAddress | None, IAddress | None]:
        return self._link.addresses

    def buildProtocol(self, addr: IAddress | None) -> BackendProtocol:
        return BackendProtocol(self._link)


def prepared(transport: Any) -> Any:
    """
    A transport that counts its bytes, and sends at once what is written where it can be
    told to (TCP).
    """
    readLast(transport)
    setTcpNoDelay = getattr(transport, "setTcpNoDelay", None)
    if setTcpNoDelay is not None:
        setTcpNoDelay(True)
    return metered(transport)

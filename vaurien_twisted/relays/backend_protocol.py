# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
The Protocol that faces the backend.
"""

from __future__ import annotations

from typing import Any, cast
from typing import Protocol as Interface

from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IProtocolNegotiationFactory,
    ITransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces import IClientAddresses
from vaurien_twisted.interfaces.network import ICountedTransport
from vaurien_twisted.relays.byte_counter import metered
from vaurien_twisted.relays.delayed_reset import readLast
from vaurien_twisted.relays.negotiation import Negotiation
from vaurien_twisted.transports.application_protocols import chosenOn


class ClientSide(Interface):
    """
    A protocol that faces the client.

    @ivar peer: the client's address.
    """

    peer: IAddress | None
    transport: ICountedTransport


class BackendSide(Interface):
    """
    A link, as its connection to the backend sees it.
    """

    @property
    def relay(self) -> ClientSide:
        """
        The protocol that faces the client.
        """

    def backendConnected(self, protocol: BackendProtocol) -> None:
        """
        The backend is connected.
        """

    def backendEnded(self) -> None:
        """
        The backend will send nothing more.
        """

    def backendLost(self, reason: Failure) -> None:
        """
        The connection to the backend is lost.
        """


@implementer(IHalfCloseableProtocol)
class BackendProtocol(Protocol):
    """
    The Protocol of the connection to the backend.  The link sets its C{dataReceived}.
    """

    transport: ICountedTransport
    dataReceived: Any

    def __init__(self, link: BackendSide) -> None:
        self._link = link

    def connectionMade(self) -> None:
        self.transport = prepared(self.transport)
        self._link.backendConnected(self)

    def readConnectionLost(self) -> None:
        self._link.backendEnded()

    def writeConnectionLost(self) -> None:
        """
        All bytes and the end of the stream were sent to the backend.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._link.backendLost(reason)


@implementer(IClientAddresses, IProtocolNegotiationFactory)
class BackendFactory(Factory):
    """
    Builds the one protocol of a link that faces the backend.
    """

    noisy = False

    def __init__(self, link: BackendSide, negotiation: Negotiation) -> None:
        self._link = link
        self._negotiation = negotiation

    def doStart(self) -> None:
        """
        Does nothing; there is a factory for each connection.
        """

    def doStop(self) -> None:
        """
        Does nothing.
        """

    def addresses(self) -> tuple[IAddress | None, IAddress | None]:
        relay = self._link.relay
        return relay.peer, relay.transport.getHost()

    def acceptableProtocols(self) -> list[bytes]:
        return self._negotiation.forBackend(chosenOn(self._link.relay.transport))

    def buildProtocol(self, addr: IAddress | None) -> BackendProtocol:
        return BackendProtocol(self._link)


def prepared(transport: ITransport) -> ICountedTransport:
    """
    C{transport} as one that counts its bytes; TCP transports send small segments at once.
    """
    setTcpNoDelay = getattr(transport, "setTcpNoDelay", None)
    if setTcpNoDelay is not None and hasattr(transport, "spliceTo"):
        # An express transport, which does all else itself; there may be one for each request.
        setTcpNoDelay(True)
        return cast(ICountedTransport, transport)
    readLast(transport)
    if setTcpNoDelay is not None:
        setTcpNoDelay(True)
    return metered(transport)

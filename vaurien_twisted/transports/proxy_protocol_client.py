# -*- test-case-name: tests.transports.test_proxy_header,tests.integration.test_proxied -*-
"""
The PROXY protocol, sent: connections to the backend begin with the client's address.
"""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.internet.protocol import Protocol
from twisted.protocols.policies import WrappingFactory
from zope.interface import implementer

from vaurien_twisted.interfaces import IClientAddresses
from vaurien_twisted.interfaces.network import IProtocolTransport
from vaurien_twisted.transports.proxy_header import headerFor


class _HeaderFirst(Protocol):
    """
    Sends the header, and leaves the connection to the protocol it is for.
    """

    def __init__(self, header: bytes, protocol: IProtocol) -> None:
        self._header = header
        self._protocol = protocol

    def makeConnection(self, transport: ITransport) -> None:
        """
        Send the header, and connect the other protocol.
        """
        transport.write(self._header)
        cast(IProtocolTransport, transport).protocol = self._protocol
        self._protocol.makeConnection(transport)


class _HeaderFactory(WrappingFactory):
    noisy = False

    def __init__(self, wrapped: IProtocolFactory, header: bytes) -> None:
        super().__init__(wrapped)
        self._header = header

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return _HeaderFirst(self._header, self.wrappedFactory.buildProtocol(addr))


@implementer(IStreamClientEndpoint)
class ProxyProtocolClientEndpoint:
    """
    Connects as another endpoint does, and sends a header first.

    @param version: C{v1} or C{v2}.
    """

    def __init__(self, endpoint: IStreamClientEndpoint, version: str) -> None:
        self._endpoint = endpoint
        self._version = version

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect.  The factory, or one that it wraps, tells the client's address.
        """
        header = headerFor(self._version, *_addressesOf(protocolFactory))
        connecting: Deferred[IProtocol] = self._endpoint.connect(
            _HeaderFactory(protocolFactory, header)
        )
        return connecting


def _addressesOf(factory: object) -> tuple[IAddress | None, IAddress | None]:
    while factory is not None:
        if IClientAddresses.providedBy(factory):
            source, destination = factory.addresses()
            return source, destination
        factory = getattr(factory, "wrappedFactory", None)
    return None, None

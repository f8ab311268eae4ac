# -*- test-case-name: tests.transports.test_proxy_header,tests.integration.test_proxied -*-
"""
Sends the PROXY protocol: connections to the backend begin with the client's address.

Source: C{doc/proxy-protocol.txt} of HAProxy.
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
    Sends the header, then passes the connection to another protocol.
    """

    def __init__(self, header: bytes, protocol: IProtocol) -> None:
        self._header = header
        self._protocol = protocol

    def makeConnection(self, transport: ITransport) -> None:
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
    Connects like another endpoint, and sends a PROXY header first.

    @param version: the version of the header, C{"v1"} (text) or C{"v2"} (binary).
    """

    def __init__(self, endpoint: IStreamClientEndpoint, version: str) -> None:
        self._endpoint = endpoint
        self._version = version

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect.  The header has the addresses of the first L{IClientAddresses} among the factory
        and those that it wraps.
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

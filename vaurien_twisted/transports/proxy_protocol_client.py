# -*- test-case-name: tests.transports.test_proxy_protocol_client -*-
"""
The PROXY protocol, sent: connections to the backend begin with the client's address.

Source: the PROXY protocol's specification, versions 1 and 2, of HAProxy.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol
from twisted.protocols.policies import WrappingFactory
from zope.interface import implementer

from vaurien_twisted.interfaces import IClientAddresses
from vaurien_twisted.model.names import plainHost

#: The versions there are.
VERSIONS = ("v1", "v2")

_TWO = b"\r\n\r\n\0\r\nQUIT\n"

#: Of version 2: the commands, and the kinds of addresses.
_LOCAL, _PROXY = 0x20, 0x21
_UNKNOWN, _FOUR, _SIX, _UNIX = 0x00, 0x11, 0x21, 0x31

#: How long a path may be there, in bytes.
_PATH = 108


def headerFor(version: str, source: Any, destination: Any) -> bytes:
    """
    What a connection begins with.

    @param version: one of L{VERSIONS}.
    @param source: the client's address, C{None} where there is no client.
    @param destination: where it connected to.
    """
    plain = _plain(source), _plain(destination)
    if _family(*plain) is IPv4Address:
        source, destination = plain
    return _one(source, destination) if version == "v1" else _two(source, destination)


def _plain(address: Any) -> Any:
    """
    The IPv4 address that a socket of IPv6 tells as C{::ffff:10.0.0.7}; others as they are.
    """
    host = plainHost(address.host) if isinstance(address, IPv6Address) else ""
    return IPv4Address(address.type, host, address.port) if host and ":" not in host else address


def _family(source: Any, destination: Any) -> type | None:
    """
    What both addresses are, C{None} where they differ or are not known.
    """
    for kind in (IPv4Address, IPv6Address, UNIXAddress):
        if isinstance(source, kind) and isinstance(destination, kind):
            return kind
    return None


def _one(source: Any, destination: Any) -> bytes:
    family = _family(source, destination)
    if family in (None, UNIXAddress):
        return b"PROXY UNKNOWN\r\n"
    words = ["PROXY", "TCP4" if family is IPv4Address else "TCP6"]
    words += [_host(source), _host(destination), str(source.port), str(destination.port)]
    return " ".join(words).encode("ascii") + b"\r\n"


def _two(source: Any, destination: Any) -> bytes:
    family = _family(source, destination)
    kind, told = _UNKNOWN, b""
    if family is UNIXAddress:
        kind, told = _UNIX, _path(source) + _path(destination)
    elif family is not None:
        kind = _FOUR if family is IPv4Address else _SIX
        hosts = (ipaddress.ip_address(_host(each)).packed for each in (source, destination))
        told = b"".join(hosts) + struct.pack("!HH", source.port, destination.port)
    command = _LOCAL if source is None else _PROXY
    return _TWO + struct.pack("!BBH", command, kind, len(told)) + told


def _host(address: IPv4Address | IPv6Address) -> str:
    # Of a link-local address the interface means nothing elsewhere.
    return str(address.host).partition("%")[0]


def _path(address: UNIXAddress) -> bytes:
    name = address.name or b""
    path = name.encode() if isinstance(name, str) else name
    return path[:_PATH].ljust(_PATH, b"\0")


class _Introduction(Protocol):
    """
    Sends the header, and leaves the connection to the protocol it is for.
    """

    def __init__(self, header: bytes, protocol: Any) -> None:
        self._header = header
        self._protocol = protocol

    def makeConnection(self, transport: Any) -> None:
        """
        Connected.
        """
        transport.write(self._header)
        transport.protocol = self._protocol
        self._protocol.makeConnection(transport)


class _IntroducingFactory(WrappingFactory):
    noisy = False

    def __init__(self, wrapped: IProtocolFactory, header: bytes) -> None:
        super().__init__(wrapped)
        self._header = header

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return _Introduction(self._header, self.wrappedFactory.buildProtocol(addr))


@implementer(IStreamClientEndpoint)
class IntroducingClientEndpoint:
    """
    Connects as another endpoint does, and sends a header first.

    @param version: one of L{VERSIONS}.
    """

    def __init__(self, endpoint: IStreamClientEndpoint, version: str) -> None:
        self._endpoint = endpoint
        self._version = version

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect.  The client is asked of the factory, or of the one that it wraps.
        """
        header = headerFor(self._version, *_betweenOf(protocolFactory))
        connecting: Deferred[IProtocol] = self._endpoint.connect(
            _IntroducingFactory(protocolFactory, header)
        )
        return connecting


def _betweenOf(factory: Any) -> tuple[IAddress | None, IAddress | None]:
    while factory is not None:
        if IClientAddresses.providedBy(factory):
            source, destination = factory.addresses()
            return source, destination
        factory = getattr(factory, "wrappedFactory", None)
    return None, None

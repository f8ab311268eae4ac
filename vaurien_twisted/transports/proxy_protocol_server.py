# -*- test-case-name: tests.transports.test_proxy_protocol_server -*-
"""
The PROXY protocol, received: the first bytes of a connection tell whose it is.

Source: the PROXY protocol's specification, versions 1 and 2, of HAProxy.  Twisted's parsers
read the headers.  Its wrapper decides by the first bytes that arrive, however few these are;
here they are collected first, so many of them as L{HEADER_LIMIT}.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from typing import Any

import attrs
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.haproxy._exceptions import InvalidProxyHeader
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.model.names import peerName
from vaurien_twisted.record.repeats import Repeats

#: The longest header, in bytes.  Version 1 ends sooner; version 2 may bring more than
#: addresses, and could say 64 KiB.
HEADER_LIMIT = 4096

#: How long the header may take to arrive, in seconds.
HEADER_TIME = 30.0

#: How the two versions begin.
ONE, TWO = b"PROXY ", V2Parser.PREFIX

#: The longest header of version 1, with the end of its line.
ONE_LIMIT = 107


#: The name or number of an interface (RFC 4007, section 11.2).
_SCOPE = re.compile(r"[\w.-]{1,64}", re.ASCII)

#: What the protocol above may say to the transport below.
PASSED = frozenset(
    (
        "abortConnection",
        "getTcpKeepAlive",
        "getTcpNoDelay",
        "loseWriteConnection",
        "setTcpKeepAlive",
        "setTcpNoDelay",
        "stopProducing",
    )
)


@attrs.frozen
class Introduction:
    """
    What a header says.

    @ivar source: the client's address, C{None} where the header leaves it open.
    @ivar destination: where it connected to.
    @ivar rest: the bytes after the header.
    """

    source: IAddress | None
    destination: IAddress | None
    rest: bytes


def readHeader(data: bytes) -> Introduction | None:
    """
    Read the header that C{data} begins with.

    @return: C{None} while more of it is needed.
    @raise InvalidProxyHeader: it is none, or too long.
    """
    if data.startswith(ONE):
        end = data.find(b"\r\n", 0, ONE_LIMIT)
        if end < 0:
            if len(data) >= ONE_LIMIT:
                raise InvalidProxyHeader("a line of version 1 is too long")
            return None
        if data[:end].split(b" ")[1] == V1Parser.UNKNOWN_PROTO:
            # What may follow is to be passed over, and need not be there.
            return Introduction(None, None, data[end + 2 :])
        return _told(V1Parser, data[:end], data[end + 2 :])
    if data.startswith(TWO):
        if len(data) < 16:
            return None
        size = 16 + int.from_bytes(data[14:16], "big")
        if size > HEADER_LIMIT:
            raise InvalidProxyHeader(f"{size} bytes are too long")
        if len(data) < size:
            return None
        return _told(V2Parser, data[:size], data[size:])
    if ONE.startswith(data) or TWO.startswith(data):
        return None
    raise InvalidProxyHeader("it does not begin with one")


def _told(parser: Any, header: bytes, rest: bytes) -> Introduction:
    try:
        info = parser.parse(header)
        return Introduction(_plain(info.source), _plain(info.destination), rest)
    except (ValueError, KeyError, struct.error) as error:
        raise InvalidProxyHeader(f"{type(error).__name__}: {error}") from None


def _plain(address: Any) -> Any:
    """
    An address as this system would write it, so that rules find it.

    @raise ValueError: it is none.
    """
    if isinstance(address, (IPv4Address, IPv6Address)):
        host = ipaddress.ip_address(address.host)
        scope = getattr(host, "scope_id", None)
        if scope is not None and not _SCOPE.fullmatch(scope):
            raise ValueError(f"{scope!r} is no interface")
        host = getattr(host, "ipv4_mapped", None) or host
        kind = IPv4Address if host.version == 4 else IPv6Address
        return kind(address.type, host.compressed, address.port)
    if isinstance(address, UNIXAddress) and isinstance(address.name, bytes):
        return UNIXAddress(address.name.decode("utf-8", "replace"))
    return address


@implementer(IHalfCloseableProtocol)
class IntroducedTransport(ProtocolWrapper):
    """
    A connection that begins with a header.  The protocol above is built once that has
    come, for the client that it names; while it is paused nothing is delivered.
    """

    _log = Logger()
    transport: Any
    wrappedProtocol: Any

    def __init__(self, factory: IntroducingFactory, addr: IAddress | None) -> None:
        super().__init__(factory, Protocol())
        self._clock = factory.clock
        self._addr = addr
        self._kept = b""
        self._told: Introduction | None = None
        self._stopped = False
        self._timer: IDelayedCall | None = None

    def __getattr__(self, name: str) -> Any:
        # Whatever else the transport below can do, such as counting, it does to the header too.
        if name not in PASSED:
            raise AttributeError(name)
        return super().__getattr__(name)

    def makeConnection(self, transport: Any) -> None:
        """
        Wait for the header.
        """
        self._timer = self._clock.callLater(HEADER_TIME, self._refuse, "none came")
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """
        Read the header, or deliver what follows it.
        """
        if self._told is not None:
            if self._stopped or self._kept:
                self._kept += data
            else:
                self.wrappedProtocol.dataReceived(data)
            return
        self._kept += data
        try:
            told = readHeader(self._kept)
        except InvalidProxyHeader as error:
            self._refuse(str(error))
            return
        if told is not None:
            self._kept = told.rest
            self._begin(told)

    def _begin(self, told: Introduction) -> None:
        self._quieten()
        self._told = told
        protocol = self.factory.wrappedFactory.buildProtocol(told.source or self._addr)
        if protocol is None:
            self.abortConnection()
            return
        self.wrappedProtocol = protocol
        protocol.makeConnection(self)
        self._release()

    def _refuse(self, reason: str) -> None:
        self._quieten()
        self._kept = b""
        self.factory.repeats.warn(
            self._log,
            "a client from {client} is turned away: no header of the PROXY protocol: {reason}",
            client=peerName(self._addr),
            reason=reason,
        )
        self.abortConnection()

    def _quieten(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def pauseProducing(self) -> None:
        """
        Deliver nothing.
        """
        self._stopped = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Go on, first with what came with the header; not from within this call.
        """
        self._stopped = False
        if self._kept:
            self._clock.callLater(0, self._release)
        self.transport.resumeProducing()

    def _release(self) -> None:
        if self._kept and not self._stopped and self.wrappedProtocol is not None:
            kept, self._kept = self._kept, b""
            self.wrappedProtocol.dataReceived(kept)

    def getPeer(self) -> Any:
        """
        The client, as the header says.
        """
        source = None if self._told is None else self._told.source
        return source or super().getPeer()

    def getHost(self) -> Any:
        """
        Where it connected to, as the header says.
        """
        destination = None if self._told is None else self._told.destination
        return destination or super().getHost()

    def readConnectionLost(self) -> None:
        """
        The peer sends nothing more.
        """
        self._release()
        half = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half is None:
            self.transport.loseConnection()
        else:
            half.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """
        The peer was told the end.
        """
        half = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half is not None:
            half.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone.
        """
        self._quieten()
        self._kept = b""
        super().connectionLost(reason)


class IntroducingFactory(WrappingFactory[IntroducedTransport]):
    """
    Builds L{IntroducedTransport}s.

    @ivar clock: limits how long they wait.
    @ivar repeats: writes the log lines that clients can cause without end.
    """

    noisy = False

    def __init__(self, wrapped: IProtocolFactory, clock: IReactorTime) -> None:
        super().__init__(wrapped)
        self.clock = clock
        self.repeats = Repeats(clock)

    def stopFactory(self) -> None:
        """
        No port is left.
        """
        super().stopFactory()
        self.repeats.stop()

    def buildProtocol(self, addr: IAddress | None) -> IntroducedTransport:
        """
        A transport for a new connection.
        """
        return IntroducedTransport(self, addr)


@implementer(IStreamServerEndpoint)
class IntroducedServerEndpoint:
    """
    Listens where another endpoint does, for connections that begin with a header.
    """

    def __init__(self, clock: IReactorTime, endpoint: IStreamServerEndpoint) -> None:
        self._clock = clock
        self._endpoint = endpoint

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen as the other does.
        """
        factory = IntroducingFactory(protocolFactory, self._clock)
        listening: Deferred[IListeningPort] = self._endpoint.listen(factory)
        return listening

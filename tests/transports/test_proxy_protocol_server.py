"""
Tests for L{vaurien_twisted.transports.proxy_protocol_server} in memory; headers are read in
L{tests.transports.test_proxy_header}, and from real peers in
L{tests.integration.test_proxied}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from vaurien_twisted.transports.proxy_header import headerFor
from vaurien_twisted.transports.proxy_protocol_server import (
    HEADER_TIME,
    ProxyProtocolFactory,
    ProxyProtocolServerEndpoint,
)

PEER = IPv4Address("TCP", "127.0.0.1", 4000)
FOUR = IPv4Address("TCP", "192.0.2.7", 4000), IPv4Address("TCP", "192.0.2.1", 80)

HEADER = headerFor("v1", *FOUR)


class Speaking(Protocol):
    """
    Keeps the received bytes, and pauses at first.
    """

    def __init__(self) -> None:
        self.heard = b""
        self.ends: list[str] = []

    def connectionMade(self) -> None:
        """
        Wait.
        """
        transport: Any = self.transport
        transport.pauseProducing()

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        """
        Keep it.
        """
        self.ends.append("lost")


@implementer(IHalfCloseableProtocol)
class HalfSpeaking(Speaking):
    """
    Knows half-closes, too.
    """

    def readConnectionLost(self) -> None:
        """
        Keep it.
        """
        self.ends.append("read")

    def writeConnectionLost(self) -> None:
        """
        Keep it.
        """
        self.ends.append("write")


class SpeakingFactory(Factory):
    """
    Builds one kind of protocol, and keeps for whom.
    """

    def __init__(self, kind: Any = Speaking) -> None:
        self.kind = kind
        self.built: list[tuple[Any, Any]] = []

    def buildProtocol(self, addr: Any) -> Any:
        """
        One more.
        """
        made = self.kind()
        self.built.append((addr, made))
        return made


class TransportTests(SynchronousTestCase):
    """
    A connection in memory.
    """

    def begin(self, kind: Any = Speaking) -> Any:
        """
        The transport above a new connection.
        """
        self.clock = Clock()
        self.factory = SpeakingFactory(kind)
        self.wire: Any = StringTransport(peerAddress=PEER)
        made = ProxyProtocolFactory(self.factory, self.clock).buildProtocol(PEER)
        made.makeConnection(self.wire)
        return made

    def test_interfaces(self) -> None:
        """
        It is an endpoint.
        """
        below: Any = None
        endpoint = ProxyProtocolServerEndpoint(Clock(), below)
        self.assertTrue(verifyObject(IStreamServerEndpoint, endpoint))

    def test_late(self) -> None:
        """
        Without a header it is reset after a while, and no protocol was built.
        """
        made = self.begin()
        made.dataReceived(b"PROXY ")
        self.clock.advance(HEADER_TIME - 1)
        self.assertFalse(self.wire.disconnected)
        self.clock.advance(1)
        self.assertTrue(self.wire.disconnected)
        self.assertEqual((self.factory.built, self.clock.getDelayedCalls()), ([], []))

    def test_paused(self) -> None:
        """
        Bytes that arrived with the header wait until the protocol resumes, in order with later
        ones.
        """
        made = self.begin()
        made.dataReceived(HEADER + b"one ")
        [(client, speaking)] = self.factory.built
        self.assertEqual((client, made.getPeer(), made.getHost()), (FOUR[0], *FOUR))
        made.dataReceived(b"two ")
        self.assertEqual((speaking.heard, self.wire.producerState), (b"", "paused"))
        made.resumeProducing()
        self.assertEqual(speaking.heard, b"")
        made.dataReceived(b"three ")
        self.clock.advance(0)
        made.dataReceived(b"four")
        self.assertEqual(speaking.heard, b"one two three four")

    def test_pausedAgain(self) -> None:
        """
        They are not delivered to a protocol that has paused again meanwhile.
        """
        made = self.begin()
        made.dataReceived(HEADER + b"one")
        [(_, speaking)] = self.factory.built
        made.resumeProducing()
        made.pauseProducing()
        self.clock.advance(0)
        self.assertEqual(speaking.heard, b"")

    def test_halfClose(self) -> None:
        """
        Half-closes are passed to protocols that support them; otherwise the connection is closed.
        """
        made = self.begin(HalfSpeaking)
        made.dataReceived(HEADER)
        [(_, speaking)] = self.factory.built
        made.readConnectionLost()
        made.writeConnectionLost()
        self.assertEqual((speaking.ends, self.wire.disconnecting), (["read", "write"], False))
        made = self.begin()
        made.dataReceived(HEADER)
        made.writeConnectionLost()
        made.readConnectionLost()
        self.assertTrue(self.wire.disconnecting)

    def test_counts(self) -> None:
        """
        The counts of the transport below include the header, and are not used as those of the
        connection.
        """
        made = self.begin()
        self.wire.bytesRead = 1
        self.assertFalse(hasattr(made, "bytesRead"))

    def test_unwanted(self) -> None:
        """
        If the factory above refuses clients, they are reset.
        """
        made = self.begin(lambda: None)
        made.dataReceived(HEADER)
        self.assertTrue(self.wire.disconnected)

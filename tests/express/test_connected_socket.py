"""
Addresses and options of sockets.
"""

from __future__ import annotations

import socket
from typing import Any
from unittest import skipIf

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.trial.unittest import SynchronousTestCase

from tests.express.support import ExpressCase, OneFactory, RecordingBehavior, withoutSix
from vaurien_twisted.express.connected_socket import toAddress, toName


class ConnectedTests(ExpressCase):
    """
    What a transport tells.
    """

    async def test_addresses(self) -> None:
        """
        Both addresses are the peer's, the other way round, the peer's also after the end.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        name = peer.getsockname()
        self.assertEqual(transport.getHost(), IPv4Address("TCP", *peer.getpeername()))
        self.assertEqual(transport.getPeer(), IPv4Address("TCP", *name))
        self.assertEqual(transport.getHandle().getpeername(), name)
        self.assertEqual(transport.fileno(), transport.getHandle().fileno())
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertEqual(transport.getPeer(), IPv4Address("TCP", *name))
        self.assertRaises(OSError, transport.getHost)

    @skipIf(withoutSix(), "this machine has no IPv6")
    async def test_six(self) -> None:
        """
        IPv6 has addresses of its own.
        """
        protocol = RecordingBehavior()
        port = await self.listen(OneFactory(protocol), "::1")
        peer = self.socketTo(port.getHost().port, "::1")
        await self.until(lambda: protocol.transport)
        self.assertEqual(port.getHost().host, "::1")
        self.assertEqual(protocol.transport.getPeer().port, peer.getsockname()[1])
        self.assertIsInstance(protocol.transport.getHost(), IPv6Address)

    async def test_options(self) -> None:
        """
        TCP_NODELAY and SO_KEEPALIVE are the socket's; after the end the first is ignored.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        for get, put, level, option in (
            ("getTcpNoDelay", "setTcpNoDelay", socket.IPPROTO_TCP, socket.TCP_NODELAY),
            ("getTcpKeepAlive", "setTcpKeepAlive", socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        ):
            for value in (True, False):
                getattr(transport, put)(value)
                self.assertIs(getattr(transport, get)(), value)
                self.assertEqual(bool(transport.getHandle().getsockopt(level, option)), value)
        peer.close()
        await self.until(lambda: protocol.reason)
        transport.setTcpNoDelay(True)
        self.assertRaises(OSError, transport.getTcpNoDelay)
        self.assertRaises(OSError, transport.setTcpKeepAlive, True)


class NameTests(SynchronousTestCase):
    """
    Names of sockets.
    """

    def test_back(self) -> None:
        """
        An address and back is the name.
        """
        for name in (("127.0.0.1", 80), ("::1", 80)):
            address = toAddress(name)
            self.assertEqual((address.host, address.port), name)
            self.assertEqual(toName(address.host, address.port), name)

    def test_scope(self) -> None:
        """
        A link-local address keeps its interface, both ways.
        """
        address = toAddress(("fe80::1", 80, 0, 1))
        interface = socket.if_indextoname(1)
        self.assertEqual(address.host, f"fe80::1%{interface}")
        self.assertEqual(toName(address.host, 80), ("fe80::1", 80, 0, 1))

    def test_noScope(self) -> None:
        """
        An interface that is not there has no name.
        """
        self.assertRaises(OSError, toName, "fe80::1%nowhere", 80)

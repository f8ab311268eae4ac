"""
Tests for the control service, on loopback.
"""

from __future__ import annotations

import socket

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from tests.control.support import around, listening, makeProxy
from vaurien_twisted.control.service import ControlService
from vaurien_twisted.model.options import Refused


class Collector(Protocol):
    """
    Keeps the received bytes, and fires when the connection ends.
    """

    def __init__(self):
        self.heard = b""
        self.wanted = b""
        self.answered = Deferred()
        self.closed = Deferred()

    def dataReceived(self, data):
        """
        Keep.
        """
        self.heard += data
        if b"\r\n\r\n" in self.heard and not self.answered.called:
            self.answered.callback(None)

    def connectionLost(self, reason):
        """
        The end.
        """
        self.closed.callback(None)


async def connect(address: str) -> Collector:
    """
    A connection to C{HOST:PORT}.
    """
    from twisted.internet import reactor

    host, _, port = address.rpartition(":")
    place = host.strip("[]").replace(":", r"\:")
    endpoint = clientFromString(reactor, f"tcp:{place}:{port}")
    return await endpoint.connect(Factory.forProtocol(Collector))


def makeService(host: str, port: int) -> ControlService:
    """
    A service on loopback, not started.
    """
    from twisted.internet import reactor

    return ControlService(reactor, host, port, around(makeProxy()))


class ServiceTests(TestCase):
    """
    Listening, answering, closing.
    """

    async def test_pitfall36_brackets(self):
        """
        An IPv6 host may stand in brackets or not; it is this machine in either form.
        """
        for host in ("::1", "[::1]"):
            service = makeService(host, 0)
            service.startService()
            self.addCleanup(service.stopService)
            await service.listening
            self.assertRegex(service.address, r"\A\[::1\]:[1-9]\d*\Z")
        for host in ("::", "[::]"):
            self.assertRaises(Refused, makeService, host, 0)

    timeout = 120

    async def test_answers(self):
        """
        It listens on its announced address, only on loopback, and answers.
        """
        _, service = await listening(self)
        self.assertRegex(service.address, r"^127\.0\.0\.1:[1-9][0-9]*$")
        client = await connect(service.address)
        client.transport.write(b"GET /behavior HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await client.answered
        self.assertTrue(client.heard.startswith(b"HTTP/1.1 200 OK\r\n"), client.heard)
        client.transport.loseConnection()
        await client.closed

    async def test_ipv6(self):
        """
        It listens on IPv6 too, if the machine has it.
        """
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("this machine has no IPv6")
        _, service = await listening(self, "::1")
        self.assertTrue(service.address.startswith("[::1]:"))
        client = await connect(service.address)
        client.transport.write(b"HEAD /backend HTTP/1.0\r\nHost: [::1]\r\n\r\n")
        await client.closed
        self.assertTrue(client.heard.startswith(b"HTTP/1.0 200 OK\r\n"), client.heard)

    async def test_noHost(self):
        """
        A request without Host is only answered with 403.
        """
        _, service = await listening(self)
        client = await connect(service.address)
        client.transport.write(b"GET /behavior HTTP/1.0\r\n\r\n")
        await client.closed
        self.assertTrue(client.heard.startswith(b"HTTP/1.0 403 "), client.heard)
        self.assertIn(b"there must be one Host header", client.heard)

    async def test_stop(self):
        """
        The end of the service closes idle connections and frees the port.
        """
        service = makeService("localhost", 0)
        service.startService()
        await service.listening
        address = service.address
        client = await connect(address)
        client.transport.write(b"GET /behavior HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await client.answered
        await service.stopService()
        await client.closed
        self.assertEqual(service.address, "")
        again = makeService("localhost", int(address.rpartition(":")[2]))
        again.startService()
        await again.listening
        self.assertEqual(again.address, address)
        await again.stopService()

    async def test_portInUse(self):
        """
        A port in use is reported in one line.
        """
        _, service = await listening(self)
        port = int(service.address.rpartition(":")[2])
        second = makeService("localhost", port)
        second.startService()
        with self.assertRaises(Refused) as caught:
            await second.listening
        self.assertIn(f"cannot listen on localhost:{port}: ", caught.exception.description)
        self.assertEqual(caught.exception.name, "http_port")
        await second.stopService()

    async def test_notStarted(self):
        """
        A service that was never started can be stopped.
        """
        service = makeService("localhost", 0)
        self.assertEqual(service.address, "")
        await service.stopService()

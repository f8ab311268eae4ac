"""
Tests for L{vaurien_twisted.transports.systemd}; how it goes under systemd is shown by
L{tests.integration.test_systemd}.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from vaurien_twisted.transports.systemd import InheritedServerEndpoint


class Greeting(Protocol):
    """
    Says hello, and closes.
    """

    def connectionMade(self) -> None:
        """
        Say it.
        """
        transport: Any = self.transport
        transport.write(b"hello")
        transport.loseConnection()


class InheritedTests(TestCase):
    """
    Sockets that this test has opened.
    """

    timeout = 20

    async def hello(self, client: socket.socket) -> bytes:
        """
        The answer to a client.
        """
        for _ in range(500):
            await deferLater(self.reactor, 0.01)
            try:
                return client.recv(10)
            except BlockingIOError:
                continue
        return b"nothing"

    async def again(self, ours: socket.socket, family: int, where: Any) -> None:
        """
        Accept on it, stop, and accept again.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        adopted = AdoptedStreamServerEndpoint(reactor, ours.fileno(), family)
        endpoint = InheritedServerEndpoint(reactor, adopted)
        self.assertTrue(verifyObject(IStreamServerEndpoint, endpoint))
        for _ in range(2):
            port: Any = await endpoint.listen(Factory.forProtocol(Greeting))
            self.assertTrue(verifyObject(IListeningPort, port))
            port.startListening()
            self.assertIsNotNone(port.getHost())
            self.assertEqual(await self.hello(self.client(family, where)), b"hello")
            port.stopListening()
            port.stopListening()
            self.assertRaises(RuntimeError, port.getHost)
        waiting = self.client(family, where)
        self.assertRaises(BlockingIOError, waiting.recv, 1)
        port = await endpoint.listen(Factory.forProtocol(Greeting))
        self.assertEqual(await self.hello(waiting), b"hello")
        port.stopListening()

    def client(self, family: int, where: Any) -> socket.socket:
        """
        One that does not wait.
        """
        client = socket.socket(family)
        self.addCleanup(client.close)
        client.connect(where)
        client.setblocking(False)
        return client

    def test_inet(self) -> Deferred[None]:
        """
        One of TCP.
        """
        ours = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(ours.close)
        return Deferred.fromCoroutine(self.again(ours, socket.AF_INET, ours.getsockname()))

    async def test_unix(self) -> None:
        """
        One of UNIX, whose file stays.
        """
        path = self.mktemp()
        with socket.socket(socket.AF_UNIX) as ours:
            ours.bind(path)
            ours.listen()
            await self.again(ours, socket.AF_UNIX, path)
        self.assertTrue(os.path.exists(path))

"""
Tests for L{vaurien_twisted.testing}, on loopback.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.wire import Echo
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from vaurien_twisted.model.options import Refused
from vaurien_twisted.testing import proxyFor


class Ask(Protocol):
    """
    Sends once, keeps the answer.
    """

    def __init__(self) -> None:
        self.answer: Deferred[bytes] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """
        The answer.
        """
        self.answer.callback(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The end.
        """
        self.lost.callback(None)


class Answering(Echo):
    """
    Repeats what it hears, and knows when that is over.
    """

    over: Deferred[None]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The end.
        """
        self.over.callback(None)


class ProxyForTests(TestCase):
    """
    One call puts a proxy on the reactor.
    """

    async def test_relays(self) -> None:
        """
        What is sent comes back; the behavior can be changed; nothing is left at the end.
        """
        from twisted.internet import reactor

        Answering.over = Deferred()
        server = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Answering)
        )
        self.addCleanup(server.stopListening)
        proxy = await proxyFor(reactor, f"127.0.0.1:{server.getHost().port}")
        endpoint = TCP4ClientEndpoint(reactor, proxy.host, proxy.port)
        ask = await endpoint.connect(Factory.forProtocol(Ask))
        ask.transport.write(b"hello")
        self.assertEqual(await ask.answer, b"hello")
        proxy.setBehavior("delay", sleep=0.5)
        self.assertEqual(proxy.behavior, "delay")
        with self.assertRaises(Refused):
            proxy.setBehavior("delay", slep=1)
        await proxy.stop()
        await ask.lost
        await Answering.over
        self.assertEqual(proxy.address, "")
        self.assertEqual(proxy.proxy.links, set())

"""
Connections to oneself count as refused, whatever makes them.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IReactorTCP, IReactorTime
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from tests.express.support import withoutSix
from tests.ports import freePort
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.health_check import Reachability
from vaurien_twisted.transports.addresses import clientEndpoint
from vaurien_twisted.transports.self_connect import ConnectingReactor

Plain = socket.socket


class SelfConnecting(socket.socket):
    """
    Connects from the very port that it connects to, as happens by chance.
    """

    def connect_ex(self, place: Any) -> int:
        """
        Bind to it first.
        """
        if self.getsockname()[1] == 0:
            self.bind(place)
        return super().connect_ex(place)


class Counting(Factory):
    """
    Counts the protocols that it builds.
    """

    noisy = False
    built = 0

    def buildProtocol(self, addr: Any) -> Protocol:
        """
        One that does nothing.
        """
        self.built += 1
        return Protocol()


class SelfConnectTests(TestCase):
    """
    Every kind of address.
    """

    timeout = 120.0

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.port = freePort()
        self.patch(socket, "socket", SelfConnecting)

    async def refused(self, text: str) -> None:
        """
        A connection to C{text} is refused; its factory has built nothing, and the port can
        be listened on at once, by a server that does not reuse addresses.
        """
        factory = Counting()
        connecting = clientEndpoint(self.reactor, text, "backend", 30.0).connect(factory)
        await self.assertFailure(connecting, ConnectionRefusedError)
        self.assertEqual(factory.built, 0, text)
        self.bindable(text)

    def bindable(self, text: str) -> None:
        """
        A server can have the port now.
        """
        family = socket.AF_INET6 if "::" in text else socket.AF_INET
        with Plain(family) as server:
            server.bind(("::1" if "::" in text else "127.0.0.1", self.port))
            server.listen()

    async def test_pitfall30_kinds(self) -> None:
        """
        By express, by Twisted's own transports, and by both below another address.
        """
        for form in ("127.0.0.1:{}", "tcp:127.0.0.1:{}", "proxied:v2:127.0.0.1:{}"):
            await self.refused(form.format(self.port))

    async def test_pitfall30_localhost(self) -> None:
        """
        C{localhost} has two addresses, and neither is reached.
        """
        await self.refused(f"localhost:{self.port}")

    async def test_pitfall30_every(self) -> None:
        """
        The address of all interfaces means this machine.
        """
        await self.refused(f"0.0.0.0:{self.port}")

    async def test_pitfall30_six(self) -> None:
        """
        IPv6.
        """
        if withoutSix():
            raise SkipTest(withoutSix())
        await self.refused(f"[::1]:{self.port}")

    async def test_pitfall30_name(self) -> None:
        """
        A name that is looked up.
        """
        from twisted.internet.endpoints import HostnameEndpoint

        endpoint = HostnameEndpoint(ConnectingReactor(self.reactor), "localhost", self.port)
        factory = Counting()
        await self.assertFailure(endpoint.connect(factory), ConnectionRefusedError)
        self.assertEqual(factory.built, 0)

    async def test_pitfall30_tls(self) -> None:
        """
        TLS is not begun with oneself.
        """
        await self.refused(f"ssl:127.0.0.1:{self.port}")

    async def test_pitfall30_look(self) -> None:
        """
        C{--connect-first} does not take it for a backend that is there.
        """
        changes: list[bool] = []
        for form in ("127.0.0.1:{}", "tcp:127.0.0.1:{}"):
            endpoint = clientEndpoint(self.reactor, form.format(self.port), "backend")
            reach = Reachability(
                self.reactor, lambda endpoint=endpoint: endpoint, lambda: changes.append(True)
            )
            await Deferred.fromCoroutine(reach.begin())
            self.assertFalse(reach.reachable)
            self.assertIn("refused", reach.reason.lower())
            reach.stop()
        self.assertEqual(changes, [])


class ReachedTests(TestCase):
    """
    Connections to others.
    """

    timeout = 120.0

    async def test_other(self) -> None:
        """
        A server on this machine is reached, from any port.
        """
        from twisted.internet import reactor

        listening: Any = reactor.listenTCP(0, Counting(), interface="127.0.0.1")
        self.addCleanup(listening.stopListening)
        port = listening.getHost().port
        endpoint = TCP4ClientEndpoint(ConnectingReactor(reactor), "127.0.0.1", port)
        ended: Deferred[None] = Deferred()
        made: Any = await endpoint.connect(Counting())
        made.connectionLost = lambda reason: ended.callback(None)
        made.transport.loseConnection()
        await ended


class ReactorTests(SynchronousTestCase):
    """
    The wrapper of the reactor.
    """

    def test_interfaces(self) -> None:
        """
        It passes on what Twisted's endpoints use.
        """
        reactor = MemoryReactorClock()
        view = ConnectingReactor(reactor)
        for interface in (IReactorTCP, IReactorTime):
            self.assertTrue(verifyObject(interface, view))
        called: list[int] = []
        view.callLater(2, called.append, 7)
        self.assertEqual(len(view.getDelayedCalls()), 1)
        reactor.advance(2)
        self.assertEqual(called, [7])
        self.assertEqual(view.seconds(), reactor.seconds())
        self.assertIs(view.nameResolver, reactor.nameResolver)

    def test_badName(self) -> None:
        """
        A name that nothing could look up is refused, in Twisted's own string too.
        """
        for text in (f"tcp:{'a' * 64}:80", "tcp:host=a..b:port=80"):
            self.assertRaises(Refused, clientEndpoint, MemoryReactorClock(), text, "backend")

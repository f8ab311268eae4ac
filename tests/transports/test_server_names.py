"""
TLS with servers whose certificate must be for a certain host.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.integration.authority import Authority
from tests.transports.test_host_names import Resolver
from vaurien_twisted.transports.addresses import clientEndpoint, serverEndpoint
from vaurien_twisted.transports.certificates import serverName
from vaurien_twisted.transports.tls_factory import HandshakeFailed


class Greeting(Protocol):
    """
    Sends one word, or keeps the received bytes.
    """

    def __init__(self, word: bytes = b"") -> None:
        self.word = word
        self.heard: Deferred[bytes] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        """
        Say it.
        """
        assert self.transport is not None
        self.transport.write(self.word)

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        if not self.heard.called:
            self.heard.callback(data)

    def connectionLost(self, reason: Any = None) -> None:
        """
        Over.
        """
        self.lost.callback(None)


class Greeters(Factory):
    """
    Builds one kind of them.
    """

    noisy = False

    def __init__(self, word: bytes = b"") -> None:
        self.word = word
        self.built: list[Greeting] = []

    def buildProtocol(self, addr: Any) -> Greeting:
        """
        One more.
        """
        self.built.append(Greeting(self.word))
        return self.built[-1]


class OddServerTests(TestCase):
    """
    A test server with a certificate, found by an injected resolver.
    """

    timeout = 120.0

    async def serve(self, *hosts: str) -> tuple[int, str]:
        """
        A server with a certificate for C{hosts}: its port, and the authority's file.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        folder = Path(self.mktemp())
        folder.mkdir()
        authority = Authority(folder, "odd")
        signed = authority.sign("server", *hosts)
        text = f"ssl:0:interface=127.0.0.1:privateKey={signed.key}:certKey={signed.certificate}"
        self.servers = Greeters(b"hello")
        port: Any = await serverEndpoint(reactor, text, "proxy").listen(self.servers)
        self.addCleanup(self.ended, port)
        before = self.reactor.installNameResolver(Resolver("127.0.0.1"))
        self.addCleanup(self.reactor.installNameResolver, before)
        return port.getHost().port, authority.certificate

    async def ended(self, port: Any) -> None:
        """
        Nothing is left.
        """
        await port.stopListening()

    async def test_pitfall32_tls(self) -> None:
        """
        The certificate is checked against a name with an underscore, with the dot of the
        root too.
        """
        port, trusted = await self.serve("my_service", "plain.example")
        for name in ("my_service", "my_service.", "plain.example."):
            text = f"tls:{name}:{port}:trustRoots={trusted}"
            clients = Greeters()
            made: Any = await clientEndpoint(self.reactor, text, "backend").connect(clients)
            self.assertEqual(await clients.built[0].heard, b"hello")
            made.transport.loseConnection()
            await clients.built[0].lost
            await self.servers.built[-1].lost

    async def test_pitfall32_another(self) -> None:
        """
        A certificate for another host is refused, and so is one of another authority.
        """
        port, trusted = await self.serve("other_service")
        for text in (f"tls:my_service:{port}:trustRoots={trusted}", f"tls:other_service:{port}"):
            connecting = clientEndpoint(self.reactor, text, "backend").connect(Greeters())
            await self.assertFailure(connecting, HandshakeFailed)

    async def test_pitfall32_nameless(self) -> None:
        """
        A certificate that names no host is refused, whatever the host is called, and nothing is
        logged as a failure.
        """
        port, trusted = await self.serve()
        for host in ("my_service", "plain.example", "127.0.0.1"):
            text = f"tls:{host}:{port}:trustRoots={trusted}"
            connecting = clientEndpoint(self.reactor, text, "backend").connect(Greeters())
            failed = await self.assertFailure(connecting, HandshakeFailed)
            self.assertIn("its certificate names no host", str(failed))
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_address(self) -> None:
        """
        A certificate for an IP address is good for that one.
        """
        port, trusted = await self.serve("127.0.0.1")
        text = f"tls:127.0.0.1:{port}:trustRoots={trusted}"
        clients = Greeters()
        made: Any = await clientEndpoint(self.reactor, text, "backend").connect(clients)
        self.assertEqual(await clients.built[0].heard, b"hello")
        made.transport.loseConnection()
        await clients.built[0].lost
        await self.servers.built[-1].lost
        port, trusted = await self.serve("127.0.0.2")
        text = f"tls:127.0.0.1:{port}:trustRoots={trusted}"
        connecting = clientEndpoint(self.reactor, text, "backend").connect(Greeters())
        await self.assertFailure(connecting, HandshakeFailed)


class NameTests(SynchronousTestCase):
    """
    How certificates name a host.
    """

    def test_forms(self) -> None:
        """
        Without the root's dot, in ASCII, and without an interface.
        """
        for host, name in (
            ("example.com.", "example.com"),
            ("b\u00fccher.example", "xn--bcher-kva.example"),
            ("fe80::1%eth0", "fe80::1"),
            ("127.0.0.1", "127.0.0.1"),
        ):
            self.assertEqual(serverName(host), name)

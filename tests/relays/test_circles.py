"""
Proxies that would connect to themselves.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.control.support import REGISTRY, Asker
from tests.integration.authority import papers
from tests.ports import freePort
from tests.transports.test_host_names import Resolver
from vaurien_twisted.app.tap import Options, serviceFor
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyConfig, ProxyDefaults
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.relays.circles import checkCircle
from vaurien_twisted.testing import proxyFor


class CheckTests(SynchronousTestCase):
    """
    What the addresses tell.
    """

    def refused(self, *arguments: Any) -> str:
        """
        Why.
        """
        refused = self.assertRaises(Refused, checkCircle, *arguments)
        self.assertEqual(refused.name, "backend")
        self.assertNotIn("\n", refused.description)
        return refused.description

    def test_pitfall31_itself(self) -> None:
        """
        A proxy before itself.
        """
        self.assertIn("itself", self.refused("a", ":80", "localhost:80", []))
        checkCircle("a", ":80", "localhost:81", [])
        checkCircle("a", "localhost:0", "localhost:80", [])

    def test_pitfall31_circles(self) -> None:
        """
        Two proxies, and three, also where one leads to several.
        """
        two = [("b", ":81", "localhost:80")]
        self.assertIn("'a' to 'b' to 'a'", self.refused("a", ":80", "localhost:81", two))
        three = [("c", ":82", "127.0.0.1:80"), ("b", "127.0.0.1:81", "localhost:82")]
        self.assertIn("'a' to 'b' to 'c' to 'a'", self.refused("a", ":80", ":81", three))

    def test_chains(self) -> None:
        """
        One proxy before another is none; nor is the one that is to be replaced.
        """
        checkCircle("a", ":80", ":81", [("b", ":81", "db:80")])
        checkCircle("a", ":80", ":81", [("a", ":81", ":80")])
        checkCircle("a", ":80", ":81", [("b", ":81", ":82"), ("c", ":82", ":81")])


class RefusedTests(SynchronousTestCase):
    """
    Everywhere an address can be given.
    """

    def setUp(self) -> None:
        clock = MemoryReactorClock()
        self.proxies = ProxyCollection(clock, ProxyDefaults(REGISTRY), Journal(clock.seconds), 7)
        self.proxies.add(self.proxies.make(ProxyConfig("a", "127.0.0.1:8001", "db:1")))
        self.proxies.add(self.proxies.make(ProxyConfig("b", "127.0.0.1:8002", "localhost:8001")))
        self.asker = Asker(controlRoot(self.proxies))

    def test_pitfall31_rest(self) -> None:
        """
        Over HTTP: 400, one line, and nothing changes.
        """
        for method, path, body in (
            ("PUT", "/backend", {"backend": "0.0.0.0:8001"}),
            ("PUT", "/backend", {"backend": "localhost:8002"}),
            ("PUT", "/proxies/a/backend", {"backend": "[::ffff:127.0.0.1]:8001"}),
            ("POST", "/proxies", {"name": "c", "listen": "localhost:8003", "upstream": ":8003"}),
            ("PATCH", "/proxies/a", {"upstream": "localhost:8002"}),
            ("PATCH", "/proxies/b", {"listen": "localhost:8001"}),
            ("POST", "/proxies/b", {"listen": ":8005", "upstream": "127.0.0.2:8005"}),
            (
                "POST",
                "/populate",
                [{"name": "c", "listen": "localhost:8003", "upstream": "tcp:127.0.0.1:8003"}],
            ),
        ):
            answer = self.asker.ask(method, path, body)
            self.assertEqual(answer.status, 400, (method, path, body))
        told = [(p.name, p.listen, p.backend) for p in self.proxies.proxies]
        self.assertEqual(
            told, [("a", "127.0.0.1:8001", "db:1"), ("b", "127.0.0.1:8002", "localhost:8001")]
        )

    def started(self, *words: str) -> str:
        """
        What is said of a command line.
        """
        options = Options()
        options.parseOptions(list(words))
        error = self.assertRaises(UsageError, serviceFor, options, MemoryReactorClock())
        self.assertNotIn("\n", str(error))
        return str(error)

    def test_pitfall31_commandLine(self) -> None:
        """
        At the start, also by a file.
        """
        said = self.started("--proxy", "0.0.0.0:8000", "--backend", "127.0.0.2:8000")
        self.assertTrue(said.startswith("--backend: "), said)
        path = Path(self.mktemp())
        path.write_text(
            "[proxy:a]\nlisten = :8001\nupstream = localhost:8002\n"
            "[proxy:b]\nlisten = :8002\nupstream = localhost:8001\n"
        )
        self.assertIn("in a circle, 'b' to 'a' to 'b'", self.started("--config", str(path)))


class Ended(Protocol):
    """
    Says when its connection is over.
    """

    def __init__(self) -> None:
        self.over: Deferred[Any] = Deferred()

    def connectionLost(self, reason: Any = ConnectionDone) -> None:
        """
        It is.
        """
        self.over.callback(reason.type)


class MetTests(TestCase):
    """
    What the addresses do not tell ends with the first client.
    """

    timeout = 120.0

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        before = self.reactor.installNameResolver(Resolver("127.0.0.1"))
        self.addCleanup(self.reactor.installNameResolver, before)

    async def proxy(self, backend: str, **more: Any) -> Any:
        """
        One proxy.
        """
        proxy = await proxyFor(self.reactor, backend, **more)
        self.addCleanup(proxy.stop)
        return proxy

    async def ends(self, text: str, *proxies: Any) -> None:
        """
        A client is reset, and few connections were made.
        """
        endpoint = clientFromString(self.reactor, text)
        client: Any = await endpoint.connect(Factory.forProtocol(Ended))
        await client.over
        reasons = [
            entry["reason"]
            for proxy in proxies
            for entry in proxy.journal.since()
            if entry["kind"] == "unreachable"
        ]
        self.assertIn("it leads back to this proxy", reasons)
        self.assertLess(sum(proxy.proxy.relays.accepted for proxy in proxies), 12)

    async def test_pitfall31_name(self) -> None:
        """
        A name that turns out to be ours, by every kind of transport.
        """
        for listen, backend in (
            ("127.0.0.1:{}", "ourselves:{}"),
            ("tcp:{}:interface=127.0.0.1", "ourselves:{}"),
            ("127.0.0.1:{}", "proxied:v2:ourselves:{}"),
        ):
            port = freePort()
            proxy = await self.proxy(backend.format(port), listen=listen.format(port))
            await self.ends(f"tcp:127.0.0.1:{port}", proxy)

    async def test_pitfall31_tls(self) -> None:
        """
        Over TLS.
        """
        port, signed = freePort(), papers().server
        listen = f"ssl:{port}:interface=127.0.0.1:privateKey={signed.key}"
        listen += f":certKey={signed.certificate}"
        proxy = await self.proxy(f"ssl:ourselves:{port}", listen=listen)
        await self.ends(f"ssl:127.0.0.1:{port}", proxy)

    async def test_pitfall31_two(self) -> None:
        """
        Two proxies by each other's names.
        """
        one, other = freePort(), freePort()
        first = await self.proxy(f"other:{other}", listen=f"127.0.0.1:{one}")
        second = await self.proxy(f"one:{one}", listen=f"127.0.0.1:{other}")
        await self.ends(f"tcp:127.0.0.1:{one}", first, second)
        await self.ends(f"tcp:127.0.0.1:{other}", first, second)

    async def test_pitfall31_framed(self) -> None:
        """
        Where requests are read, and with a rule in force.
        """
        port = freePort()
        proxy = await self.proxy(
            f"ourselves:{port}", protocol="redis", behavior="delay", listen=f"127.0.0.1:{port}"
        )
        await self.ends(f"tcp:127.0.0.1:{port}", proxy)

    async def test_pitfall31_link(self) -> None:
        """
        A symbolic link that leads to us since we listen.
        """
        folder = Path(mkdtemp())
        self.addCleanup(folder.rmdir)
        link = folder / "link"
        proxy = await self.proxy(f"unix:{link}", listen=f"unix:{folder}/socket")
        link.symlink_to(folder / "socket")
        self.addCleanup(link.unlink)
        self.addCleanup(proxy.stop)
        await self.ends(f"unix:{folder}/socket", proxy)

    async def test_chain(self) -> None:
        """
        A proxy before another is no circle, also where it was one before.
        """
        listening: Any = self.reactor.listenTCP(
            0, Factory.forProtocol(Protocol), interface="127.0.0.1"
        )
        self.addCleanup(listening.stopListening)
        one, other = freePort(), freePort()
        first = await self.proxy(f"other:{other}", listen=f"127.0.0.1:{one}")
        second = await self.proxy(f"one:{one}", listen=f"127.0.0.1:{other}")
        await self.ends(f"tcp:127.0.0.1:{one}", first, second)
        second.proxy.setBackend(f"127.0.0.1:{listening.getHost().port}")
        endpoint = clientFromString(self.reactor, f"tcp:127.0.0.1:{one}")
        client: Any = await endpoint.connect(Factory.forProtocol(Ended))
        while not any(link.traffic.fromClient for link in second.proxy.links):
            client.transport.write(b"x")
            pause: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, pause.callback, None)
            await pause
        client.transport.abortConnection()
        await client.over

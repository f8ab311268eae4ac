"""
Tests for L{vaurien_twisted.proxies.health_check}, and for proxies with C{--connect-first}.
"""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.support import REGISTRY
from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import readConfig
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults, declaredFromJSON, declaredFromWords
from vaurien_twisted.proxies.health_check import LATER, SOON, STEADY, TIMEOUT, Reachability
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal


class Backend:
    """
    An endpoint that answers as the test sets it.

    @ivar looks: those that wait for an answer.
    @ivar cancelled: the number of cancelled checks.
    """

    def __init__(self) -> None:
        self.looks: list[tuple[Factory, Deferred[Any]]] = []
        self.cancelled = 0

    def connect(self, factory: Factory) -> Deferred[Any]:
        """
        One more.
        """

        def cancel(look: Deferred[Any]) -> None:
            self.cancelled += 1

        look: Deferred[Any] = Deferred(cancel)
        self.looks.append((factory, look))
        return look

    def answer(self, there: bool) -> Any:
        """
        The actions of the connected protocol, if there was one.
        """
        factory, look = self.looks.pop()
        if not there:
            look.errback(ConnectionRefusedError())
            return None
        protocol = factory.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        look.callback(protocol)
        return transport


class ReachabilityTests(SynchronousTestCase):
    """
    Looking.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.backend = Backend()
        self.changes: list[bool] = []
        backend: Any = self.backend
        self.reach = Reachability(self.clock, lambda: backend, self.changed)

    def changed(self) -> None:
        """
        Record the current state.
        """
        self.changes.append(self.reach.reachable)

    def begin(self, there: bool) -> None:
        """
        Have looked once.
        """
        first = Deferred.fromCoroutine(self.reach.begin())
        self.assertNoResult(first)
        self.backend.answer(there)
        self.successResultOf(first)

    def test_there(self) -> None:
        """
        A connection to a backend that answers is closed at once, and the check is repeated.
        """
        first = Deferred.fromCoroutine(self.reach.begin())
        transport = self.backend.answer(True)
        self.successResultOf(first)
        self.assertTrue(transport.disconnecting)
        self.assertEqual((self.reach.reachable, self.reach.reason), (True, ""))
        for _ in range(3):
            self.clock.advance(STEADY - 0.01)
            self.assertEqual(self.backend.looks, [])
            self.clock.advance(0.01)
            self.backend.answer(True)
        self.assertEqual(self.changes, [])

    def test_comesAndGoes(self) -> None:
        """
        Each change is reported once.
        """
        self.begin(True)
        for there in (True, False, False, True, True, False):
            self.clock.advance(STEADY)
            self.backend.answer(there)
        self.assertEqual(self.changes, [False, True, False])
        self.assertIn("refused", self.reach.reason)

    def test_backoff(self) -> None:
        """
        While the backend is down the pauses between checks grow up to a limit; the next time they
        begin from the shortest.
        """
        self.begin(False)
        self.assertEqual(self.changes, [])
        for _ in range(2):
            pause = SOON
            for _ in range(8):
                self.clock.advance(pause - 0.001)
                self.assertEqual(self.backend.looks, [])
                self.clock.advance(0.002)
                self.backend.answer(False)
                pause = min(2 * pause, LATER)
            self.clock.advance(LATER + 0.001)
            self.backend.answer(True)
            self.clock.advance(STEADY + 0.001)
            self.backend.answer(False)
        self.assertEqual(self.changes, [True, False, True, False])

    def test_noAnswer(self) -> None:
        """
        A check that takes too long is cancelled: the backend is not reachable.
        """
        self.begin(True)
        self.clock.advance(STEADY)
        self.clock.advance(TIMEOUT)
        self.assertEqual(self.backend.cancelled, 1)
        self.assertEqual((self.changes, self.reach.reason), ([False], "no answer within 5 s"))

    def test_doubt(self) -> None:
        """
        A client that could not be connected counts as a check; further ones change nothing.
        """
        self.begin(True)
        self.reach.markUnreachable("refused")
        self.reach.markUnreachable("refused again")
        self.assertEqual((self.changes, self.reach.reason), ([False], "refused"))
        self.clock.advance(SOON)
        self.backend.answer(True)
        self.assertEqual(self.changes, [False, True])

    def test_renew(self) -> None:
        """
        Another backend is checked soon; the result of the running check is ignored.
        """
        self.begin(False)
        self.clock.advance(SOON)
        self.reach.renew()
        self.assertEqual((self.backend.cancelled, len(self.backend.looks)), (1, 2))
        self.backend.answer(True)
        self.assertEqual(self.changes, [True])

    def test_stop(self) -> None:
        """
        Nothing is left then, not even of the first look.
        """
        first = Deferred.fromCoroutine(self.reach.begin())
        self.reach.stop()
        self.successResultOf(first)
        self.assertEqual((self.reach.reachable, self.changes), (False, []))
        self.begin(True)
        self.reach.stop()
        self.reach.renew()
        self.reach.markUnreachable("refused")
        self.assertEqual((self.clock.getDelayedCalls(), self.changes), ([], []))

    def test_beginsOnce(self) -> None:
        """
        It checks once, however often it is started.
        """
        self.begin(True)
        self.successResultOf(Deferred.fromCoroutine(self.reach.begin()))
        self.assertEqual(self.backend.looks, [])


class ProxyTests(TestCase):
    """
    A real proxy before a backend that starts and stops.
    """

    timeout = 60

    async def begin(self, up: bool, **more: Any) -> Proxy:
        """
        A proxy before a backend that is there or not.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.journal = Journal(self.reactor.seconds)
        # It has its port, but does not listen, so that no client can connect.
        self.backend = socket.socket()
        self.addCleanup(self.backend.close)
        self.backend.bind(("127.0.0.1", 0))
        if up:
            self.rise()
        defaults = ProxyDefaults(REGISTRY, proxyOptions=ProxyOptions(connect_first=True))
        self.proxies = ProxyCollection(self.reactor, defaults, self.journal, 0)
        where = f"127.0.0.1:{self.backend.getsockname()[1]}"
        item = {"name": "it", "listen": "127.0.0.1:0", "upstream": where, **more}
        proxy = await self.proxies.create(declaredFromJSON(defaults, item))
        self.addCleanup(proxy.stopService)
        return proxy

    def rise(self) -> None:
        """
        The backend is there.
        """
        self.backend.listen()

    async def until(self, ready: Any) -> None:
        """
        Let the reactor run.
        """
        for _ in range(500):
            if ready():
                return
            await deferLater(self.reactor, 0.02)
        self.fail("nothing within 10 s")

    def connects(self, proxy: Proxy) -> int:
        """
        The error of a client's connecting.
        """
        port = int(proxy.listen.rpartition(":")[2])
        client = socket.socket()
        self.addCleanup(client.close)
        return client.connect_ex(("127.0.0.1", port))

    def kinds(self) -> list[str]:
        """
        The entries of the journal, in order.
        """
        kinds = [entry["kind"] for entry in self.journal.since()]
        # Whether a client connects in between depends on timing.
        return [kind for kind in kinds if kind != "unreachable"]

    async def test_there(self) -> None:
        """
        Where the backend is there clients are accepted from the start.
        """
        proxy = await self.begin(True)
        self.assertEqual((self.connects(proxy), self.kinds()), (0, []))

    async def test_notThere(self) -> None:
        """
        Where it is not they are refused, until it is; the port is the same all the time.
        """
        proxy = await self.begin(False)
        address = proxy.address
        self.assertRegex(address, r"\A127\.0\.0\.1:[1-9]")
        self.assertEqual(self.connects(proxy), errno.ECONNREFUSED)
        self.rise()
        await self.until(lambda: proxy.host is not None)
        self.assertEqual((self.connects(proxy), proxy.address), (0, address))
        self.backend.close()
        await self.until(lambda: proxy.host is None)
        self.assertEqual(self.connects(proxy), errno.ECONNREFUSED)
        self.assertEqual(self.kinds(), ["refusing", "reached", "refusing"])

    async def test_between(self) -> None:
        """
        A client that is accepted in the moment in which the backend has gone is reset, and
        those after it are refused.
        """
        proxy = await self.begin(True)
        self.backend.close()
        client = socket.socket()
        self.addCleanup(client.close)
        client.connect(("127.0.0.1", int(proxy.address.rpartition(":")[2])))
        client.setblocking(False)
        await self.until(lambda: proxy.host is None)
        self.assertRaises(ConnectionResetError, client.recv, 1)
        self.assertEqual(self.connects(proxy), errno.ECONNREFUSED)
        self.assertIn("refusing", self.kinds())

    async def test_refuse(self) -> None:
        """
        A plan that does not listen and a backend that is not there are apart: both have to
        allow it.
        """
        proxy = await self.begin(False)
        proxy.faults.setPlan(proxy.ruleBuilder.one("refuse", {}))
        self.rise()
        await self.until(lambda: "reached" in self.kinds())
        self.assertIsNone(proxy.host)
        proxy.faults.setPlan(proxy.ruleBuilder.one("dummy", {}))
        await self.until(lambda: proxy.host is not None)

    async def test_enabled(self) -> None:
        """
        A proxy that is not enabled does not look; one that becomes so looks first.
        """
        proxy = await self.begin(False, enabled=False)
        self.assertEqual(self.kinds(), [])
        await proxy.update(enabled=True)
        self.assertIsNone(proxy.host)
        await proxy.update(enabled=False)
        self.rise()
        await proxy.update(enabled=True)
        self.assertEqual((self.connects(proxy), self.kinds()), (0, ["refusing"]))

    async def test_backend(self) -> None:
        """
        Another backend is looked at.
        """
        proxy = await self.begin(False)
        with socket.create_server(("127.0.0.1", 0)) as other:
            proxy.setBackend(f"127.0.0.1:{other.getsockname()[1]}")
            await self.until(lambda: proxy.host is not None)
        await self.until(lambda: proxy.host is None)

    async def test_notAsked(self) -> None:
        """
        A proxy without checks accepts clients whatever its backend does, and closes them in order.
        """
        proxy = await self.begin(False, connect_first=False)
        self.assertEqual((self.connects(proxy), self.kinds()), (0, []))


class DeclaringTests(SynchronousTestCase):
    """
    The option's forms.
    """

    def test_forms(self) -> None:
        """
        In JSON and in ini files; the default is that of all proxies.
        """
        defaults = ProxyDefaults(REGISTRY)
        base = {"name": "it", "upstream": "localhost:1"}
        for said in ({}, {"connect_first": True}):
            self.assertEqual(declaredFromJSON(defaults, {**base, **said}).options, said)
        for word, expected in (("yes", True), ("off", False)):
            words = {"backend": "localhost:1", "connect_first": word}
            declared = declaredFromWords(defaults, "it", words)
            self.assertEqual(declared.options, {"connect_first": expected})
        for value in ("yes", 1, []):
            self.assertRaises(Refused, declaredFromJSON, defaults, {**base, "connect_first": value})
        words = {"backend": "localhost:1", "connect_first": "perhaps"}
        refused = self.assertRaises(Refused, declaredFromWords, defaults, "it", words)
        self.assertIn("[proxy:it]: connect_first: 'perhaps' is not valid", refused.description)

    def test_file(self) -> None:
        """
        A file sets it for all proxies, and for one.
        """
        path = Path(self.mktemp())
        path.write_text(
            "[vaurien]\nconnect_first = yes\n"
            "[proxy:web]\nbackend = localhost:1\n"
            "[proxy:cache]\nbackend = localhost:2\nconnect_first = no\n"
        )
        configuration = configure(REGISTRY, readConfig(str(path)))
        defaults = configuration.defaults
        said = [defaults.optionsOf(each).connect_first for each in configuration.declared]
        self.assertEqual(said, [True, False])

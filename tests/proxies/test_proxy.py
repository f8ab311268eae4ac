"""
Tests for L{vaurien_twisted.proxies.proxy}, over loopback: what transports in memory cannot show.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from tests.support import REGISTRY
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder

PLANNER = RuleBuilder(REGISTRY)


class Talk(Protocol):
    """
    One end of a connection, which keeps the received bytes.
    """

    def __init__(self) -> None:
        self.heard = b""
        self.reason: Failure | None = None
        self._ends: list[Deferred[str]] = []
        self._waiting: list[tuple[int, Deferred[bytes]]] = []

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.heard += data
        if self._waiting and len(self.heard) >= self._waiting[0][0]:
            self._waiting.pop(0)[1].callback(self.heard)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Note why.
        """
        self.reason = reason
        for end in self._ends:
            end.callback(str(reason.value))

    def end(self) -> Deferred[str]:
        """
        Wait for the end; its reason in words.
        """
        end: Deferred[str] = Deferred()
        if self.reason is not None:
            end.callback(str(self.reason.value))
        else:
            self._ends.append(end)
        return end

    def hear(self, size: int) -> Deferred[bytes]:
        """
        Wait for C{count} bytes in all.
        """
        waiting: Deferred[bytes] = Deferred()
        if len(self.heard) >= size:
            waiting.callback(self.heard)
        else:
            self._waiting.append((size, waiting))
        return waiting


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    """
    Echoes all bytes, also after the other side has ended.
    """

    def connectionMade(self) -> None:
        """
        One more is open.
        """
        self.factory.open.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        One less is.
        """
        self.factory.open.discard(self)

    def readConnectionLost(self) -> None:
        """
        End in order.
        """
        assert self.transport is not None
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        The end of the stream.
        """

    def dataReceived(self, data: bytes) -> None:
        """
        Say it.
        """
        assert self.transport is not None
        self.transport.write(data)


def proxy(reactor: Any, backend: str, name: str = "proxy", **more: Any) -> Proxy:
    """
    A proxy on a free port.
    """
    return Proxy(
        reactor,
        name=name,
        listen=more.pop("listen", "127.0.0.1:0"),
        backend=backend,
        wire=REGISTRY.wire(more.pop("wire", "tcp")),
        ruleBuilder=PLANNER,
        journal=Journal(reactor.seconds),
        seed=7,
        **more,
    )


class ProxyTests(TestCase):
    """
    A proxy before a backend that echoes.
    """

    timeout = 120

    async def begin(self, **more: Any) -> Proxy:
        """
        A proxy that listens, and its backend.
        """
        from twisted.internet import reactor

        self.reactor = reactor
        factory: Any = Factory.forProtocol(Echo)
        factory.open = set()
        self.addCleanup(self.over, factory)
        self.echo = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.addCleanup(self.echo.stopListening)
        made = proxy(reactor, f"127.0.0.1:{self.echo.getHost().port}", **more)
        self.addCleanup(made.stopService)
        made.privilegedStartService()
        made.startService()
        assert made.listening is not None
        await made.listening
        return made

    async def over(self, factory: Any) -> None:
        """
        The backend has seen the end of all connections.
        """
        while factory.open:
            await deferLater(self.reactor, 0.005)

    async def client(self, to: Proxy) -> Talk:
        """
        A connection to a proxy, closed at the end.
        """
        host: Any = to.host
        endpoint = TCP4ClientEndpoint(self.reactor, "127.0.0.1", host.port)
        made: Any = await endpoint.connect(Factory.forProtocol(Talk))
        talk: Talk = made

        def close() -> Deferred[str]:
            made.transport.abortConnection()
            return talk.end()

        self.addCleanup(close)
        return talk

    async def test_carries(self) -> None:
        """
        Bytes there and back, unchanged, many of them.
        """
        made = await self.begin()
        talk = await self.client(made)
        data = bytes(range(256)) * 8192
        assert talk.transport is not None
        talk.transport.write(data)
        self.assertTrue(await talk.hear(len(data)) == data)

    async def test_pitfall1_controlNeverWaitsOnData(self) -> None:
        """
        A client that never reads, with every buffer full: plans are changed and the
        proxy stopped all the same.
        """
        made = await self.begin()
        with socket.socket() as deaf:
            host: Any = made.host
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            deaf.connect_ex(("127.0.0.1", host.port))
            sent = 0
            # That is more than all buffers take which are on the way back.
            while sent < 2**24:
                with contextlib.suppress(BlockingIOError, BrokenPipeError):
                    sent += deaf.send(b"x" * 65536)
                await self.turn()
            self.assertEqual(len(made.links), 1)
            for name in ("hang", "delay", "error", "dummy"):
                made.faults.setPlan(PLANNER.one(name, {}))
                self.assertEqual(made.plan, PLANNER.one(name, {}))
            await made.stopService()
        self.assertEqual(made.links, set())

    def turn(self) -> Deferred[None]:
        """
        Let the reactor run once.
        """
        waiting: Deferred[None] = Deferred()
        clock: Any = self.reactor
        clock.callLater(0, waiting.callback, None)
        return waiting

    async def test_pitfall3_resetArrives(self) -> None:
        """
        C{abort} is ECONNRESET on the wire, not an end in order.
        """
        made = await self.begin(plan=PLANNER.one("abort", {}))
        talk = await self.client(made)
        assert talk.transport is not None
        talk.transport.write(b"question")
        reason = await talk.end()
        self.assertIn("Connection to the other side was lost", reason)
        self.assertNotIn("closed cleanly", reason)
        self.assertEqual(talk.heard, b"")

    async def test_pitfall4_halfClose(self) -> None:
        """
        A client that half-closes still gets the whole reply.
        """
        made = await self.begin(plan=PLANNER.one("delay", {"sleep": 0.05}))
        talk = await self.client(made)
        transport: Any = talk.transport
        transport.write(b"last words")
        transport.loseWriteConnection()
        self.assertEqual(await talk.hear(10), b"last words")

    async def test_pitfall6_backendDown(self) -> None:
        """
        If the backend refuses, the client, which was accepted already, is closed at once; the
        journal has the reason.
        """
        made = await self.begin()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            made.setBackend(f"127.0.0.1:{closed.getsockname()[1]}")
            talk = await self.client(made)
            reason = await talk.end()
        self.assertIn("closed cleanly", reason)

    async def test_setBackend(self) -> None:
        """
        New clients go to the new backend, open links keep theirs; an invalid address changes
        nothing.
        """
        made = await self.begin()
        before = made.backend
        refused = self.assertRaises(Refused, made.setBackend, "nowhere")
        self.assertEqual((refused.name, made.backend), ("backend", before))
        old = await self.client(made)
        assert old.transport is not None
        old.transport.write(b"1")
        await old.hear(1)
        made.setBackend("127.0.0.1:1")
        self.assertEqual(made.backend, "127.0.0.1:1")
        new = await self.client(made)
        await new.end()
        old.transport.write(b"2")
        self.assertEqual(await old.hear(2), b"12")

    async def test_stopAndStartAgain(self) -> None:
        """
        Stopping resets every link and frees the port; a stopped proxy can be started again.
        """
        made = await self.begin()
        talk = await self.client(made)
        assert talk.transport is not None
        talk.transport.write(b"1")
        await talk.hear(1)
        self.assertEqual(len(made.links), 1)
        await made.stopService()
        self.assertEqual((made.links, made.address, made.host), (set(), "", None))
        made.startService()
        self.assertNotEqual(made.address, "")

    async def test_pitfall11_portIsNotLeaked(self) -> None:
        """
        A proxy that could not listen releases everything, and can be started again.
        """
        first = await self.begin()
        second = proxy(self.reactor, "127.0.0.1:1", listen=first.address)
        second.privilegedStartService()
        assert second.listening is not None
        refused: Any = await second.listening.addErrback(lambda failure: failure.value)
        self.assertIsInstance(refused, Refused)
        self.assertIn("address already in use", refused.description)
        await second.stopService()
        await first.stopService()
        second.startService()
        self.assertNotEqual(second.address, "")
        await second.stopService()

    async def test_pitfall18_proxiesAreApart(self) -> None:
        """
        Two proxies share no plan, no links and no counts.
        """
        one = await self.begin()
        two = proxy(self.reactor, one.backend, "two")
        self.addCleanup(two.stopService)
        two.startService()
        one.faults.setPlan(PLANNER.one("error", {}))
        self.assertTrue(two.plan.transparent)
        talk = await self.client(two)
        assert talk.transport is not None
        talk.transport.write(b"unharmed")
        self.assertEqual(await talk.hear(8), b"unharmed")
        self.assertEqual((len(one.links), len(two.links)), (0, 1))


class BadAddressTests(SynchronousTestCase):
    """
    Addresses are checked when a proxy is made.
    """

    def test_refused(self) -> None:
        """
        By the option at fault.
        """
        from twisted.internet import reactor

        refused = self.assertRaises(Refused, proxy, reactor, "nowhere")
        self.assertEqual(refused.name, "backend")
        refused = self.assertRaises(Refused, proxy, reactor, "a:80", listen="nowhere")
        self.assertEqual(refused.name, "proxy")

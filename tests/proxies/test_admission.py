"""
Tests for L{vaurien_twisted.proxies.listener}, and for a proxy under C{down} and C{refuse}.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.support import REGISTRY
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.listener import RETRY, Admission
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.testing import RunningProxy, proxyFor

PLANNER = RuleBuilder(REGISTRY)


class Place:
    """
    Stands in for a listener.

    @ivar refuses: why the place cannot be taken.
    @ivar slow: opening waits until this fires.
    """

    text = "somewhere"

    def __init__(self) -> None:
        self.opened = False
        self.tries = 0
        self.refuses: Exception | None = None
        self.slow: Deferred[None] | None = None

    async def open(self) -> None:
        """
        Take it.
        """
        self.tries += 1
        if self.slow is not None:
            await self.slow
        if self.refuses is not None:
            raise self.refuses
        self.opened = True

    async def close(self) -> None:
        """
        Leave it.
        """
        self.opened = False


class AdmissionTests(SynchronousTestCase):
    """
    Leaving a place and taking it again.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.place: Any = Place()
        self.wanted = True
        self.admission = Admission(self.clock, self.place, DeferredLock(), lambda: self.wanted)

    def update(self, wanted: bool) -> bool:
        """
        Want it so; whether the place is taken then.
        """
        self.wanted = wanted
        self.admission.update()
        return bool(self.place.opened)

    def test_asWanted(self) -> None:
        """
        The port is opened and closed as required.
        """
        self.assertEqual([self.update(each) for each in (True, False, True)], [True, False, True])

    def test_triedAgain(self) -> None:
        """
        A place that cannot be taken is tried again until it can.
        """
        self.place.refuses = Refused("cannot listen on somewhere", "proxy")
        self.assertFalse(self.update(True))
        self.clock.pump([RETRY] * 3)
        self.assertEqual(self.place.tries, 4)
        self.place.refuses = None
        self.clock.advance(RETRY)
        self.assertTrue(self.place.opened)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_noLongerWanted(self) -> None:
        """
        Opening is not retried when it is no longer required.
        """
        self.place.refuses = Refused("cannot listen on somewhere", "proxy")
        self.update(True)
        self.update(False)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.update(True)
        self.admission.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_changedMeanwhile(self) -> None:
        """
        A change during opening takes effect afterwards.
        """
        self.place.slow = Deferred()
        self.update(True)
        self.update(False)
        self.place.slow.callback(None)
        self.assertFalse(self.place.opened)

    def test_otherFailures(self) -> None:
        """
        Unexpected errors are logged.
        """
        self.place.refuses = ValueError("unheard of")
        self.update(True)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class ListeningTests(TestCase):
    """
    A real proxy.
    """

    timeout = 120

    async def begin(self, behavior: str = "dummy", **more: Any) -> RunningProxy:
        """
        A proxy before a socket that accepts.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        backend = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(backend.close)
        where = f"127.0.0.1:{backend.getsockname()[1]}"
        proxy = await proxyFor(reactor, where, "tcp", behavior, **more)
        self.addCleanup(proxy.stop)
        return proxy

    async def turns(self) -> None:
        """
        Run the pending calls of the reactor.
        """
        for _ in range(10):
            await deferLater(self.reactor, 0.005)

    async def until(self, true: Callable[[], Any]) -> None:
        """
        Let it do so until that is so; and a little more, that it stays so.
        """
        while not true():
            await deferLater(self.reactor, 0.005)
        await self.turns()
        self.assertTrue(true())

    async def closed(self, proxy: RunningProxy) -> None:
        """
        Wait until clients are refused.
        """
        await self.until(lambda: proxy.proxy.host is None)

    async def opened(self, proxy: RunningProxy) -> None:
        """
        Wait until clients are let in.
        """
        await self.until(lambda: proxy.proxy.host is not None)

    async def connect(self, port: int) -> tuple[int, socket.socket]:
        """
        A client, and the error of its connecting.
        """
        client = socket.socket()
        self.addCleanup(client.close)
        client.setblocking(False)
        error = client.connect_ex(("127.0.0.1", port))
        if error == errno.EINPROGRESS:
            # That is the kernel's affair, not the reactor's.
            select.select([], [client], [], 60)
            error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return error, client

    async def test_refuse(self) -> None:
        """
        The kernel refuses new clients, open connections continue, and the port is the same
        afterwards.
        """
        proxy = await self.begin()
        port = proxy.port
        _, old = await self.connect(port)
        await self.until(lambda: len(proxy.proxy.links) == 1)
        proxy.setBehavior("refuse")
        await self.closed(proxy)
        error, _ = await self.connect(port)
        self.assertEqual(error, errno.ECONNREFUSED)
        self.assertEqual(len(proxy.proxy.links), 1)
        self.assertRaises(BlockingIOError, old.recv, 1)
        proxy.setBehavior("dummy")
        await self.opened(proxy)
        self.assertEqual(proxy.port, port)
        error, _ = await self.connect(port)
        self.assertEqual(error, 0)
        await self.until(lambda: len(proxy.proxy.links) == 2)

    async def test_down(self) -> None:
        """
        Open connections are reset, too.
        """
        proxy = await self.begin()
        port = proxy.port
        _, old = await self.connect(port)
        await self.until(lambda: len(proxy.proxy.links) == 1)
        proxy.setBehavior("down")
        await self.closed(proxy)
        select.select([old], [], [], 60)
        self.assertRaises(ConnectionResetError, old.recv, 1)
        error, _ = await self.connect(port)
        self.assertEqual((error, proxy.proxy.links), (errno.ECONNREFUSED, set()))

    async def test_fromTheStart(self) -> None:
        """
        A proxy that begins so keeps its port afterwards.
        """
        proxy = await self.begin("refuse")
        port = proxy.port
        await self.closed(proxy)
        error, _ = await self.connect(port)
        self.assertEqual((error, proxy.proxy.host), (errno.ECONNREFUSED, None))
        proxy.setBehavior("dummy")
        self.assertEqual(proxy.port, port)

    async def test_endpointStrings(self) -> None:
        """
        The port is the same again where an endpoint string left it open, too.
        """
        for listen in ("tcp:0:interface=127.0.0.1", "tcp:port=0:interface=127.0.0.1"):
            proxy = await self.begin(listen=listen)
            port = proxy.port
            proxy.setBehavior("refuse")
            await self.closed(proxy)
            proxy.setBehavior("dummy")
            await self.opened(proxy)
            self.assertEqual(proxy.port, port, listen)

    async def test_forAWhile(self) -> None:
        """
        The port opens again when the rule expires.
        """
        proxy = await self.begin()
        port = proxy.port
        plan = planFromRules(PLANNER, [{"behavior": "down", "for": 0.1}])
        proxy.proxy.faults.setPlan(plan)
        self.assertIsNone(proxy.proxy.host)
        await self.opened(proxy)
        self.assertEqual(proxy.port, port)

    async def test_takenMeanwhile(self) -> None:
        """
        If another process has the port meanwhile, it is opened when that process has ended.
        """
        proxy = await self.begin()
        port = proxy.port
        proxy.setBehavior("refuse")
        await self.closed(proxy)
        other = socket.create_server(("127.0.0.1", port))
        proxy.setBehavior("dummy")
        await self.turns()
        self.assertIsNone(proxy.proxy.host)
        other.close()
        await self.opened(proxy)
        self.assertEqual(proxy.port, port)

    async def test_switching(self) -> None:
        """
        However often and fast it changes, the last word counts.
        """
        proxy = await self.begin()
        port = proxy.port
        for name in ("down", "dummy", "refuse", "dummy") * 25:
            proxy.setBehavior(name)
        await self.opened(proxy)
        self.assertEqual(proxy.port, port)
        proxy.setBehavior("down")
        await self.closed(proxy)

    async def test_disabled(self) -> None:
        """
        A proxy that is not enabled, or enabled while it is down, does not listen.
        """
        proxy = await self.begin()
        await proxy.proxy.update(enabled=False)
        proxy.setBehavior("down")
        proxy.setBehavior("dummy")
        await self.turns()
        self.assertEqual((proxy.proxy.host, proxy.address), (None, ""))
        proxy.setBehavior("down")
        await proxy.proxy.update(enabled=True)
        self.assertIsNone(proxy.proxy.host)
        proxy.setBehavior("dummy")
        await self.opened(proxy)

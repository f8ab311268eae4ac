"""
Delays are what they say.

How long they really took is kept in trial's log; that they are never shorter, and not much
longer, is all that is asserted, for a machine may have other things to do.
"""

from __future__ import annotations

from math import ceil
from statistics import median
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from tests.integration.children import note
from tests.integration.support import PATIENCE, theReactor
from vaurien_twisted.testing import RunningProxy, proxyFor
from vaurien_twisted.transports.addresses import clientEndpoint, serverEndpoint

#: One command of the Redis protocol, and its reply.
REQUEST, REPLY = b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"

#: The delays, in seconds, and how many requests one connection makes after another.
DELAYS = {0.001: 200, 0.01: 50, 0.1: 10}

#: How many connections are at it at once, for delays under load.
LOAD = 20

#: How much longer the middle one may take before something is wrong, in seconds.
GENEROUS = 0.5

#: How many requests are sent at once.
PIPELINED = 1000


class Server(Protocol):
    """
    Replies to each request.
    """

    def dataReceived(self, data: bytes) -> None:
        """
        As often as was asked.
        """
        self.transport.write(REPLY * data.count(b"PING"))


class Asker(Protocol):
    """
    Asks, and tells when all replies are there.
    """

    def __init__(self) -> None:
        self._heard = b""
        self._awaited = 0
        self._done: Deferred[None] = Deferred()

    def ask(self, count: int = 1) -> Deferred[None]:
        """
        Send so many requests at once.
        """
        self._heard = b""
        self._awaited = count * len(REPLY)
        self._done = Deferred()
        self.transport.write(REQUEST * count)
        return self._done

    def dataReceived(self, data: bytes) -> None:
        """
        Replies.
        """
        self._heard += data
        if len(self._heard) == self._awaited:
            self._done.callback(None)


def quiet(protocol: Any) -> Factory:
    """
    A factory that does not log.
    """
    factory = Factory.forProtocol(protocol)
    factory.noisy = False
    return factory


def tell(what: str, delay: float, times: list[float]) -> None:
    """
    Keep the median and the 99th percentile.
    """
    most = sorted(times)[ceil(len(times) * 0.99) - 1]
    note(
        f"{what}, delay of {1000 * delay:g} ms, {len(times)} requests: "
        f"median {1000 * median(times):.2f} ms, 99th percentile {1000 * most:.2f} ms"
    )


class TimingTests(TestCase):
    """
    Through a relay in this process.

    @cvar timeout: how long a test may take, in seconds.
    """

    timeout = 5 * PATIENCE

    async def setUp(self) -> None:
        """
        A server that replies at once.
        """
        endpoint = serverEndpoint(theReactor(), "127.0.0.1:0", "backend")
        self.port = await endpoint.listen(quiet(Server))
        self.addCleanup(self.port.stopListening)

    async def proxy(self, protocol: str, delay: float, before: bool = True) -> RunningProxy:
        """
        A proxy before the server that delays.
        """
        backend = f"127.0.0.1:{self.port.getHost().port}"
        proxy = await proxyFor(theReactor(), backend, protocol, "delay", sleep=delay, before=before)
        self.addCleanup(proxy.stop)
        return proxy

    async def asker(self, proxy: RunningProxy) -> Asker:
        """
        A client of the proxy.
        """
        asker: Any = await clientEndpoint(theReactor(), proxy.address, "client").connect(
            quiet(Asker)
        )
        self.addCleanup(asker.transport.abortConnection)
        return asker

    async def times(self, asker: Asker, count: int) -> list[float]:
        """
        How long each of so many requests took, one after another.
        """
        taken = []
        for _ in range(count):
            began = theReactor().seconds()
            await asker.ask()
            taken.append(theReactor().seconds() - began)
        return taken

    async def test_idle(self) -> None:
        """
        One connection that has the relay for itself.
        """
        for protocol in ("tcp", "redis"):
            for delay, count in DELAYS.items():
                asker = await self.asker(await self.proxy(protocol, delay))
                times = await self.times(asker, count)
                tell(f"{protocol} idle", delay, times)
                self.assertGreaterEqual(min(times), delay)
                self.assertLess(median(times), delay + GENEROUS)

    async def test_load(self) -> None:
        """
        Many connections at once.
        """
        for delay, count in DELAYS.items():
            proxy = await self.proxy("redis", delay)
            askers = [await self.asker(proxy) for _ in range(LOAD)]
            asked = [Deferred.fromCoroutine(self.times(each, count)) for each in askers]
            times = [one for each in await gatherResults(asked) for one in each]
            tell(f"redis, {LOAD} connections", delay, times)
            self.assertGreaterEqual(min(times), delay)
            self.assertLess(median(times), delay + GENEROUS)

    async def test_pipelined(self) -> None:
        """
        A thousand pipelined exchanges that are each delayed by 100 ms take about 100 ms,
        whether their requests or their replies are delayed.
        """
        for before in (True, False):
            asker = await self.asker(await self.proxy("redis", 0.1, before))
            began = theReactor().seconds()
            await asker.ask(PIPELINED)
            taken = theReactor().seconds() - began
            note(f"{PIPELINED} pipelined, before={before}: {1000 * taken:.0f} ms")
            self.assertGreaterEqual(taken, 0.1)
            self.assertLess(taken, PIPELINED * 0.1 / 2)

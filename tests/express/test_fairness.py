"""
Express among other readers and timers of a reactor, and its place in it.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.express.support import (
    Endless,
    ExpressCase,
    OneFactory,
    RecordingBehavior,
    attempt,
    theReactor,
)
from vaurien_twisted.express.endpoints import ExpressClientEndpoint, ExpressServerEndpoint
from vaurien_twisted.express.poller import pollerFor


@implementer(IReadDescriptor)
class Ready:
    """
    A reader of the reactor's own that always has something to read.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.send(b"x")
        self.count = 0

    def fileno(self) -> int:
        """
        One end.
        """
        return self._ours.fileno()

    def logPrefix(self) -> str:
        """
        For the log.
        """
        return "ready"

    def doRead(self) -> None:
        """
        Count.
        """
        self.count += 1

    def connectionLost(self, reason: Any) -> None:
        """
        Close.
        """
        self._ours.close()
        self._theirs.close()


class FairnessTests(ExpressCase):
    """
    Others have their turn.
    """

    async def test_flood(self) -> None:
        """
        While two connections throw bytes at each other without end, timers and other
        readers go on.
        """
        one, two = (
            RecordingBehavior(data=lambda p: p.transport.write(bytes(p.data)) or p.data.clear())
            for _ in range(2)
        )
        port = await self.listen(OneFactory(one))
        client = ExpressClientEndpoint(theReactor(), "127.0.0.1", port.getHost().port)
        await client.connect(OneFactory(two))
        self.addCleanup(self.ended)
        two.transport.write(b"x" * 10**6)
        ready = Ready()
        theReactor().addReader(ready)
        self.addCleanup(ready.connectionLost, None)
        self.addCleanup(theReactor().removeReader, ready)
        for _ in range(20):
            before, data = ready.count, one.said.count("data")
            await self.sleep(0.001)
            self.assertGreater(ready.count, before)
            while one.said.count("data") == data:
                await self.sleep(0)
        one.transport.abortConnection()
        two.transport.abortConnection()

    async def test_dirty(self) -> None:
        """
        The reactor is left as it was.
        """
        poller = pollerFor(theReactor())
        self.assertNotIn(poller, theReactor().getReaders())
        protocol = RecordingBehavior()
        port = await self.listen(OneFactory(protocol))
        self.assertIn(poller, theReactor().getReaders())
        peer = self.socketTo(port.getHost().port)
        await self.until(lambda: protocol.transport)
        await port.stopListening()
        self.assertIn(poller, theReactor().getReaders())
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertNotIn(poller, theReactor().getReaders())


class StopTests(SynchronousTestCase):
    """
    A reactor that stops.
    """

    def test_all(self) -> None:
        """
        Connections and attempts are lost, ports stop, as Twisted's own do.
        """
        reactor = EPollReactor()
        self.addCleanup(_close, reactor)
        stopped = []
        factory = Factory()
        factory.stopFactory = lambda: stopped.append(1)
        serving, calling = RecordingBehavior(), RecordingBehavior()
        factory.buildProtocol = lambda addr: serving
        listening = ExpressServerEndpoint(reactor, 0, "127.0.0.1").listen(factory)
        port = self.successResultOf(listening)
        attempt(reactor, port.getHost().port, OneFactory(calling))
        for _ in range(1000):
            if serving.transport is not None and calling.transport is not None:
                break
            reactor.iterate(0.01)
        pending = attempt(reactor, 1, OneFactory(None), Endless)
        self.assertIsNotNone(serving.transport)
        for selectable in reactor.removeAll():
            selectable.connectionLost(None)
        self.failureResultOf(pending, ConnectionLost)
        self.assertEqual((serving.reason, calling.reason), (ConnectionLost, ConnectionLost))
        self.assertEqual(stopped, [1])
        self.assertEqual(reactor.removeAll(), [])


def _close(reactor: Any) -> None:
    reactor.removeAll()
    for reader in reactor._internalReaders:
        reader.connectionLost(None)
    reactor._poller.close()

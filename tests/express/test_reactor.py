"""
The reactor that waits for express sockets first.  Twisted's own transport tests run under it
in C{test_contract}.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import (
    IReactorCore,
    IReactorFDSet,
    IReactorTCP,
    IReactorTime,
    IReadDescriptor,
)
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from tests.express.support import OneFactory, RecordingBehavior
from vaurien_twisted.express import reactor as reactorModule
from vaurien_twisted.express.endpoints import ExpressClientEndpoint, ExpressServerEndpoint
from vaurien_twisted.express.poller import pollerFor
from vaurien_twisted.express.reactor import ExpressReactor, install, sharpenTimers

#: How often the reactor may go round until something has happened.
ROUNDS = 1000


@implementer(IReadDescriptor)
class Reading:
    """
    A reader of the reactor's own.
    """

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.heard = b""

    def fileno(self) -> int:
        """
        One end.
        """
        return self.ours.fileno()

    def logPrefix(self) -> str:
        """
        For the log.
        """
        return "reading"

    def doRead(self) -> None:
        """
        Read.
        """
        self.heard += self.ours.recv(100)

    def connectionLost(self, reason: Any) -> None:
        """
        Close both.
        """
        self.ours.close()
        self.theirs.close()


class ExpressReactorTests(SynchronousTestCase):
    """
    A reactor of its own for each test, which is turned by hand.
    """

    def setUp(self) -> None:
        """
        A reactor, and a reader that is not express.
        """
        self.reactor = ExpressReactor()
        self.reader = Reading()
        self.addCleanup(self.close)

    def close(self) -> None:
        """
        Close what is left.
        """
        for selectable in self.reactor.removeAll():
            selectable.connectionLost(None)
        self.reader.connectionLost(None)
        for reader in self.reactor._internalReaders:
            reader.connectionLost(None)
        self.reactor._poller.close()

    def until(self, done: Any) -> None:
        """
        Turn the reactor until C{done}.
        """
        for _ in range(ROUNDS):
            if done():
                return
            self.reactor.iterate(0.01)
        self.fail("it did not happen")

    def pair(self) -> tuple[RecordingBehavior, RecordingBehavior]:
        """
        The two ends of a connection.
        """
        serving, calling = RecordingBehavior(), RecordingBehavior()
        listening = ExpressServerEndpoint(self.reactor, 0, "127.0.0.1").listen(OneFactory(serving))
        self.port = self.successResultOf(listening)
        client = ExpressClientEndpoint(self.reactor, "127.0.0.1", self.port.getHost().port)
        self.successResultOf(client.connect(OneFactory(calling)))
        self.until(lambda: serving.transport)
        return serving, calling

    def test_interfaces(self) -> None:
        """
        It is a reactor like others.
        """
        for each in (IReactorCore, IReactorFDSet, IReactorTCP, IReactorTime):
            verifyObject(each, self.reactor)

    def test_alone(self) -> None:
        """
        Without express sockets it is Twisted's epoll reactor.
        """
        self.reactor.addReader(self.reader)
        self.reader.theirs.send(b"x")
        self.until(lambda: self.reader.heard)
        self.assertEqual(self.reactor.getReaders().count(self.reader), 1)

    def test_leads(self) -> None:
        """
        While there are express sockets their poller leads, and all others are heard.
        """
        serving, calling = self.pair()
        poller = pollerFor(self.reactor)
        self.assertIn(poller, self.reactor.getReaders())
        self.reactor.addReader(self.reader)
        self.reader.theirs.send(b"x")
        calling.transport.write(b"express")
        self.until(lambda: serving.data and self.reader.heard)
        serving.transport.abortConnection()
        self.port.stopListening()
        self.until(lambda: serving.reason and calling.reason)
        self.assertNotIn(poller, self.reactor.getReaders())
        self.reader.theirs.send(b"y")
        self.until(lambda: self.reader.heard == b"xy")

    def test_flood(self) -> None:
        """
        Connections that throw bytes at each other without end starve neither timers nor
        other readers.
        """
        serving, calling = self.pair()
        for each in (serving, calling):
            each.doing["data"] = lambda p: p.transport.write(bytes(p.data)) or p.data.clear()
        calling.transport.write(b"x" * 10**6)
        self.reactor.addReader(self.reader)
        called: list[int] = []
        for number in range(10):
            self.reader.theirs.send(b"x")
            self.reactor.callLater(0, called.append, number)
            self.until(lambda wanted=number + 1: len(called) == len(self.reader.heard) == wanted)

    def test_precise(self) -> None:
        """
        A wait of a millisecond and a bit is not made two: epoll alone would never be in time.
        """
        self.pair()
        times = []
        for _ in range(100):
            before = time.perf_counter()
            self.reactor.doIteration(0.0012)
            times.append(time.perf_counter() - before)
        self.assertLess(min(times), 0.002)

    def test_thread(self) -> None:
        """
        A thread wakes it.
        """
        self.pair()
        heard: list[str] = []
        self.reactor.callFromThread(heard.append, "called")
        self.reactor.iterate(5)
        self.reactor.iterate(0)
        self.assertEqual(heard, ["called"])

    def test_manyFiles(self) -> None:
        """
        A poller whose file descriptor is beyond what select knows is waited for all the same.
        """
        serving, calling = self.pair()
        self.patch(pollerFor(self.reactor), "fileno", lambda: 5000)
        calling.transport.write(b"late")
        self.reactor.callLater(0.02, lambda: None)
        self.until(lambda: serving.data)

    def test_stops(self) -> None:
        """
        When everything is removed express sockets are among it, as others are.
        """
        serving, calling = self.pair()
        selectables = self.reactor.removeAll()
        self.assertIn(pollerFor(self.reactor), selectables)
        self.assertNotIn(pollerFor(self.reactor), self.reactor.getReaders())
        for selectable in selectables:
            selectable.connectionLost(None)
        self.assertTrue(serving.reason and calling.reason)

    def test_install(self) -> None:
        """
        It is installed as other reactors are; not beside one that is there already.
        """
        from twisted.internet import reactor
        from twisted.internet.error import ReactorAlreadyInstalledError

        self.assertNotIsInstance(reactor, ExpressReactor)
        self.assertRaises(ReactorAlreadyInstalledError, install)

    def test_sharpTimers(self) -> None:
        """
        The kernel is told how late timers may be, where it can be told.
        """
        path = Path(self.mktemp())
        self.patch(reactorModule, "SLACK_FILE", str(path))
        sharpenTimers()
        self.assertEqual(path.read_text(), "1000")
        self.patch(reactorModule, "SLACK_FILE", "/nowhere/at/all")
        sharpenTimers()

    def test_protocolsWrite(self) -> None:
        """
        What a timer writes is sent.
        """
        serving, calling = self.pair()
        self.assertIsInstance(calling, Protocol)
        self.reactor.callLater(0.001, calling.transport.write, b"timer")
        self.until(lambda: serving.data == b"timer")

"""
The poller, its turns and its place in the reactor.
"""

from __future__ import annotations

import gc
import socket
from select import EPOLLIN
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.express.support import theReactor
from vaurien_twisted.express import poller as module
from vaurien_twisted.express.poller import Poller, available, pollerFor


class Readers(Clock):
    """
    A reactor that keeps its readers, and no more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        """
        Watch it.
        """
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        """
        Do not.
        """
        self.readers.remove(reader)


class PollerTests(SynchronousTestCase):
    """
    Events, handlers, and what is done after them.
    """

    def setUp(self) -> None:
        """
        A poller, and two pairs of sockets of which one end has something to read.
        """
        self.reactor = Readers()
        self.poller = Poller(self.reactor)
        self.sockets = []
        for _ in range(2):
            ours, theirs = socket.socketpair()
            self.addCleanup(ours.close)
            self.addCleanup(theirs.close)
            theirs.send(b"x")
            self.sockets.append(ours)

    def register(self, handler: Any) -> list[int]:
        """
        Register both sockets.
        """
        fds = [ours.fileno() for ours in self.sockets]
        for fd in fds:
            self.poller.register(fd, EPOLLIN, lambda events, fd=fd: handler(fd))
        return fds

    def test_interface(self) -> None:
        """
        It is a reader, whose file descriptor there is while it has sockets.
        """
        verifyObject(IReadDescriptor, self.poller)
        self.assertEqual(self.poller.fileno(), -1)
        fds = self.register(lambda fd: None)
        self.assertGreater(self.poller.fileno(), -1)
        for fd in fds:
            self.poller.unregister(fd)
        self.assertEqual(self.poller.fileno(), -1)
        self.assertEqual(self.poller.logPrefix(), "express")

    def test_registered(self) -> None:
        """
        The reactor has it only while it has sockets.
        """
        first, second = self.register(lambda fd: None)
        self.assertEqual(self.reactor.readers, [self.poller])
        self.poller.forget(first)
        self.assertEqual(self.reactor.readers, [self.poller])
        self.poller.unregister(second)
        self.assertEqual(self.reactor.readers, [])

    def test_raises(self) -> None:
        """
        A handler that raises is logged, and the others have their turn.
        """
        seen = []

        def handler(fd: int) -> None:
            seen.append(fd)
            raise ZeroDivisionError("a bug")

        self.register(handler)
        self.poller.doRead()
        self.assertEqual(len(seen), 2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_forgottenMeanwhile(self) -> None:
        """
        A socket that another's handler closes has no more events, nor has the new one
        with its number, in the same turn.
        """
        seen: list[Any] = []

        def handler(fd: int) -> None:
            seen.append(fd)
            if len(seen) > 1:
                return
            other = next(each for each in fds if each != fd)
            self.poller.unregister(other)
            self.poller.register(other, EPOLLIN, lambda events: seen.append("new"))

        fds = self.register(handler)
        self.poller.doRead()
        self.assertEqual(len(seen), 1)
        self.poller.doRead()
        self.assertEqual(seen[1:].count("new"), 1)

    def test_lastForgottenMeanwhile(self) -> None:
        """
        All sockets may go within a turn.
        """
        seen = []

        def handler(fd: int) -> None:
            seen.append(fd)
            for each in fds:
                self.poller.unregister(each)

        fds = self.register(handler)
        self.poller.doRead()
        self.assertEqual((len(seen), self.reactor.readers), (1, []))

    def test_soon(self) -> None:
        """
        What is put off comes after the events of the turn, or in the reactor's next one.
        """
        seen: list[Any] = []

        def handler(fd: int) -> None:
            self.poller.soon(lambda: seen.append("soon"))
            seen.append(fd)

        fds = self.register(handler)
        self.poller.doRead()
        self.assertEqual(sorted(seen[:2]), fds)
        self.assertEqual(seen[2:], ["soon", "soon"])
        self.poller.soon(lambda: seen.append("next"))
        self.poller.soon(lambda: seen.append("and next"))
        self.assertEqual(len(seen), 4)
        self.reactor.advance(0)
        self.assertEqual(seen[4:], ["next", "and next"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_sooner(self) -> None:
        """
        What is put off by what was put off comes in the reactor's next turn.
        """
        seen = []
        self.register(
            lambda fd: self.poller.soon(lambda: self.poller.soon(lambda: seen.append(fd)))
        )
        self.poller.doRead()
        self.assertEqual(seen, [])
        self.reactor.advance(0)
        self.assertEqual(len(seen), 2)

    def test_soonRaises(self) -> None:
        """
        A call that fails is logged, and the next is made.
        """
        seen = []
        self.poller.soon(lambda: 1 // 0)
        self.poller.soon(lambda: seen.append(1))
        self.reactor.advance(0)
        self.assertEqual(seen, [1])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_noRoom(self) -> None:
        """
        What the kernel does not take is not registered.
        """
        with self.assertRaises(OSError):
            self.poller.register(10**6, EPOLLIN, lambda events: None)
        self.assertEqual(self.reactor.readers, [])


class PollerForTests(SynchronousTestCase):
    """
    One for each reactor.
    """

    def test_one(self) -> None:
        """
        A reactor has one poller, which is not kept beyond its use.
        """
        reactor = Readers()
        poller = pollerFor(reactor)
        self.assertIs(pollerFor(reactor), poller)
        self.assertIsNot(pollerFor(Readers()), poller)
        del poller
        gc.collect()
        self.assertNotIn(id(reactor), module._pollers)

    def test_available(self) -> None:
        """
        It needs a reactor with file descriptors, and epoll.
        """
        self.assertTrue(available(theReactor()))
        self.assertFalse(available(Clock()))
        self.assertFalse(available(MemoryReactor()))
        self.patch(module, "select", object())
        self.assertFalse(available(theReactor()))

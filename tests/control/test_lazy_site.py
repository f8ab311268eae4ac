"""
Tests for a factory that is loaded in a thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from twisted.internet.interfaces import IReactorThreads
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from vaurien_twisted.control import lazy_site as loading
from vaurien_twisted.control.lazy_site import LazySite

#: How long a thread may take, in seconds.
PATIENCE = 60

#: A module that nobody needs.
RARE = "tabnanny"


@implementer(IReactorThreads)
class Threads:
    """
    A reactor that does nothing by itself.

    @ivar calls: what is to be called, in order, and where.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Callable[[], Any]]] = []

    def callWhenRunning(self, call: Callable[..., Any], *arguments: Any) -> None:
        """
        Once it runs.
        """
        self.calls.append(("running", lambda: call(*arguments)))

    def thread(self, target: Callable[..., Any], args: Any, daemon: bool) -> Any:
        """
        A thread, which does nothing by itself either.
        """
        thread = SimpleNamespace()
        thread.start = lambda: self.calls.append(("thread", lambda: target(*args)))
        return thread

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        """
        Back from there.
        """
        self.calls.append(("reactor", lambda: call(*arguments)))

    def next(self) -> str:
        """
        Call what is next, and tell where.
        """
        where, call = self.calls.pop(0)
        call()
        return where


class Slow(Factory):
    """
    The loaded factory.
    """

    noisy = False
    protocol = Protocol
    started = stopped = 0

    def startFactory(self) -> None:
        """
        Its port is open.
        """
        self.started += 1

    def stopFactory(self) -> None:
        """
        Its port is closed.
        """
        self.stopped += 1


class LazySiteTests(SynchronousTestCase):
    """
    L{LazySite}.
    """

    def setUp(self) -> None:
        """
        A factory of a module that is not loaded yet.
        """
        self.made: list[Slow] = []
        loaded = sys.modules.pop(RARE, None)
        if loaded is not None:
            self.addCleanup(sys.modules.__setitem__, RARE, loaded)
        self.addCleanup(sys.modules.pop, RARE, None)
        self.factory = LazySite(RARE, self.make)
        self.reactor = Threads()
        self.patch(loading, "Thread", self.reactor.thread)

    def make(self) -> Slow:
        """
        Note that it is made.
        """
        self.made.append(Slow())
        return self.made[-1]

    def test_inThread(self) -> None:
        """
        The module is imported in a thread once the reactor runs; the factory is made in the
        reactor's thread, once.
        """
        self.factory.doStart()
        self.factory.load(self.reactor)
        self.assertNotIn(RARE, sys.modules)
        self.assertEqual([self.reactor.next(), self.reactor.next()], ["running", "thread"])
        self.assertIn(RARE, sys.modules)
        self.assertEqual(self.made, [])
        self.assertEqual((self.reactor.next(), self.reactor.calls), ("reactor", []))
        [made] = self.made
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        self.assertIs(protocol.factory, made)
        self.assertEqual((len(self.made), made.started), (1, 1))

    def test_early(self) -> None:
        """
        A connection before that makes the factory at once.
        """
        self.factory.doStart()
        self.factory.load(self.reactor)
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        while self.reactor.calls:
            self.reactor.next()
        self.assertEqual([made.started for made in self.made], [1])
        self.assertIs(protocol.factory, self.made[0])

    def test_loaded(self) -> None:
        """
        No thread is used if the module is loaded already, or if the reactor has no threads.
        """
        sys.modules[RARE] = sys
        self.factory.load(self.reactor)
        self.assertEqual(self.reactor.calls, [])
        del sys.modules[RARE]
        self.factory.load(object())
        self.assertEqual(self.made, [])

    def test_cannotBeLoaded(self) -> None:
        """
        If the module cannot be imported, a connection gets the error, not the thread.
        """
        factory = LazySite("no.such.module", self.make)
        factory.doStart()
        factory.load(self.reactor)
        self.assertEqual([self.reactor.next(), self.reactor.next()], ["running", "thread"])
        self.assertEqual((self.reactor.calls, self.made), ([], []))

    def test_thread(self) -> None:
        """
        It is a real thread, which does not stay.
        """
        self.patch(loading, "Thread", threading.Thread)
        before = set(threading.enumerate())
        self.factory.load(self.reactor)
        self.assertEqual(self.reactor.next(), "running")
        for thread in set(threading.enumerate()) - before:
            thread.join(PATIENCE)
        self.assertIn(RARE, sys.modules)
        self.assertEqual([where for where, _ in self.reactor.calls], ["reactor"])
        self.assertEqual(set(threading.enumerate()) - before, set())

    def test_stopped(self) -> None:
        """
        It stops with its port; the factory is not made after that.
        """
        self.factory.doStart()
        self.factory.load(self.reactor)
        self.factory.buildProtocol(None)
        self.factory.doStop()
        self.assertEqual(self.made[0].stopped, 1)
        while self.reactor.calls:
            self.reactor.next()
        self.assertIsNone(self.factory.buildProtocol(None))
        self.assertEqual(len(self.made), 1)

    def test_again(self) -> None:
        """
        When the port is opened again it is made again.
        """
        for _ in range(2):
            self.factory.doStart()
            self.factory.buildProtocol(None)
            self.factory.doStop()
        self.assertEqual([made.started for made in self.made], [1, 1])

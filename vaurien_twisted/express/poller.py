# -*- test-case-name: tests.express.test_poller -*-
"""
One epoll object for all express sockets, whose events are handled in batches (epoll(7)).
"""

from __future__ import annotations

import select
from collections.abc import Callable
from weakref import WeakValueDictionary

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IServerReactor

#: How many events are handled before other readers and timers are.
BATCH = 128

#: Passed instead of events when the reactor stops: the connection is lost.
GIVEN_UP = 0

#: Called with the epoll events of a file descriptor, or with L{GIVEN_UP}.
Handler = Callable[[int], None]

#: Events by file descriptor.
Batch = list[tuple[int, int]]

#: Pollers by the id of their reactor.  The id stays unique, since the poller refers to the reactor.
_pollers: WeakValueDictionary[int, Poller] = WeakValueDictionary()


def available(reactor: object) -> bool:
    """
    Whether C{reactor} can have a poller: it watches file descriptors, and the system has epoll.
    """
    return hasattr(select, "epoll") and isinstance(reactor, PosixReactorBase)


def pollerFor(reactor: IServerReactor) -> Poller:
    """
    The poller of C{reactor}; each reactor has one.
    """
    poller = _pollers.get(id(reactor))
    if poller is None:
        poller = _pollers[id(reactor)] = Poller(reactor)
    return poller


def soonOn(reactor: IServerReactor) -> Callable[[Callable[[], None]], object]:
    """
    A function that has another one called after the events at hand.
    """
    if available(reactor):
        return pollerFor(reactor).soon
    return lambda call: reactor.callLater(0, call)


@implementer(IReadDescriptor)
class Poller:
    """
    Passes the events of express sockets to their handlers.  While it has sockets, it is a reader of
    the reactor.  An L{ExpressReactor<vaurien_twisted.express.reactor.ExpressReactor>} waits with
    the poller's epoll object instead.

    @ivar reactor: its reactor.
    """

    _log = Logger()

    def __init__(self, reactor: IServerReactor) -> None:
        self.reactor = reactor
        self._epoll: select.epoll | None = None
        self._handlers: dict[int, Handler] = {}
        self._forgotten: set[int] = set()
        self._soon: list[Callable[[], None]] = []
        self._draining = False

    def register(self, fd: int, events: int, handler: Handler) -> None:
        """
        Pass the events of a new socket to C{handler}.

        @param events: the epoll events to wait for.
        @raise OSError: the kernel cannot watch another socket.
        """
        if self._epoll is None:
            self._epoll = select.epoll()
        self._epoll.register(fd, events)
        if not self._handlers:
            self._join()
        self._handlers[fd] = handler

    def _join(self) -> None:
        lead = getattr(self.reactor, "lead", None)
        if lead is None:
            self.reactor.addReader(self)
        else:
            assert self._epoll is not None
            self._epoll.register(lead(self), select.EPOLLIN)

    def _leave(self) -> None:
        if hasattr(self.reactor, "follow"):
            self.reactor.follow()
        else:
            self.reactor.removeReader(self)
        # Otherwise sockets that a child process has inherited would still cause events.
        assert self._epoll is not None
        self._epoll.close()
        self._epoll = None

    def handle(self, fd: int, handler: Handler) -> None:
        """
        Pass the events of a socket to another handler.
        """
        self._handlers[fd] = handler

    def modify(self, fd: int, events: int) -> None:
        """
        Watch for other events.
        """
        assert self._epoll is not None
        self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """
        Forget a socket before it is closed, which removes it from the epoll object.
        """
        handlers = self._handlers
        handlers.pop(fd, None)
        if self._draining:
            self._forgotten.add(fd)
        if not handlers:
            self._leave()

    def unregister(self, fd: int) -> None:
        """
        No events of a socket that stays open.
        """
        assert self._epoll is not None
        self._epoll.unregister(fd)
        self.forget(fd)

    def soon(self, call: Callable[[], None]) -> None:
        """
        Call after the events at hand, never from within this call.
        """
        if not self._soon and not self._draining:
            self.reactor.callLater(0, self._runSoon)
        self._soon.append(call)

    def _runSoon(self) -> None:
        calls, self._soon = self._soon, []
        for call in calls:
            try:
                call()
            except Exception:
                self._log.failure("a deferred call failed")

    def doRead(self) -> None:
        """
        Drain one batch of events.
        """
        self.dispatch(self.poll(0))

    def poll(self, timeout: float = 0) -> Batch:
        """
        Wait for events.

        @param timeout: the most seconds to wait; below 0: no limit.
        @return: at most L{BATCH} of them.
        """
        epoll = self._epoll
        return [] if epoll is None else epoll.poll(timeout, BATCH)

    def dispatch(self, batch: Batch) -> bool:
        """
        Handle events.

        @return: whether the reactor that is led has events of its own.
        """
        handlers, forgotten = self._handlers, self._forgotten
        others = False
        self._draining = True
        for fd, events in batch:
            handler = handlers.get(fd)
            if handler is None:
                # Of the reactor that is led, or of a socket that was closed in this batch.
                others = True
            # The number of a socket that was closed in this batch may be another's by now.
            elif fd not in forgotten:
                try:
                    handler(events)
                except Exception:
                    self._log.failure("cannot handle the events of a socket")
        self._draining = False
        forgotten.clear()
        if self._soon:
            self._runSoon()
        return others

    def fileno(self) -> int:
        return -1 if self._epoll is None else int(self._epoll.fileno())

    def logPrefix(self) -> str:
        return "express"

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor stops: every socket is lost, as Twisted's own are.
        """
        for handler in list(self._handlers.values()):
            handler(GIVEN_UP)
        self._runSoon()

# -*- test-case-name: tests.express.test_reactor -*-
"""
A reactor that waits for express sockets first.

Under any other reactor with epoll, the poller is one reader among others: an event of an
express socket wakes the reactor's epoll object, which wakes the poller's.  Here it is the
other way round.  The reactor waits with the poller's epoll object, in which its own is
registered, so that one wait brings an express event to its handler, and all others are
looked at when there are any.  Before it sleeps it looks again for as long as that pays
(L{Spinning}).  It also keeps time to the microsecond where epoll rounds up to milliseconds.

C{vaurien} runs on it; C{twistd --reactor express} does, too.
"""

from __future__ import annotations

import select
import time
from functools import partial
from math import inf

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor

from vaurien_twisted.express.busy_poll import Spinning
from vaurien_twisted.express.poller import Batch, Poller

#: Below how many seconds a wait is worth being timed precisely.
PRECISE = 0.05

#: The highest file descriptor that select(2) knows, and one more.
_SELECTABLE = 1024


class ExpressReactor(EPollReactor):
    """
    Twisted's epoll reactor, led by the poller of express sockets while there are any.  Its time
    is monotonic: setting the clock does not change how long anything waits.
    """

    seconds = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._leader: Poller | None = None
        self._spinning = Spinning()
        super().__init__()

    def lead(self, poller: Poller) -> int:
        """
        From now on wait for C{poller}'s sockets, and among them for all others.

        @return: the file descriptor that is ready when others are.
        """
        self._leader = poller
        return int(self._poller.fileno())

    def follow(self) -> None:
        """
        The poller has no sockets any more.
        """
        self._leader = None

    def doPoll(self, timeout: float | None) -> None:
        """
        Wait for events, for at most so many seconds, and handle them.
        """
        leader = self._leader
        if leader is None:
            super().doPoll(timeout)
            return
        if timeout == 0:
            batch = leader.poll()
        else:
            limit = inf if timeout is None else timeout
            batch = self._spinning.wait(leader.poll, partial(_sleep, leader), limit)
        if leader.dispatch(batch):
            super().doPoll(0)

    #: By this name the main loop calls it.
    doIteration = doPoll

    def removeAll(self) -> list[IReadDescriptor | IWriteDescriptor]:
        """
        Forget everything that is watched, and tell what it was.
        """
        leaders = self._leaders()
        self._leader = None
        return [*super().removeAll(), *leaders]

    def getReaders(self) -> list[IReadDescriptor]:
        """
        What is watched for something to read.
        """
        return [*super().getReaders(), *self._leaders()]

    def _leaders(self) -> list[Poller]:
        return [] if self._leader is None else [self._leader]


def _sleep(leader: Poller, limit: float) -> Batch:
    """
    Wait for events, for at most so many seconds.
    """
    if limit < PRECISE and leader.fileno() < _SELECTABLE:
        select.select((leader,), (), (), limit)
        return leader.poll()
    return leader.poll(-1 if limit == inf else limit)


def install() -> None:
    """
    Make it the reactor of this process.

    @raise ReactorAlreadyInstalledError: there is one already.
    """
    from twisted.internet.main import installReactor

    installReactor(ExpressReactor())

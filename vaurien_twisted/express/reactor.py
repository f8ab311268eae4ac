# -*- test-case-name: tests.express.test_reactor -*-
"""
A reactor that waits for express sockets with one system call.

With any other reactor that uses epoll, the poller is one reader among others: an event of an
express socket first wakes the reactor's epoll object, and then the poller's is read.  This reactor
waits with the poller's epoll object, in which its own is registered.  So an event of an express
socket needs one wait, and the reactor's own epoll object is read only if it has events.  Before it
sleeps, it polls for a while (L{BusyPoll}).  Its timers are exact to the microsecond, whereas epoll
rounds up to milliseconds.

C{vaurien} runs on it, and so does C{twistd --reactor express}.
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from functools import partial
from math import inf

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor

from vaurien_twisted.express.busy_poll import BusyPoll
from vaurien_twisted.express.poller import Batch, Poller

#: Waits shorter than this, in seconds, are timed to the microsecond, by select(2).
PRECISE = 0.05

#: How late timers of the kernel may be, in nanoseconds, and where that is set (proc(5)).
SLACK, SLACK_FILE = "1000", "/proc/self/timerslack_ns"

#: select(2) accepts only file descriptors below this (C{FD_SETSIZE}).
_SELECTABLE = 1024


class ExpressReactor(EPollReactor):
    """
    Twisted's epoll reactor, which waits with the poller's epoll object while there are express
    sockets.  Its time is monotonic, so setting the clock does not change how long timers wait.
    """

    seconds = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._leader: Poller | None = None
        self._spinning = BusyPoll()
        super().__init__()

    def lead(self, poller: Poller) -> int:
        """
        Wait with C{poller} from now on.

        @return: the file descriptor that is readable when the reactor's other sockets have events.
        """
        self._leader = poller
        return int(self._poller.fileno())

    def follow(self) -> None:
        """
        Wait without the poller from now on, since it has no more sockets.
        """
        self._leader = None

    def doPoll(self, timeout: float | None) -> None:
        """
        Wait for events, and handle them.

        @param timeout: the longest time to wait, in seconds; C{None}: no limit.
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

    #: The main loop calls it by this name.
    doIteration = doPoll

    def removeAll(self) -> list[IReadDescriptor | IWriteDescriptor]:
        """
        Stop watching everything.

        @return: the descriptors that were watched.
        """
        leaders = self._leaders()
        self._leader = None
        return [*super().removeAll(), *leaders]

    def getReaders(self) -> list[IReadDescriptor]:
        """
        All readers, including the poller.
        """
        return [*super().getReaders(), *self._leaders()]

    def _leaders(self) -> list[Poller]:
        return [] if self._leader is None else [self._leader]


def sharpenTimers() -> None:
    """
    Let the timers of this process be exact.  By default, the kernel lets them be up to 50
    microseconds late, so that it can wake up for several at once.
    """
    with suppress(OSError), open(SLACK_FILE, "w") as file:
        file.write(SLACK)


def _sleep(leader: Poller, limit: float) -> Batch:
    """
    Wait for events, for at most C{limit} seconds.
    """
    if limit < PRECISE and leader.fileno() < _SELECTABLE:
        select.select((leader,), (), (), limit)
        return leader.poll()
    return leader.poll(-1 if limit == inf else limit)


def install() -> None:
    """
    Install L{ExpressReactor} as the reactor of this process.

    @raise ReactorAlreadyInstalledError: another reactor is installed.
    """
    from twisted.internet.main import installReactor

    installReactor(ExpressReactor())
    sharpenTimers()

# -*- test-case-name: tests.record.test_clocks -*-
"""
Monotonic time and wall-clock time.

Waits are measured by monotonic time, which cannot be set.  A reactor that measures them by the wall
clock would wait an hour longer if the clock is set back by an hour.  Times that users see, such as
those of the journal, are wall-clock times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.interfaces.network import IServerReactor


def useMonotonicTime(reactor: IReactorTime) -> bool:
    """
    Make a Twisted reactor measure its waits by monotonic time.  This is possible only while it has
    no delayed calls, since their times are wall-clock times.

    @return: whether it does now.  Other kinds of reactors, and those with another clock, are not
        changed.
    """
    if not isinstance(reactor, ReactorBase):
        return False
    known: Any = reactor
    if known.seconds is time.time and not reactor.getDelayedCalls():
        known.seconds = time.monotonic
    return bool(known.seconds is time.monotonic)


def installedReactor() -> IServerReactor:
    """
    Twisted's global reactor, which measures its waits by monotonic time if it can.
    """
    from twisted.internet import reactor

    found = cast("IServerReactor", reactor)
    useMonotonicTime(found)
    return found


def wallTime(reactor: IReactorTime) -> Callable[[], float]:
    """
    The clock for times that users see, in seconds since 1970.  It is the reactor's own clock if
    that is not monotonic, as in tests.
    """
    seconds: Callable[[], float] = reactor.seconds
    return time.time if seconds is time.monotonic else seconds


def inWallTime(reactor: IReactorTime, moment: float) -> float:
    """
    Convert a time of the reactor's clock to wall-clock time.
    """
    seconds: Callable[[], float] = reactor.seconds
    if seconds is not time.monotonic:
        return moment
    return time.time() - (seconds() - moment)

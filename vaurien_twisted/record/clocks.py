# -*- test-case-name: tests.record.test_clocks -*-
"""
The two times there are.

Waits are measured by monotonic time, which nobody can set: a reactor that measures them by the
time of the day waits an hour longer where that is set back by an hour.  What is told to users,
as the times of the journal, is the time of the day.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.base import ReactorBase


def useMonotonicTime(reactor: Any) -> bool:
    """
    Have a reactor of Twisted's measure its waits by monotonic time.  That can be done only while
    nothing waits, since what waits already was told the time of the day.

    @return: whether it does now.  Reactors of other kinds, and those that somebody has given
        another clock, stay as they are.
    """
    if not isinstance(reactor, ReactorBase):
        return False
    known: Any = reactor
    if known.seconds is time.time and not reactor.getDelayedCalls():
        known.seconds = time.monotonic
    return bool(known.seconds is time.monotonic)


def wallTime(reactor: Any) -> Callable[[], float]:
    """
    What tells the time of the day, in seconds since 1970, beside a reactor; the reactor's own
    clock where that is not monotonic, as in tests that have a clock.
    """
    seconds: Callable[[], float] = reactor.seconds
    return time.time if seconds is time.monotonic else seconds


def inWallTime(reactor: Any, moment: float) -> float:
    """
    A moment by the reactor's clock as the time of the day.
    """
    seconds: Callable[[], float] = reactor.seconds
    if seconds is not time.monotonic:
        return moment
    return time.time() - (seconds() - moment)

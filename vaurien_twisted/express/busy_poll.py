# -*- test-case-name: tests.express.test_busy_poll -*-
"""
Adaptive busy polling: polls for events a little longer before the process sleeps.

A sleeping process wakes up some ten microseconds after its event, and waking it takes time of the
process that sent the event.  If events follow each other closely, as those of one busy connection
do, polling a few times more is cheaper.  Otherwise it is a waste, so it goes on only while the last
events came fast.  Between two polls it yields the processor (sched_yield(2)).

The end of a wait would be noticed as late, so its last moment is polled, too, without yielding.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

#: Busy polling goes on only if the next events come within this many seconds.
LONGEST = 0.0001

#: Below this many seconds, busy polling stops altogether.
_SHORTEST = LONGEST / 100

#: A sleeping process wakes up about so many seconds late.  So it sleeps for that much less, and
#: polls for the rest of the time.
EARLY = 0.00005

Events = TypeVar("Events")


class BusyPoll:
    """
    Polls for events, for a time that depends on how fast the last ones came.

    @param clock: returns the time, in seconds.
    @param rest: called between two polls.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        rest: Callable[[], None] = os.sched_yield,
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._span = 0.0

    def wait(
        self, look: Callable[[], Events], sleep: Callable[[float], Events], timeout: float
    ) -> Events:
        """
        Wait for the next events.

        @param look: polls: returns the events that have occurred.
        @param sleep: waits until there are events, for at most the given number of seconds.
        @param timeout: the longest time to wait, in seconds.
        @return: the events; empty after C{timeout}.
        """
        events = look()
        if events:
            return events
        clock, rest = self._clock, self._rest
        begun = clock()
        until = begun + min(self._span, timeout)
        while clock() < until:
            rest()
            events = look()
            if events:
                break
        else:
            events = self._sleep(look, sleep, begun + timeout)
        # If other processes had the processor meanwhile, this counts as slow as well, although the
        # events may have come earlier.
        if events and clock() - begun < LONGEST:
            self._span = LONGEST
        else:
            self._span = self._span / 2 if self._span > _SHORTEST else 0.0
        return events

    def _sleep(
        self, look: Callable[[], Events], sleep: Callable[[float], Events], until: float
    ) -> Events:
        left = until - self._clock()
        events = sleep(left - EARLY) if left > EARLY else look()
        while not events and self._clock() < until:
            events = look()
        return events

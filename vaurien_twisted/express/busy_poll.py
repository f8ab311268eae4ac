# -*- test-case-name: tests.express.test_busy_poll -*-
"""
Adaptive spinning: looking for events a little longer before going to sleep for them.

A process that sleeps is woken some ten microseconds after its event has come, and waking it
costs whoever sent the event.  Where events follow each other closely, as those of one busy
connection do, to look again a few times is cheaper.  Where they do not, it is in vain: so it
goes on only as long as it pays.  Between two looks whoever else wants the processor may have
it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

#: Within how many seconds the next events must come for spinning to pay.
LONGEST = 0.0001

#: So few seconds are not worth looking at the clock.
_SHORTEST = LONGEST / 100

Events = TypeVar("Events")


class Spinning:
    """
    Learns from when the last events came.

    @param clock: the time in seconds.
    @param rest: called between two looks.
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
        The next events.

        @param look: tells which there are.
        @param sleep: waits until there are any, for at most so many seconds.
        @param timeout: for how many seconds to wait at most.
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
            events = sleep(max(0.0, timeout - (clock() - begun)))
        # If others had the processor meanwhile, events that had come long before are late, too.
        if events and clock() - begun < LONGEST:
            self._span = LONGEST
        else:
            self._span = self._span / 2 if self._span > _SHORTEST else 0.0
        return events

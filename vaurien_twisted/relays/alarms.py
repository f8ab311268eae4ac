# -*- test-case-name: tests.relays.test_alarms -*-
"""
The times at which waiting bytes are due, of all links of a proxy.

There may be one for each chunk of bytes.  They share one timer of the reactor, since making,
ordering and running timers takes longer than passing a chunk on.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.relays.turns import Turns

#: With at least so many alarms, the cancelled ones are removed once they are more than the others.
MANY = 128


class Alarm:
    """
    A call that is to be made at some time.
    """

    __slots__ = ("_alarms", "_call")

    def __init__(self, alarms: Alarms, call: Callable[[], None]) -> None:
        self._alarms = alarms
        self._call: Callable[[], None] | None = call

    def active(self) -> bool:
        """
        Whether the call has been neither made nor cancelled.
        """
        return self._call is not None

    def cancel(self) -> None:
        """
        Do not make the call.
        """
        if self._call is not None:
            self._call = None
            self._alarms.settle()

    def ring(self) -> None:
        """
        Make the call, unless it was cancelled.
        """
        call, self._call = self._call, None
        if call is not None:
            self._alarms.settle()
            call()


class Alarms:
    """
    Makes calls when they are due, those of an earlier time first.  If many are due at once, they
    are divided among turns of the reactor.

    @param clock: the reactor.
    @ivar turns: divides the work.
    """

    __slots__ = ("_active", "_clock", "_heap", "_numbers", "_ringing", "_timer", "_when", "turns")

    def __init__(self, clock: IReactorTime, turns: Turns) -> None:
        self._clock = clock
        self.turns = turns
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._timer: IDelayedCall | None = None
        #: When the timer fires.
        self._when = 0.0
        self._ringing = False
        #: How many have been neither made nor cancelled.
        self._active = 0

    def at(self, when: float, call: Callable[[], None]) -> Alarm:
        """
        Make a call.

        @param when: the time, in seconds by the clock.
        """
        alarm = Alarm(self, call)
        self._active += 1
        heappush(self._heap, (when, next(self._numbers), alarm))
        if not self._ringing and (self._timer is None or when < self._when):
            self._wind()
        return alarm

    def _wind(self) -> None:
        """
        Set the timer for the earliest call.
        """
        self._unwind()
        if self._heap:
            self._when = self._heap[0][0]
            left = max(0.0, self._when - self._clock.seconds())
            self._timer = self._clock.callLater(left, self._ring)

    def _unwind(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        heap, turns = self._heap, self.turns
        self._ringing = True
        try:
            with turns.slice():
                # What is due by now; calls that are added meanwhile wait for the next turn.
                now = self._clock.seconds()
                while heap and heap[0][0] <= now:
                    heappop(heap)[2].ring()
                    if turns.spent:
                        break
        finally:
            self._ringing = False
            self._wind()

    def settle(self) -> None:
        """
        One of the alarms is no longer active.
        """
        self._active -= 1
        heap = self._heap
        if not self._active:
            heap.clear()
            self._unwind()
        elif len(heap) >= MANY and len(heap) > 2 * self._active:
            heap[:] = [each for each in heap if each[2].active()]
            heapify(heap)

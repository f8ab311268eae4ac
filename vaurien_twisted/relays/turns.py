# -*- test-case-name: tests.relays.test_turns -*-
"""
Divides long work into short slices, so that other connections and control are served in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.internet.interfaces import IReactorTime

#: The longest slice of the links of one proxy, in seconds; and that for bytes that arrive while
#: work is waiting.
SLICE, SHORT = 0.005, 0.0005

#: How many exchanges or parts are handled between two reads of the clock.
STEP = 16


class Turns:
    """
    Divides the work of one proxy's links among turns of the reactor.

    Code with much to do gets a L{deadline}, checks L{over} after every L{STEP} steps, and continues
    by L{later}.

    @param clock: the reactor.
    """

    __slots__ = ("_clock", "_end", "_queue", "_scheduled")

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._queue: deque[Callable[[], None]] = deque()
        self._scheduled = False
        self._end: float | None = None

    def deadline(self) -> float:
        """
        Until when work that begins now may go on, in seconds by the clock.
        """
        if self._end is not None:
            return self._end
        return self._clock.seconds() + (SHORT if self._queue else SLICE)

    def over(self, deadline: float) -> bool:
        """
        Whether C{deadline} has passed.
        """
        return self._clock.seconds() >= deadline

    @property
    def spent(self) -> bool:
        """
        Whether a slice is in use and its time is over.
        """
        return self._end is not None and self._clock.seconds() >= self._end

    @contextmanager
    def slice(self) -> Iterator[None]:
        """
        A context in which all work shares one deadline.
        """
        if self._end is not None:
            yield
            return
        self._end = self._clock.seconds() + SLICE
        try:
            yield
        finally:
            self._end = None

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} in a later turn of the reactor, after earlier calls.
        """
        self._queue.append(call)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._clock.callLater(0, self._run)

    def _run(self) -> None:
        self._scheduled = False
        queue = self._queue
        with self.slice():
            # Calls that are added meanwhile wait for the next turn.
            for _ in range(len(queue)):
                queue.popleft()()
                if self.spent:
                    break
        if queue:
            self._schedule()

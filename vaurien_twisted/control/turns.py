# -*- test-case-name: tests.control.test_turns -*-
"""
Divides the time between requests to the control service and everything else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: For how long requests are answered in one turn of the reactor, in seconds.  A request that has
#: begun is finished.
SLICE = 0.01


class Turns:
    """
    Answers requests for at most L{SLICE} seconds in each turn of the reactor, so that many requests
    do not block the proxies.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: deque[Callable[[], None]] = deque()
        self._spent = 0.0
        self._turn: IDelayedCall | None = None

    def take(self, call: Callable[[], None]) -> None:
        """
        Call C{call} now, or in a later turn if this turn's time is used up.
        """
        if self._turn is None:
            self._turn = self._clock.callLater(0, self._next)
        if self._waiting or self._spent >= SLICE:
            self._waiting.append(call)
        else:
            self._call(call)

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} in a later turn.
        """
        self._waiting.append(call)
        if self._turn is None:
            self._turn = self._clock.callLater(0, self._next)

    def _call(self, call: Callable[[], None]) -> None:
        began = self._clock.seconds()
        try:
            call()
        finally:
            # The clock may have been set back.
            self._spent += abs(self._clock.seconds() - began)

    def _next(self) -> None:
        self._turn = None
        self._spent = 0.0
        waiting = self._waiting
        if waiting:
            self._turn = self._clock.callLater(0, self._next)
        while waiting and self._spent < SLICE:
            self._call(waiting.popleft())

# -*- test-case-name: tests.relays.test_batch_times -*-
"""
Timing exchanges that are passed over, without telling them apart.

Requests that came in one chunk have one time.  A link remembers how many replies each chunk
still awaits; where no client pipelines that is one number and one time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator


class BatchTimes:
    """
    When the requests were passed over whose replies are to come, in order.

    @param seconds: gives the time.
    @param observe: called with a duration in seconds and how many exchanges took it.
    """

    __slots__ = ("_began", "_later", "_left", "_observe", "_seconds")

    def __init__(
        self, seconds: Callable[[], float], observe: Callable[[float, int], object]
    ) -> None:
        self._seconds = seconds
        self._observe = observe
        self._began = 0.0
        self._left = 0
        self._later: deque[tuple[int, float]] | None = None

    def asked(self, count: int) -> None:
        """
        So many requests have passed.
        """
        if not self._left:
            self._began, self._left = self._seconds(), count
        elif self._later is None:
            self._later = deque(((count, self._seconds()),))
        else:
            self._later.append((count, self._seconds()))

    def replied(self, count: int) -> None:
        """
        So many replies have passed, to the oldest of the requests.
        """
        now = self._seconds()
        left = self._left
        while count > left > 0:
            self._observe(now - self._began, left)
            count -= left
            self._next()
            left = self._left
        if left:
            self._observe(now - self._began, count)
            self._left = left - count
            if count == left and self._later is not None:
                self._next()

    def _next(self) -> None:
        later = self._later
        if later:
            self._left, self._began = later.popleft()
        else:
            self._left, self._later = 0, None

    def taken(self) -> Iterator[float]:
        """
        The time of each request that awaits its reply, in order, by the same clock; from now on
        their replies are timed elsewhere.
        """
        chunks = [(self._left, self._began), *(self._later or ())]
        self._left, self._later = 0, None
        for count, began in chunks:
            for _ in range(count):
                yield began

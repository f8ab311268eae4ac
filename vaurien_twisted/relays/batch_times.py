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

    @ivar seconds: gives the time.
    @ivar observe: called with a duration in seconds and how many exchanges took it.
    @ivar began: the time of the oldest chunk.
    @ivar left: how many replies it still awaits, 0 where there is no chunk.
    @ivar later: the other chunks, each as its count and its time.
    """

    __slots__ = ("began", "later", "left", "observe", "seconds")

    def __init__(
        self, seconds: Callable[[], float], observe: Callable[[float, int], object]
    ) -> None:
        self.seconds = seconds
        self.observe = observe
        self.began = 0.0
        self.left = 0
        self.later: deque[tuple[int, float]] | None = None

    def asked(self, count: int, now: float) -> None:
        """
        So many requests have passed.

        @param now: the time.
        """
        if not self.left:
            self.began, self.left = now, count
        elif self.later is None:
            self.later = deque(((count, now),))
        else:
            self.later.append((count, now))

    def replied(self, count: int) -> None:
        """
        So many replies have passed, to the oldest of the requests.
        """
        now = self.seconds()
        left = self.left
        while count > left > 0:
            self.observe(now - self.began, left)
            count -= left
            self._next()
            left = self.left
        if left:
            self.observe(now - self.began, count)
            self.left = left - count
            if count == left and self.later is not None:
                self._next()

    def _next(self) -> None:
        later = self.later
        if later:
            self.left, self.began = later.popleft()
        else:
            self.left, self.later = 0, None

    def taken(self) -> Iterator[float]:
        """
        The time of each request that awaits its reply, in order, by the same clock; from now on
        their replies are timed elsewhere.
        """
        chunks = [(self.left, self.began), *(self.later or ())]
        self.left, self.later = 0, None
        for count, began in chunks:
            for _ in range(count):
                yield began

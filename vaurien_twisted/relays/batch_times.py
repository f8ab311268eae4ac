# -*- test-case-name: tests.relays.test_batch_times -*-
"""
Timing exchanges that are passed over, without telling them apart.

Requests that came in one chunk have one time.  A link remembers how many replies each chunk
still awaits; where no client pipelines that is one number and one time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from vaurien_twisted.model.progress import Progress


class BatchTimes:
    """
    When the requests were passed over whose replies are to come, in order.

    @ivar seconds: gives the time.
    @ivar observe: called with a duration in seconds and how many exchanges took it.
    @ivar began: the time of the oldest chunk.
    @ivar left: how many replies it still awaits, 0 where there is no chunk.
    @ivar progress: the times and sizes of that chunk, C{None} if nobody needs them.
    @ivar later: the other chunks, each as its count, its time and its progress.
    """

    __slots__ = ("began", "later", "left", "observe", "progress", "seconds")

    def __init__(
        self, seconds: Callable[[], float], observe: Callable[[float, int], object]
    ) -> None:
        self.seconds = seconds
        self.observe = observe
        self.began = 0.0
        self.left = 0
        self.progress: Progress | None = None
        self.later: deque[tuple[int, float, Progress | None]] | None = None

    def asked(self, count: int, now: float, progress: Progress | None = None) -> None:
        """
        So many requests have passed.

        @param now: the time.
        """
        if not self.left:
            self.began, self.left, self.progress = now, count, progress
        elif self.later is None:
            self.later = deque(((count, now, progress),))
        else:
            self.later.append((count, now, progress))

    def replied(self, count: int, size: int = 0) -> None:
        """
        So many replies have passed, to the oldest of the requests.

        @param size: their bytes.
        """
        now = self.seconds()
        left = self.left
        known: int | None = size
        while count > left > 0:
            self.observe(now - self.began, left)
            known = None
            if self.progress is not None:
                self.progress.passed(now, known, True)
            count -= left
            self._next()
            left = self.left
        if left:
            self.observe(now - self.began, count)
            if self.progress is not None:
                self.progress.passed(now, known, count == left)
            self.left = left - count
            if count == left and self.later is not None:
                self._next()

    def _next(self) -> None:
        later = self.later
        if later:
            self.left, self.began, self.progress = later.popleft()
        else:
            self.left, self.later = 0, None

    def taken(self) -> Iterator[tuple[float, Progress | None]]:
        """
        The time of each request that awaits its reply, in order, by the same clock, and its
        progress; from now on their replies are timed elsewhere.
        """
        chunks = [(self.left, self.began, self.progress), *(self.later or ())]
        self.left, self.later = 0, None
        for count, began, progress in chunks:
            for _ in range(count):
                yield began, progress

# -*- test-case-name: tests.relays.test_stream -*-
"""
A direction's bytes on their way through the stages of stream behaviors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.commands import Then
from vaurien_twisted.interfaces import IStage


class Passage:
    """
    One stage, and the bytes that wait in it.
    """

    __slots__ = ("cut", "ending", "key", "queue", "stage", "timer")

    def __init__(self, key: str, stage: IStage) -> None:
        self.key = key
        self.stage = stage
        #: When bytes go on, and the bytes; the end is C{None}.
        self.queue: deque[tuple[float, bytes | None]] = deque()
        self.timer: IDelayedCall | None = None
        self.cut: IDelayedCall | None = None
        self.ending = False


class Stream:
    """
    Stages one after the other, between a lane and its transport.

    @param cut: called with how the link is to end when a stage's deadline has come.
    @param drained: called when bytes that waited have gone on.
    @ivar size: how many bytes wait.
    """

    def __init__(
        self,
        clock: IReactorTime,
        write: Callable[[bytes], None],
        cut: Callable[[Then], None],
        drained: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._write = write
        self._cut = cut
        self._drained = drained
        self._passages: list[Passage] = []
        self._after: Callable[[], None] | None = None
        self._stopped = False
        self.size = 0

    @property
    def idle(self) -> bool:
        """
        Whether bytes might as well go straight to the transport.
        """
        return not self._passages and self._after is None

    def push(self, data: bytes) -> None:
        """
        Send C{data} through the stages.
        """
        self._enter(0, data)

    def end(self, after: Callable[[], None]) -> None:
        """
        The sender has ended: call C{after} when that has passed the stages.
        """
        self._after = after
        self._enter(0, None)

    def arrange(
        self, stages: Iterable[tuple[str, Callable[[], IStage], Callable[[IStage], None]]]
    ) -> None:
        """
        Have these stages from now on: each has a key, is made if it is not there yet,
        and else is updated.  What waits in a stage that is gone goes on at once.
        """
        old = {passage.key: passage for passage in self._passages}
        wanted = list(stages)
        keys = [key for key, _, _ in wanted]
        for place, passage in reversed(list(enumerate(self._passages))):
            if passage.key not in keys:
                self._remove(place, passage)
                if self._stopped:
                    return
        self._passages = []
        for key, make, update in wanted:
            passage = old.get(key) or Passage(key, make())
            if key in old:
                update(passage.stage)
            self._passages.append(passage)
        for passage in list(self._passages):
            self._time(passage)

    def _remove(self, place: int, passage: Passage) -> None:
        self._silence(passage)
        if passage.stage.drops:
            self._stopped = True
            self._cut(Then.CLOSE)
            return
        for _, data in passage.queue:
            self._leave(place, data)
        passage.queue.clear()
        del self._passages[place]

    def _time(self, passage: Passage) -> None:
        """
        Set the timer for the stage's deadline.
        """
        if passage.cut is not None and passage.cut.active():
            passage.cut.cancel()
        passage.cut = None
        now = self._clock.seconds()
        deadline = passage.stage.deadline(now)
        if deadline is not None and not self._stopped:
            when, then = deadline
            passage.cut = self._clock.callLater(max(0.0, when - now), self._cut, then)

    def _enter(self, place: int, data: bytes | None) -> None:
        if self._stopped:
            return
        if place >= len(self._passages):
            if data is not None:
                self._write(data)
            elif self._after is not None:
                after, self._after = self._after, None
                after()
            return
        passage = self._passages[place]
        now = self._clock.seconds()
        if data is None:
            passage.ending = True
            when = passage.stage.end(now)
            if when is not None:
                passage.queue.append((when, None))
        else:
            for when, part in passage.stage.push(data, now):
                passage.queue.append((when, part))
                self.size += len(part)
        self._time(passage) if passage.stage.deadline(now) is not None else None
        self._run(passage)

    def _run(self, passage: Passage) -> None:
        queue = passage.queue
        while queue and not self._stopped and passage in self._passages:
            when, data = queue[0]
            left = when - self._clock.seconds()
            if left > 0:
                if passage.timer is None or not passage.timer.active():
                    passage.timer = self._clock.callLater(left, self._ring, passage)
                return
            queue.popleft()
            self._leave(self._passages.index(passage), data)

    def _leave(self, place: int, data: bytes | None) -> None:
        if data is not None:
            self.size -= len(data)
        self._enter(place + 1, data)

    def _ring(self, passage: Passage) -> None:
        passage.timer = None
        self._run(passage)
        if not self._stopped:
            self._drained()

    def _silence(self, passage: Passage) -> None:
        for timer in (passage.timer, passage.cut):
            if timer is not None and timer.active():
                timer.cancel()
        passage.timer = passage.cut = None

    def stop(self) -> None:
        """
        Forget everything; nothing more is written.
        """
        self._stopped = True
        for passage in self._passages:
            self._silence(passage)
        self._passages = []
        self._after = None
        self.size = 0

# -*- test-case-name: tests.relays.test_filters -*-
"""
One direction of a link that passes through stream filters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.alarms import Alarms
from vaurien_twisted.relays.filter_buffer import Batch, FilterBuffer, FilterSpec
from vaurien_twisted.relays.turns import STEP

#: The shortest delay that counts as an effect of a filter, in seconds.
NOTICED = 0.0005


class FilteredStream:
    """
    Filters one after the other, between a write queue and its transport.

    @param cut: called when a filter ends the link, with how to end it.
    @param drained: called when bytes that waited have been written.
    @param alarms: knows when bytes are due, and divides long work into slices; C{None}: the clock
        does, without slices.
    @ivar ended: the end of the stream has passed all filters.
    """

    __slots__ = (
        "_after",
        "_alarms",
        "_clock",
        "_cut",
        "_cutting",
        "_drained",
        "_ending",
        "_freed",
        "_passages",
        "_stopped",
        "_turns",
        "_write",
        "ended",
    )

    def __init__(
        self,
        clock: IReactorTime,
        write: Callable[[bytes], None],
        cut: Callable[[ConnectionFate], None],
        drained: Callable[[], None],
        alarms: Alarms | None = None,
    ) -> None:
        self._clock = clock
        self._alarms = alarms
        self._turns = None if alarms is None else alarms.turns
        self._freed: list[bytes] | None = None
        self._write = write
        self._cut = cut
        self._drained = drained
        self._passages: list[FilterBuffer] = []
        self._after: list[Callable[[], None]] = []
        self._ending = False
        self._cutting = False
        self._stopped = False
        self.ended = False

    @property
    def idle(self) -> bool:
        """
        Whether there are no filters and no waiting bytes.
        """
        return not self._passages

    @property
    def clear(self) -> bool:
        """
        Whether no bytes wait.
        """
        return not any(each.size for each in self._passages)

    def waiting(self) -> int:
        """
        The number of waiting bytes, without those that count as in transit.
        """
        count = 0
        # Called for each chunk of either direction.
        for each in self._passages:
            if each.queue:
                count += max(0, each.held - each.streamFilter.flight)
        return count

    def held(self) -> int:
        """
        The memory of all waiting bytes, in bytes, overhead included.
        """
        count = 0
        for each in self._passages:
            if each.queue:
                count += each.held
        return count

    def push(self, data: bytes) -> None:
        """
        Send C{data} through the filters.
        """
        if data and not self._cutting:
            self._enter(0, data)

    def end(self, after: Callable[[], None]) -> None:
        """
        The sender has ended: call C{after} when the end has passed the filters.
        """
        if not self._cutting:
            self._after.append(after)
        if self.ended:
            self._finish()
        elif not self._ending:
            self._ending = True
            self._enter(0, None)

    def arrange(self, wanted: Sequence[FilterSpec]) -> set[str]:
        """
        Use these filters from now on.  Existing filters are kept, with their new options.  Bytes
        that wait in a removed filter continue at once; all waiting bytes do if the order of the
        kept filters has changed.

        @return: the keys of the new filters.
        """
        if self._stopped or not (wanted or self._passages):
            return set()
        known = {buffer.key for buffer in self._passages}
        if self._cutting:
            wanted = [each for each in wanted if each.key in known]
        keys = [each.key for each in wanted]
        if not self._retain(keys):
            return set()
        old = {buffer.key: buffer for buffer in self._passages}
        self._passages = [old.get(each.key) or FilterBuffer(each) for each in wanted]
        for buffer, each in zip(list(self._passages), wanted, strict=True):
            buffer.struck = each.struck
            if buffer.options != each.options:
                buffer.retime(each.options, self._clock.seconds())
            self._run(buffer)
            self._watch(buffer)
        return set(keys) - known

    def _retain(self, keys: list[str]) -> bool:
        """
        Remove the filters that are not among C{keys}.

        @return: C{False} if that has ended the link.
        """
        places = [keys.index(each.key) for each in self._passages if each.key in keys]
        swapped = places != sorted(places)
        # Begin with the last filter, so that freed bytes do not meet newer ones.
        for place in range(len(self._passages) - 1, -1, -1):
            buffer = self._passages[place]
            gone = buffer.key not in keys
            if gone and buffer.streamFilter.drops:
                # The filter dropped bytes, so later bytes would follow a gap.
                self._cut(ConnectionFate.CLOSE)
                return False
            if gone or swapped:
                self._empty(buffer, len(self._passages) if swapped else place + 1)
                if self._stopped:
                    return False
            if gone:
                buffer.silence()
                del self._passages[place]
        return True

    def stop(self) -> None:
        """
        Drop all state; nothing more is written.
        """
        self._stopped = True
        for buffer in self._passages:
            buffer.silence()
        self._passages = []
        self._after = []

    def _empty(self, buffer: FilterBuffer, place: int) -> None:
        """
        Pass all bytes that wait in a filter to the one at C{place}.
        """
        # Write all of it at once: there may be very many parts.
        freed = self._freed = []
        while buffer.queue:
            batch = buffer.queue.popleft()
            buffer.size -= batch.left
            while batch.ready():
                data = batch.take()
                if data is not None:
                    self._enter(place, data)
        self._freed = None
        if freed and not self._stopped:
            self._write(b"".join(freed))
        if buffer.ending:
            buffer.ending = False
            self._enter(place, None)

    def _enter(self, place: int, data: bytes | None) -> None:
        """
        Pass bytes, or the end (C{None}), to the filter at C{place}; after the last filter, to the
        transport.
        """
        if self._stopped:
            return
        if place >= len(self._passages):
            if data is not None and self._freed is not None:
                self._freed.append(data)
            elif data is not None:
                self._write(data)
            else:
                self.ended = True
                self._finish()
            return
        buffer, now = self._passages[place], self._clock.seconds()
        if data is None:
            buffer.ending = True
            when = buffer.streamFilter.end(now)
            if when is not None:
                buffer.queue.append(Batch(((when, None),), 0))
            elif buffer.struck is not None:
                buffer.strike()
        else:
            buffer.size += len(data)
            whole = data if buffer.struck is not None else None
            buffer.queue.append(Batch(buffer.streamFilter.push(data, now), len(data), whole))
        self._run(buffer)
        self._watch(buffer)

    def _finish(self) -> None:
        while self._after:
            self._after.pop(0)()

    def _run(self, buffer: FilterBuffer) -> None:
        """
        Pass on the bytes whose wait is over.
        """
        queue, turns = buffer.queue, self._turns
        count, deadline = 0, 0.0
        while queue and buffer.timer is None and buffer in self._passages:
            batch = queue[0]
            count += 1
            if turns is not None and count % STEP == 0:
                deadline = deadline or turns.deadline()
                if turns.over(deadline):
                    buffer.timer = self._clock.callLater(0, self._ring, buffer)
                    return
            if not batch.ready():
                queue.popleft()
                buffer.size -= batch.left
                if batch.left and buffer.struck is not None:
                    buffer.strike()
                continue
            if not self._due(buffer, batch.when):
                late = batch.when - self._clock.seconds()
                if buffer.struck is not None and late >= NOTICED:
                    buffer.strike()
                return
            size = batch.left
            data = batch.take()
            if data is not None and buffer.struck is not None and data != batch.whole:
                buffer.strike()
            if data is None:
                buffer.ending = False
            elif batch.ready():
                # A transport would join the parts that are written in one turn of the reactor.
                self._wake(buffer, batch.when)
            buffer.size -= size - batch.left
            self._enter(self._passages.index(buffer) + 1, data)

    def _due(self, buffer: FilterBuffer, when: float) -> bool:
        if when > self._clock.seconds():
            self._wake(buffer, when)
            return False
        return True

    def _wake(self, buffer: FilterBuffer, when: float) -> None:
        if when == math.inf:
            return
        if self._alarms is not None:
            buffer.timer = self._alarms.at(when, partial(self._ring, buffer))
        else:
            left = max(0.0, when - self._clock.seconds())
            buffer.timer = self._clock.callLater(left, self._ring, buffer)

    def _ring(self, buffer: FilterBuffer) -> None:
        buffer.timer = None
        if self._stopped:
            return
        self._run(buffer)
        if not self._stopped:
            self._drained()

    def _watch(self, buffer: FilterBuffer) -> None:
        """
        Set the timer for the filter's deadline.
        """
        if self._stopped or buffer not in self._passages:
            return
        now = self._clock.seconds()
        due = buffer.streamFilter.deadline(now)
        if due == buffer.due:
            return
        if buffer.cut is not None and buffer.cut.active():
            buffer.cut.cancel()
        buffer.cut, buffer.due = None, due
        if due is not None:
            left = max(0.0, due[0] - now)
            buffer.cut = self._clock.callLater(left, self._over, buffer, due[1])

    def _over(self, buffer: FilterBuffer, then: ConnectionFate) -> None:
        """
        A filter ends the link: at once, or after the bytes that have left the filter.
        """
        buffer.cut = None
        if buffer.struck is not None:
            buffer.strike()
        if then is ConnectionFate.RESET or self.ended:
            self._cut(then)
            return
        place = self._passages.index(buffer) + 1
        over, self._passages = self._passages[:place], self._passages[place:]
        for each in over:
            each.silence()
        # Ignore all later bytes of the sender.
        self._cutting = self._ending = True
        self._after = [lambda: self._cut(then)]
        if not any(each.ending for each in self._passages):
            self._enter(0, None)

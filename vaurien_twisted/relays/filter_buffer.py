# -*- test-case-name: tests.relays.test_filters -*-
"""
A stream filter, and the bytes that wait in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import attrs
from twisted.internet.interfaces import IDelayedCall

from vaurien_twisted.interfaces import IStreamFilter
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.alarms import Alarm
from vaurien_twisted.relays.memory import ENTRY_COST


@attrs.frozen
class FilterSpec:
    """
    The specification of a filter that a stream must have.

    @ivar key: identifies the filter, also when the filters are arranged again.
    @ivar options: the options of its behavior.
    @ivar make: creates the filter if the stream does not have it yet.
    @ivar struck: called when the filter first delays, changes or drops bytes, or ends the
        link; C{None} if that is not observed.
    """

    key: str
    options: object
    make: Callable[[], IStreamFilter] = attrs.field(eq=False)
    struck: Callable[[], None] | None = attrs.field(default=None, eq=False)


class Batch:
    """
    The output of a filter for one push of bytes, or for the end, which is C{None}.

    @ivar left: the number of bytes of the push that have not left the filter.
    @ivar whole: the push, if it must be compared with the output, else C{None}.
    @ivar when: the time of the next part, when L{ready} has returned C{True}.
    """

    __slots__ = ("_data", "_known", "_parts", "_there", "left", "when", "whole")

    def __init__(
        self, parts: Iterable[tuple[float, bytes | None]], left: int, whole: bytes | None = None
    ) -> None:
        self._parts = iter(parts)
        # A generator computes its parts on demand, with the options of that time.
        self._known = isinstance(parts, tuple)
        self._there = False
        self._data: bytes | None = None
        self.left = left
        self.whole = whole
        self.when = 0.0

    def ready(self) -> bool:
        """
        Fetch the next part.

        @return: C{False} if there is none.
        """
        if not self._there:
            for when, data in self._parts:
                self.when, self._data, self._there = when, data, True
                break
        return self._there

    def take(self) -> bytes | None:
        """
        Take the part that is ready.
        """
        self._there = False
        data, self._data = self._data, None
        self.left -= len(data or b"")
        return data

    def retime(self, later: Callable[[float], float]) -> None:
        """
        Change the times of the parts that are known.
        """
        self.when = later(self.when)
        if self._known:
            self._parts = iter([(later(when), data) for when, data in self._parts])


class FilterBuffer:
    """
    One filter, and the bytes that wait in it.

    @ivar size: the number of these bytes.
    @ivar due: when the filter ends the link, and how.
    @ivar ending: the end of the stream has entered the filter and not left it.
    @ivar struck: see L{FilterSpec}; C{None} once it was called.
    """

    __slots__ = (
        "cut",
        "due",
        "ending",
        "key",
        "options",
        "queue",
        "size",
        "streamFilter",
        "struck",
        "timer",
    )

    def __init__(self, wanted: FilterSpec) -> None:
        self.key = wanted.key
        self.options = wanted.options
        self.streamFilter = wanted.make()
        self.queue: deque[Batch] = deque()
        self.size = 0
        self.timer: IDelayedCall | Alarm | None = None
        self.cut: IDelayedCall | None = None
        self.due: tuple[float, ConnectionFate] | None = None
        self.ending = False
        self.struck = wanted.struck

    def strike(self) -> None:
        """
        Report that the filter has had an effect.
        """
        struck, self.struck = self.struck, None
        if struck is not None:
            struck()

    @property
    def held(self) -> int:
        """
        The memory of the waiting bytes, in bytes, approximately.
        """
        return self.size + len(self.queue) * ENTRY_COST

    def silence(self) -> None:
        """
        Cancel the timers.
        """
        for timer in (self.timer, self.cut):
            if timer is not None and timer.active():
                timer.cancel()
        self.timer = self.cut = self.due = None

    def retime(self, options: object, now: float) -> None:
        """
        Apply other options to the waiting bytes.
        """
        self.options = options
        later = self.streamFilter.update(options, now)
        if later is not None:
            for batch in self.queue:
                batch.retime(later)
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None

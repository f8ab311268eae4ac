# -*- test-case-name: tests.relays.test_filters -*-
"""
A filter in a stream, and what waits in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import attrs
from twisted.internet.interfaces import IDelayedCall

from vaurien_twisted.interfaces import IStreamFilter
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.memory import ENTRY_COST


@attrs.frozen
class FilterSpec:
    """
    A filter that a stream is to have.

    @ivar key: tells it from the others, also when it is wanted again.
    @ivar options: its behavior's.
    @ivar make: makes it if it is not there yet.
    @ivar struck: called when the stage first delays, changes or drops something, or ends the
        link; C{None} where nobody needs to know.
    """

    key: str
    options: object
    make: Callable[[], IStreamFilter] = attrs.field(eq=False)
    struck: Callable[[], None] | None = attrs.field(default=None, eq=False)


class Batch:
    """
    What a filter made of one push, or of the end, for which C{None} stands.

    @ivar left: how many bytes of the push have not gone on.
    @ivar whole: the push, where it is to be compared with what was made of it, else C{None}.
    @ivar when: the time of the next part, once that is L{ready}.
    """

    __slots__ = ("_data", "_known", "_parts", "_there", "left", "when", "whole")

    def __init__(
        self, parts: Iterable[tuple[float, bytes | None]], left: int, whole: bytes | None = None
    ) -> None:
        self._parts = iter(parts)
        # Those of a generator come when they are asked for, and know the options then.
        self._known = isinstance(parts, tuple)
        self._there = False
        self._data: bytes | None = None
        self.left = left
        self.whole = whole
        self.when = 0.0

    def ready(self) -> bool:
        """
        Have the next part; C{False} if there is none.
        """
        if not self._there:
            for when, data in self._parts:
                self.when, self._data, self._there = when, data, True
                break
        return self._there

    def take(self) -> bytes | None:
        """
        The part that is ready.
        """
        self._there = False
        data, self._data = self._data, None
        self.left -= len(data or b"")
        return data

    def retime(self, later: Callable[[float], float]) -> None:
        """
        Change the times that are known.
        """
        self.when = later(self.when)
        if self._known:
            self._parts = iter([(later(when), data) for when, data in self._parts])


class FilterBuffer:
    """
    One filter, and the bytes that wait in it.

    @ivar size: how many these are.
    @ivar due: when the filter ends the link, and how.
    @ivar ending: the end has come in and not gone on.
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
        self.timer: IDelayedCall | None = None
        self.cut: IDelayedCall | None = None
        self.due: tuple[float, ConnectionFate] | None = None
        self.ending = False
        self.struck = wanted.struck

    def strike(self) -> None:
        """
        The stage has had an effect.
        """
        struck, self.struck = self.struck, None
        if struck is not None:
            struck()

    @property
    def held(self) -> int:
        """
        How many bytes that takes in memory, about.
        """
        return self.size + len(self.queue) * ENTRY_COST

    def silence(self) -> None:
        """
        Cancel what was to happen later.
        """
        for timer in (self.timer, self.cut):
            if timer is not None and timer.active():
                timer.cancel()
        self.timer = self.cut = self.due = None

    def retime(self, options: object, now: float) -> None:
        """
        Other options are in force.
        """
        self.options = options
        later = self.streamFilter.update(options, now)
        if later is not None:
            for batch in self.queue:
                batch.retime(later)
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None

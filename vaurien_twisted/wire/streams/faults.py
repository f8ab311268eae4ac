# -*- test-case-name: tests.wire.http.test_stream_editor -*-
"""
Faults of streams of events or lines, in any protocol.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import inf

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IBodyEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.streaming import EVENTS, LINES, StreamAction, StreamFault
from vaurien_twisted.wire.streams.terminators import isTerminator
from vaurien_twisted.wire.streams.units import Splitter, dataOf, textOf

#: The characters of garbled data: printable ones, so that the stream remains text.
GARBAGE = bytes(range(0x21, 0x7F))

#: Actions that change the length of the content.
RESIZING = frozenset((StreamAction.LOSE, StreamAction.ERROR))


def resizes(fault: StreamFault) -> bool:
    """
    Whether the fault changes the length of a body that passes completely.
    """
    return fault.ends or fault.action in RESIZING


@implementer(IBodyEditor)
class StreamEditor:
    """
    Applies a fault to the events or lines of one body.

    @param unit: the unit of the body, L{EVENTS} or L{LINES}.
    """

    __slots__ = ("_due", "_fault", "_held", "_over", "_passed", "_splitter", "_unit", "struck")

    def __init__(self, fault: StreamFault, unit: str) -> None:
        self._fault = fault
        self._unit = unit
        self._splitter = Splitter(unit)
        self._passed = 0
        #: The time at which the latest slowed event goes on.
        self._due = 0.0
        #: The event that waits to be joined with the next one.
        self._held = b""
        self._over = False
        self.struck = False

    @property
    def reason(self) -> str:
        fault, passed = self._fault, self._passed
        if self._splitter.fault:
            return self._splitter.fault
        if passed <= fault.count and fault.action is not StreamAction.LOSE:
            return f"not struck: the reply had {passed:,} {self._unit}"
        if fault.action is StreamAction.LOSE and fault.wanted is None:
            return f"not struck: none of {passed:,} {self._unit} ends the stream"
        return f"not struck: none of {passed:,} {self._unit} was one for it"

    @property
    def held(self) -> int:
        """
        The number of bytes of the incomplete event and of the event that waits for it.
        """
        return len(self._splitter.kept) + len(self._held)

    def push(self, data: bytes, now: float) -> Iterator[EditedBytes]:
        if self._over:
            return
        if self._splitter.fault:
            yield EditedBytes(data)
            return
        if not self._passed and not self._fault.count:
            # A reply that is cut before its first event does not wait for that event.
            yield from self._ending()
            if self._over:
                return
        for unit in self._splitter.feed(data):
            yield from self._editUnit(unit, now)
            if self._over:
                return
        if self._splitter.fault:
            yield EditedBytes(self._take() + self._splitter.take())

    def end(self, now: float) -> Iterator[EditedBytes]:
        if self._over:
            return
        rest, then = self._splitter.take(), self._fault.then
        if rest.strip(b"\r\n") and not self._splitter.fault:
            # A last line needs no end; an event without an end is not an event.
            if self._unit == EVENTS:
                yield EditedBytes(self._take() + rest)
            else:
                yield from self._editUnit(rest, now)
            rest = b""
            if self._over:
                return
        rest = self._take() + rest
        if then is not ConnectionFate.KEEP and self._fault.action not in _CUTTING:
            self.struck = self._over = True
            yield EditedBytes(rest, then=then)
        elif rest:
            yield EditedBytes(rest)

    def release(self, reason: str) -> Iterator[EditedBytes]:
        """
        Apply no more faults, and pass all bytes that are held back.
        """
        if self._over:
            return
        self._splitter.fault = reason
        held = self._take() + self._splitter.take()
        if held:
            yield EditedBytes(held)

    def _take(self) -> bytes:
        held, self._held = self._held, b""
        return held

    def _editUnit(self, unit: bytes, now: float) -> Iterator[EditedBytes]:
        """
        The bytes that replace one event or line.
        """
        fault = self._fault
        self._passed += 1
        place = self._passed - fault.count
        if place <= 0:
            yield EditedBytes(unit)
            if not place:
                yield from self._ending()
            return
        if fault.strikes and place > fault.strikes:
            # The event before it, which was held back to be joined with it, was the last one.
            yield EditedBytes(self._take() + unit)
            return
        yield from self._strike(unit, place, now)

    def _strike(self, unit: bytes, place: int, now: float) -> Iterator[EditedBytes]:
        """
        The bytes that replace an event or line that the fault applies to.

        @param place: its number among these, from 1.
        """
        fault = self._fault
        match fault.action:
            case StreamAction.STALL:
                self.struck = True
                # All later events wait behind it.
                yield EditedBytes(unit, (fault.pause or inf) if place == 1 else 0.0)
            case StreamAction.SLOW:
                self.struck = True
                yield EditedBytes(unit, self._wait(now))
            case StreamAction.SPLIT if len(unit) > 1:
                self.struck = True
                middle = len(unit) // 2
                yield EditedBytes(unit[:middle])
                yield EditedBytes(unit[middle:], self._wait(now))
            case StreamAction.JOIN if not self._held:
                self._held = unit
            case StreamAction.JOIN:
                self.struck = True
                yield EditedBytes(self._take() + unit)
            case StreamAction.LOSE if self._isWanted(unit):
                self.struck = True
            case StreamAction.GARBLE:
                garbled = self._garbled(unit, place)
                self.struck = self.struck or garbled != unit
                yield EditedBytes(garbled)
            case _:
                yield EditedBytes(unit)

    def _wait(self, now: float) -> float:
        """
        How long the next event waits, in seconds, so that the pause lies between it and the one
        before.
        """
        self._due = max(now, self._due) + self._fault.pause
        return self._due - now

    def _isWanted(self, unit: bytes) -> bool:
        wanted = self._fault.wanted
        if wanted is None:
            return isTerminator(unit, self._unit)
        return wanted(textOf(unit, self._unit))

    def _garbled(self, unit: bytes, place: int) -> bytes:
        """
        C{unit} with the second half of its data replaced, so that the data is not JSON.
        """
        chance = random.Random(self._fault.seed + place)
        changed = bytearray(unit)
        for start, end in dataOf(unit, self._unit):
            middle = (start + end) // 2
            changed[middle:end] = bytes(chance.choices(GARBAGE, k=end - middle))
            # JSON cannot end with it.
            changed[end - 1] = 0x7B
        return bytes(changed)

    def _ending(self) -> Iterator[EditedBytes]:
        """
        The ending of the reply after enough events have passed, if it ends there.
        """
        fault = self._fault
        if fault.action in _CUTTING:
            self.struck = self._over = True
            event = fault.event
            if event and self._unit == LINES:
                event = textOf(event, EVENTS).encode() + b"\n"
            yield EditedBytes(event, last=fault.ends, then=fault.then)


#: Actions that end the reply.
_CUTTING = (StreamAction.CUT, StreamAction.ERROR)

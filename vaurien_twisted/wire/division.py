# -*- test-case-name: tests.wire.test_division -*-
"""
Divides a chunk of whole requests into runs that pass, and requests that are decided one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

from vaurien_twisted.model.batch_decision import (
    UNAFFECTED,
    BatchDecision,
    DecidedChunk,
    Part,
    Request,
)

#: How many requests pass in one batch.
MOST = 32768

#: To how many requests in one chunk something may happen: all are recorded in one go.
MOST_DECIDED = 512


#: The division of a chunk: the number of requests if all pass together, otherwise 0; their
#: decision, C{None} for none; and the parts if there are several, or if numbers must be drawn.
Passed = tuple[int, DecidedChunk | None, Sequence[Part]]

#: All requests of the chunk are decided one by one.
STOPPED: Passed = (0, None, ())

#: The most requests of one chunk with decisions of their own, which take a turn of the reactor.
MOST_ALONE = 128


class AlikeRequests(Sequence[Request]):
    """
    Requests of a pipeline that differ only in their subject, which has the same size in each.  The
    subjects are read on demand.

    @param data: the chunk.
    @param ends: the place where each request ends in the chunk.
    @param size: the size of a subject, in bytes; two bytes follow it.
    """

    __slots__ = ("_command", "_data", "_ends", "_size")

    def __init__(self, command: str, data: bytes, ends: Sequence[int], size: int) -> None:
        self._command = command
        self._data = data
        self._ends = ends
        self._size = size

    @property
    def commands(self) -> tuple[str, ...]:
        """
        The command of each.
        """
        return (self._command,) * len(self._ends)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> Request: ...

    @overload
    def __getitem__(self, index: slice) -> AlikeRequests: ...

    def __getitem__(self, index: int | slice) -> Request | AlikeRequests:
        if isinstance(index, slice):
            return AlikeRequests(self._command, self._data, self._ends[index], self._size)
        one = (self._ends[index],)
        return next(iter(AlikeRequests(self._command, self._data, one, self._size)))

    def __iter__(self) -> Iterator[Request]:
        command, data, size = self._command, self._data, self._size + 2
        for end in self._ends:
            yield command, data[end - size : end - 2].decode("utf-8", "backslashreplace"), b"", None


Item = TypeVar("Item")


def _joined(first: Sequence[Item], more: Sequence[Item]) -> Sequence[Item]:
    """
    Both; C{first} itself if it is a list.
    """
    whole: list[Item] = first if isinstance(first, list) else list(first)
    whole.extend(more)
    return whole


class Division:
    """
    The parts of a chunk, as its requests are found one after the other.

    @ivar over: whether the chunk has too many requests, or too many that need decisions of their
        own, to divide it.
    """

    __slots__ = (
        "_alone",
        "_batchDecision",
        "_count",
        "_end",
        "_ends",
        "_passing",
        "_requests",
        "_told",
        "over",
        "parts",
    )

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.over = False
        self._alone = self._told = self._passing = self._count = self._end = 0
        self._batchDecision = UNAFFECTED
        self._requests: Sequence[Request] = ()
        self._ends: Sequence[int] = ()

    def unaffected(self, count: int, end: int) -> None:
        """
        Nothing happens to the next requests.

        @param count: how many these are.
        @param end: where the last of them ends.
        """
        if self._batchDecision is not UNAFFECTED:
            self._close(UNAFFECTED)
        self._count += count
        self._end = end
        if self._count > MOST:
            self.over = True

    def decided(
        self, batchDecision: BatchDecision, requests: Sequence[Request], ends: Sequence[int]
    ) -> None:
        """
        Something happens to the next requests.

        @param ends: where each of them ends.
        """
        if self._batchDecision is not batchDecision:
            self._close(batchDecision)
        if self._requests:
            self._requests = _joined(self._requests, requests)
            self._ends = _joined(self._ends, ends)
        else:
            self._requests, self._ends = requests, ends
        self._told += len(ends)
        if self._told > MOST_DECIDED:
            self.over = True

    def alone(self, end: int) -> None:
        """
        The next request needs a decision of its own.

        @param end: the offset of its end, in bytes.
        """
        self._close(UNAFFECTED)
        self.parts.append(Part(end))
        self._alone += 1
        if self._alone > min(self._passing, MOST_ALONE):
            self.over = True

    def _close(self, batchDecision: BatchDecision) -> None:
        """
        End the run of requests with the same decision, and begin one with C{batchDecision}.
        """
        before, self._batchDecision = self._batchDecision, batchDecision
        if before is UNAFFECTED:
            count, self._count = self._count, 0
            if count:
                self.parts.append(Part(self._end, count))
        else:
            requests, self._requests = self._requests, ()
            ends, self._ends = self._ends, ()
            count = len(ends)
            commands = requests.commands if isinstance(requests, AlikeRequests) else None
            decided = DecidedChunk(before, requests, commands)
            self.parts.append(Part(ends[-1], count, decided, ends if before.chances else ()))
        self._passing += count

    def passed(self) -> Passed:
        """
        The division of the chunk, after all its requests were found.
        """
        self._close(UNAFFECTED)
        parts = self.parts
        if self.over or not self._passing:
            return STOPPED
        if len(parts) > 1:
            return 0, None, parts
        only = parts[0]
        return only.count, only.decided, parts if only.ends else ()

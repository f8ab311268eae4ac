# -*- test-case-name: tests.relays.test_fastpath -*-
"""
Passes over HTTP requests to which nothing happens.

Only whole messages of known size are passed over; whatever else there is (C{HEAD},
C{CONNECT}, chunks, an upgrade, a body that has not all come) is read with care.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.fastpath import countsFor, remember
from vaurien_twisted.wire.http.head import HEAD_LIMIT, Malformed, headEnd, readReply, readRequest

if TYPE_CHECKING:
    from vaurien_twisted.wire.http.framer import HTTPFramer

#: How many requests are passed over in one go.
MOST = 32768

#: Methods whose replies are of another form.
SPECIAL = frozenset(("HEAD", "CONNECT"))


class Skimmer:
    """
    Counts requests and replies where nothing else is known to matter.
    """

    __slots__ = ("_counts", "_framer", "_watched")

    def __init__(self, framer: HTTPFramer) -> None:
        self._framer = framer
        self.watch(frozenset())

    def watch(self, commands: frozenset[str]) -> None:
        """
        Pass over all methods but these, in lower case.
        """
        self._watched = SPECIAL | {command.upper() for command in commands}
        self._counts = countsFor("http", self._watched)

    def requests(self, data: bytes, run: PassedBatch | None) -> PassedBatch | None:
        """
        Whole requests: the run that awaits their replies.
        """
        framer = self._framer
        if not framer.atRequest:
            return None
        count = self._counts.get(data)
        if count is None:
            count = self._count(data)
            if not count:
                return None
            remember(self._counts, data, count)
        number = framer.skip(count)
        if run is not None:
            run.left += count
            return run
        run = PassedBatch(number, count)
        framer.expected.append(run)
        return run

    def _count(self, data: bytes) -> int:
        """
        How many whole requests C{data} is, 0 if it cannot be passed over.
        """
        watched = self._watched
        pos, size, count = 0, len(data), 0
        try:
            while pos < size:
                end = headEnd(data, pos, pos + HEAD_LIMIT)
                if end < 0:
                    return 0
                method, _, framing, preface = readRequest(data[pos:end])
                if framing < 0 or preface or method in watched:
                    return 0
                pos = end + framing
                count += 1
        except Malformed:
            return 0
        return count if pos == size and count <= MOST else 0

    def replies(self, data: bytes) -> int:
        """
        Whole replies to the run at the head: how many.
        """
        framer = self._framer
        expected = framer.expected
        if not expected or not framer.atReply:
            return 0
        run = expected[0]
        if run.__class__ is not PassedBatch:
            return 0
        pos, size, count = 0, len(data), 0
        try:
            while pos < size:
                end = headEnd(data, pos, pos + HEAD_LIMIT)
                if end < 0:
                    return 0
                status, framing = readReply(data[pos:end], "")
                if framing < 0 or status < 200:
                    return 0
                pos = end + framing
                count += 1
        except Malformed:
            return 0
        if pos != size or count > run.left:
            return 0
        run.passed(count)
        if not run.left:
            expected.popleft()
        return count

    def expand(self, decision: Decision) -> None:
        """
        The exchanges of runs, one by one.
        """
        expected = self._framer.expected
        waiting = list(expected)
        expected.clear()
        for each in waiting:
            if isinstance(each, PassedBatch):
                expected.extend(each.expand(decision))
            else:
                expected.append(each)

# -*- test-case-name: tests.relays.test_fastpath,tests.relays.test_fastpath_cuts -*-
"""
Passes over Redis commands to which nothing happens.

Only what the short way of reading knows is passed over: whole arrays of a common
command with strings of known length, and replies that are one line or one string.
"""

from __future__ import annotations

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.fastpath import countsFor, remember
from vaurien_twisted.wire.redis.replies import Replies
from vaurien_twisted.wire.redis.requests import BEGINNINGS, Requests
from vaurien_twisted.wire.redis.resp import BULKS, CRLF, HEADER_LIMIT, LINES, NULLABLE
from vaurien_twisted.wire.redis.session import Session

#: How many requests are passed over in one go.
MOST = 32768


class Skimmer:
    """
    Counts requests and replies where nothing else is known to matter.
    """

    __slots__ = ("_counts", "_replies", "_requests", "_session", "_watched")

    def __init__(self, session: Session, requests: Requests, replies: Replies) -> None:
        self._session = session
        self._requests = requests
        self._replies = replies
        self.watch(frozenset())

    def watch(self, commands: frozenset[str]) -> None:
        """
        Pass over all commands but these, in lower case.
        """
        self._watched = frozenset(command.upper() for command in commands)
        self._counts = countsFor("redis", self._watched)

    def requests(self, data: bytes, run: PassedBatch | None) -> PassedBatch | None:
        """
        Whole requests: the run that awaits their replies.
        """
        session = self._session
        if not session.plain or session.opaque or not self._requests.idle:
            return None
        count = self._counts.get(data)
        if count is None:
            count = self._count(data)
            if not count:
                return None
            remember(self._counts, data, count)
        number = self._requests.skip(count)
        if run is not None:
            run.left += count
            return run
        run = PassedBatch(number, count)
        session.awaiting.append(run)
        return run

    def _count(self, data: bytes) -> int:
        """
        How many whole requests C{data} is, 0 if it cannot be passed over.
        """
        watched, known, bulks, find = self._watched, BEGINNINGS.get, BULKS.get, data.find
        pos, size, count = 0, len(data), 0
        while pos < size:
            end = find(CRLF, pos + 8, pos + 64)
            if end < 0:
                return 0
            beginning = known(data[pos:end])
            if beginning is None:
                return 0
            if beginning[0] in watched:
                return 0
            left = beginning[1]
            pos = end + 2
            while left:
                end = find(CRLF, pos, pos + HEADER_LIMIT)
                length = bulks(data[pos:end])
                if length is None or end < 0:
                    return 0
                pos = end + length + 4
                left -= 1
            count += 1
        return count if pos == size and count <= MOST else 0

    def replies(self, data: bytes) -> int:
        """
        Whole replies to the run at the head: how many.
        """
        awaiting = self._session.awaiting
        if not awaiting or not self._session.plain:
            return 0
        run = awaiting[0]
        if run.__class__ is not PassedBatch or not self._replies.idle:
            return 0
        bulks, find, lines = NULLABLE.get, data.find, LINES
        pos, size, count = 0, len(data), 0
        while pos < size:
            end = find(CRLF, pos)
            if end < 0:
                return 0
            length = bulks(data[pos:end])
            if length is not None:
                end += 4 + length
            elif data[pos] in lines:
                end += 2
            else:
                return 0
            pos = end
            count += 1
        if pos != size or count > run.left or data[-1] != 10:
            return 0
        run.passed(count)
        if not run.left:
            awaiting.popleft()
        return count

    def expand(self, decision: Decision) -> None:
        """
        The exchanges of runs, one by one.
        """
        waiting = list(self._session.awaiting)
        self._session.awaiting.clear()
        for each in waiting:
            if isinstance(each, PassedBatch):
                self._session.awaiting.extend(each.expand(decision))
            else:
                self._session.awaiting.append(each)

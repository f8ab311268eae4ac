# -*- test-case-name: tests.wire.test_redis_skim -*-
"""
Passes over Redis commands to which nothing happens.

Only what the short way of reading knows is passed over: whole arrays of a common
command with strings of known length, and replies that are one line or one string.
"""

from __future__ import annotations

from vaurien_twisted.exchange import Run
from vaurien_twisted.plan import Decision
from vaurien_twisted.wire.redis_requests import BEGINNINGS, Requests
from vaurien_twisted.wire.redis_session import Session
from vaurien_twisted.wire.resp import BULKS, CRLF, HEADER_LIMIT, LINES, NULLABLE

#: How many requests are passed over in one go.
MOST = 1024


class Skimmer:
    """
    Counts requests and replies where nothing else is known to matter.
    """

    __slots__ = ("_requests", "_session", "_watched")

    def __init__(self, session: Session, requests: Requests) -> None:
        self._session = session
        self._requests = requests
        self._watched: frozenset[str] = frozenset()

    def watch(self, commands: frozenset[str]) -> None:
        """
        Pass over all commands but these, in lower case.
        """
        self._watched = frozenset(command.upper() for command in commands)

    def skim(self, data: bytes, run: Run | None) -> Run | None:
        """
        Whole requests: the run that awaits their replies.
        """
        session = self._session
        if not session.plain or session.quiet or session.opaque or not self._requests.idle:
            return None
        watched, known, bulks, find = self._watched, BEGINNINGS.get, BULKS.get, data.find
        pos, size, count = 0, len(data), 0
        while pos < size:
            end = find(CRLF, pos + 8, pos + 64)
            if end < 0:
                return None
            beginning = known(data[pos:end])
            if beginning is None:
                return None
            if beginning[0] in watched:
                return None
            left = beginning[1]
            pos = end + 2
            while left:
                end = find(CRLF, pos, pos + HEADER_LIMIT)
                length = bulks(data[pos:end])
                if length is None or end < 0:
                    return None
                pos = end + length + 4
                left -= 1
            count += 1
        if pos != size or count > MOST:
            return None
        number = self._requests.skip(count)
        if run is not None:
            run.left += count
            return run
        run = Run(number, count)
        session.awaiting.append(run)
        return run

    def skimReplies(self, data: bytes) -> int:
        """
        Whole replies to the run at the head: how many.
        """
        awaiting = self._session.awaiting
        if not awaiting or not self._session.plain:
            return 0
        run = awaiting[0]
        if run.__class__ is not Run:
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

    def unfold(self, decision: Decision) -> None:
        """
        The exchanges of runs, one by one.
        """
        waiting = list(self._session.awaiting)
        self._session.awaiting.clear()
        for each in waiting:
            if isinstance(each, Run):
                self._session.awaiting.extend(each.unfold(decision))
            else:
                self._session.awaiting.append(each)

# -*- test-case-name: tests.relays.test_fastpath,tests.relays.test_fastpath_cuts -*-
"""
The fast path of Redis.

Only whole arrays of a common command with strings of known length pass, and replies that are
one line or one string; the slow path reads all others.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import IDividingFastPath
from vaurien_twisted.model.batch_decision import UNAFFECTED
from vaurien_twisted.wire.counted_fastpath import CountedFastPath
from vaurien_twisted.wire.division import AlikeRequests, Division
from vaurien_twisted.wire.redis.requests import BEGINNINGS, HEAD_LIMIT
from vaurien_twisted.wire.redis.resp import BULKS, CRLF, HEADER_LIMIT, NULLABLE, SUCCESSES

#: The last byte of each reply.
LF = 10

#: The longest command with several keys that passes if rules match keys, in bytes.
LONGEST_HEAD = HEAD_LIMIT - HEADER_LIMIT


@implementer(IDividingFastPath)
class RedisFastPath(CountedFastPath):
    """
    Counts requests and replies.
    """

    __slots__ = ()

    protocol = "redis"

    def _divide(self, data: bytes) -> Division | None:
        watched, known, bulks = self._watched, BEGINNINGS.get, BULKS.get
        find, startswith = data.find, data.startswith
        division = Division()
        pos, size = 0, len(data)
        while pos < size:
            end = find(CRLF, pos + 8, pos + 64)
            if end < 0:
                return None
            found = known(data[pos:end])
            if found is None:
                return None
            command, left, several = found
            looked = watched is None or command in watched
            always = self._always(command) if looked else UNAFFECTED
            start, pos = pos, end + 2
            first = last = pos
            while left:
                end = find(CRLF, pos, pos + HEADER_LIMIT)
                length = bulks(data[pos:end])
                if length is None or end < 0:
                    return None
                if first == last:
                    first, last = end + 2, end + 2 + length
                    if left == 1 and always is not None:
                        break
                pos = end + length + 4
                left -= 1
            if left:
                # Requests of a pipeline are often alike.
                beginning, pos = data[start:first], last + 2
                step, count = pos - start, 1
                while startswith(beginning, pos):
                    pos += step
                    count += 1
                if always is UNAFFECTED:
                    division.unaffected(count, pos)
                elif always is not None:
                    ends = range(start + step, pos + step, step)
                    division.decided(always, AlikeRequests(command, data, ends, last - first), ends)
            elif always is UNAFFECTED:
                division.unaffected(1, pos)
            elif several and pos - start > LONGEST_HEAD:
                division.alone(pos)
            else:
                # The head is searched for several keys.
                head = data[start:pos] if several else b""
                self._add(division, pos, command, _text(data[first:last]), head)
            if division.over:
                return None
        return division if pos == size else None

    def _scan(self, data: bytes, start: int, most: int) -> tuple[int, int]:
        bulks, find = NULLABLE.get, data.find
        pos, size, count = start, len(data), 0
        while pos < size and count < most:
            end = find(CRLF, pos)
            if end < 0:
                break
            length = bulks(data[pos:end])
            stop = end + 2
            if length is not None:
                stop += 2 + length
                if stop > size:
                    break
            elif data[pos] not in SUCCESSES:
                break
            count += 1
            if stop < size and count < most:
                # Replies to a pipeline are often alike.
                beginning, step = data[pos : end + 2], stop - pos
                more = min(most - count, (size - stop) // step)
                while more and data.startswith(beginning, stop):
                    stop += step
                    count += 1
                    more -= 1
            pos = stop
        return (count, pos) if data[pos - 1] == LF else (0, start)


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")

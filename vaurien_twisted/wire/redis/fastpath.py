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
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.counted_fastpath import CountedFastPath
from vaurien_twisted.wire.division import AlikeRequests, Division
from vaurien_twisted.wire.redis.replies import Replies
from vaurien_twisted.wire.redis.requests import BEGINNINGS, HEAD_LIMIT, Requests
from vaurien_twisted.wire.redis.resp import BULKS, CRLF, HEADER_LIMIT, NULLABLE, SUCCESSES
from vaurien_twisted.wire.redis.session import RedisSession

#: The longest command with several keys that passes if rules match keys, in bytes.
LONGEST_HEAD = HEAD_LIMIT - HEADER_LIMIT


@implementer(IDividingFastPath)
class RedisFastPath(CountedFastPath):
    """
    Counts requests and replies.
    """

    __slots__ = ("_replies", "_session")

    protocol = "redis"

    def __init__(self, session: RedisSession, requests: Requests, replies: Replies) -> None:
        super().__init__(session, requests)
        self._session = session
        self._replies = replies

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
                step, ends = pos - start, [pos]
                while startswith(beginning, pos):
                    pos += step
                    ends.append(pos)
                if always is UNAFFECTED:
                    division.unaffected(len(ends), pos)
                elif always is not None:
                    keys = AlikeRequests(command, data, [at - 2 for at in ends], last - first)
                    division.decided(always, keys, ends)
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

    @property
    def _first(self) -> PassedBatch | None:
        awaiting = self._awaiting
        if not awaiting or not self._session.plain:
            return None
        batch = awaiting[0]
        plain = batch.__class__ is PassedBatch and self._replies.idle
        return batch if plain else None

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
            elif data[pos] not in SUCCESSES:
                break
            if stop > size or data[stop - 1] != 10:
                break
            count += 1
            if stop < size and count < most:
                # Replies to a pipeline are often alike.
                beginning, step = data[pos : end + 2], stop - pos
                while count < most and data.startswith(beginning, stop) and stop + step <= size:
                    if data[stop + step - 1] != 10:
                        return count, stop
                    stop += step
                    count += 1
            pos = stop
        return count, pos


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")

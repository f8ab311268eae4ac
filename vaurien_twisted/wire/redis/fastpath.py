# -*- test-case-name: tests.relays.test_fastpath,tests.relays.test_fastpath_cuts -*-
"""
The fast path of Redis.

Only whole arrays of a common command with strings of known length pass, and replies that are
one line or one string; the slow path reads all others.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.counted_fastpath import CountedFastPath
from vaurien_twisted.wire.fastpath import MOST
from vaurien_twisted.wire.redis.replies import Replies
from vaurien_twisted.wire.redis.requests import BEGINNINGS, HEAD_LIMIT, Requests
from vaurien_twisted.wire.redis.resp import BULKS, CRLF, HEADER_LIMIT, NULLABLE, SUCCESSES
from vaurien_twisted.wire.redis.session import RedisSession

#: The longest command with several keys that passes if rules match keys, in bytes.
LONGEST_HEAD = HEAD_LIMIT - HEADER_LIMIT


@implementer(ISelectiveFastPath)
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

    def _count(self, data: bytes) -> int:
        watched, known, bulks = self._watched, BEGINNINGS.get, BULKS.get
        find, startswith = data.find, data.startswith
        pos, size, count = 0, len(data), 0
        while pos < size:
            end = find(CRLF, pos + 8, pos + 64)
            if end < 0:
                return 0
            found = known(data[pos:end])
            if found is None:
                return 0
            command, left, several = found
            start, pos = pos, end + 2
            looked = watched is None or command in watched
            if not looked and left == 1:
                end = find(CRLF, pos, pos + HEADER_LIMIT)
                length = bulks(data[pos:end])
                if length is None or end < 0:
                    return 0
                # Requests of a pipeline are often alike.
                beginning, pos = data[start : end + 2], end + length + 4
                step = pos - start
                count += 1
                while startswith(beginning, pos):
                    pos += step
                    count += 1
                continue
            key = self._key(data, pos) if looked and left else ""
            while left:
                end = find(CRLF, pos, pos + HEADER_LIMIT)
                length = bulks(data[pos:end])
                if length is None or end < 0:
                    return 0
                pos = end + length + 4
                left -= 1
            if looked:
                # The head is searched for several keys.
                head = data[start:pos] if several else b""
                if len(head) > LONGEST_HEAD or self._stops(command, key, head):
                    return 0
            count += 1
        return count if pos == size and count <= MOST else 0

    def _key(self, data: bytes, pos: int) -> str:
        """
        The first argument of a command, which begins at C{pos}; the caller checks its length.
        """
        end = data.find(CRLF, pos, pos + HEADER_LIMIT)
        length = BULKS.get(data[pos:end], 0)
        return data[end + 2 : end + 2 + length].decode("utf-8", "backslashreplace")

    def replies(self, data: bytes) -> int:
        awaiting = self._awaiting
        if not awaiting or not self._session.plain:
            return 0
        batch = awaiting[0]
        if batch.__class__ is not PassedBatch or not self._replies.idle:
            return 0
        bulks, find = NULLABLE.get, data.find
        pos, size, count = 0, len(data), 0
        while pos < size:
            end = find(CRLF, pos)
            if end < 0:
                return 0
            length = bulks(data[pos:end])
            start, pos = pos, end + 2
            if length is not None:
                pos += 2 + length
            elif data[start] not in SUCCESSES:
                return 0
            count += 1
            if pos < size:
                # Replies to a pipeline are often alike.
                beginning, step = data[start : end + 2], pos - start
                while data.startswith(beginning, pos):
                    pos += step
                    count += 1
        if pos != size or count > batch.left or data[-1] != 10:
            return 0
        return self._pass(batch, count)

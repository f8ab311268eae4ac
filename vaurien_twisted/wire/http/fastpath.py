# -*- test-case-name: tests.relays.test_fastpath -*-
"""
The fast path of HTTP.

Only whole messages of known size pass; the slow path reads all others: C{HEAD}, C{CONNECT},
chunks, an upgrade, a body that has not all come.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.counted_fastpath import CountedFastPath, remember
from vaurien_twisted.wire.fastpath import MOST, Passed
from vaurien_twisted.wire.http.head import HEAD_LIMIT, Malformed, headEnd, readReply, readRequest
from vaurien_twisted.wire.http.replies import Replies
from vaurien_twisted.wire.http.requests import Requests
from vaurien_twisted.wire.http.session import HTTPSession

#: Methods whose replies are of another form.
NEVER = frozenset(("HEAD", "CONNECT"))


@implementer(ISelectiveFastPath)
class HTTPFastPath(CountedFastPath):
    """
    Counts requests and replies.
    """

    __slots__ = ("_replies",)

    protocol = "http"

    def __init__(self, session: HTTPSession, requests: Requests, replies: Replies) -> None:
        super().__init__(session, requests)
        self._replies = replies

    def _count(self, data: bytes) -> int:
        pos, size, count = 0, len(data), 0
        try:
            while pos < size:
                end = headEnd(data, pos, pos + HEAD_LIMIT)
                if end < 0:
                    return 0
                head = data[pos:end]
                method, target, framing, preface, upgrades = readRequest(head)
                if (
                    framing < 0
                    or preface
                    or upgrades
                    or method in NEVER
                    or self._chosen(method, target, head)
                ):
                    return 0
                pos = end + framing
                count += 1
        except Malformed:
            return 0
        return count if pos == size and count <= MOST else 0

    def replies(self, data: bytes) -> int:
        awaiting = self._awaiting
        if not awaiting or not self._replies.idle:
            return 0
        batch = awaiting[0]
        if batch.__class__ is not PassedBatch:
            return 0
        known = _replies.get(data)
        count = _count(data) if known is None else known[0]
        if not 0 < count <= batch.left:
            return 0
        return self._pass(batch, count)


#: Chunks of whole replies, since servers repeat themselves.
_replies: dict[bytes, Passed] = {}


def _count(data: bytes) -> int:
    """
    The number of whole replies that C{data} consists of, 0 if they do not all pass.
    """
    pos, size, count = 0, len(data), 0
    try:
        while pos < size:
            end = headEnd(data, pos, pos + HEAD_LIMIT)
            if end < 0:
                return 0
            status, framing = readReply(data[pos:end], "")
            if framing < 0 or not 200 <= status < 400:
                return 0
            pos = end + framing
            count += 1
    except Malformed:
        return 0
    if pos != size:
        return 0
    remember(_replies, data, (count, None))
    return count

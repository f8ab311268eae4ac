# -*- test-case-name: tests.relays.test_fastpath -*-
"""
The fast path of HTTP.

Only complete messages of known size pass.  The framer reads all others: C{HEAD}, C{CONNECT},
chunks, an upgrade, an incomplete body.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import IDividingFastPath
from vaurien_twisted.wire.counted_fastpath import CountedFastPath, remember
from vaurien_twisted.wire.division import Division
from vaurien_twisted.wire.http.head import HEAD_LIMIT, Malformed, headEnd, readReply, readRequest

#: Methods whose replies are of another form.
NEVER = frozenset(("HEAD", "CONNECT"))


@implementer(IDividingFastPath)
class HTTPFastPath(CountedFastPath):
    """
    Counts requests and replies.
    """

    __slots__ = ()

    protocol = "http"

    def _divide(self, data: bytes) -> Division | None:
        division = Division()
        pos, size = 0, len(data)
        try:
            while pos < size:
                end = headEnd(data, pos, pos + HEAD_LIMIT)
                if end < 0:
                    return None
                head = data[pos:end]
                method, target, framing, preface, upgrades = readRequest(head)
                if framing < 0 or preface or upgrades or method in NEVER:
                    return None
                pos = end + framing
                self._add(division, pos, method, target, head)
                if division.over:
                    return None
        except Malformed:
            return None
        return division if pos == size else None

    def _scan(self, data: bytes, start: int, most: int) -> tuple[int, int]:
        if not start:
            known = _replies.get(data)
            if known is not None and known <= most:
                return known, len(data)
        pos, size, count = start, len(data), 0
        try:
            while pos < size and count < most:
                end = headEnd(data, pos, pos + HEAD_LIMIT)
                if end < 0:
                    break
                status, framing = readReply(data[pos:end], "")
                if framing < 0 or not 200 <= status < 400 or end + framing > size:
                    break
                pos = end + framing
                count += 1
        except Malformed:
            pass
        if not start and pos == size:
            remember(_replies, data, count)
        return count, pos


#: The numbers of replies of chunks that are whole replies, since servers repeat themselves.
_replies: dict[bytes, int] = {}

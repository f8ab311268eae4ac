# -*- test-case-name: tests.wire.mysql.test_requests -*-
"""
Query attributes, which stand before the SQL text of a C{COM_QUERY} (dev.mysql.com,
"COM_QUERY").
"""

from __future__ import annotations

from vaurien_twisted.wire.mysql.packets import Malformed, readLength, unpackShort

#: Sizes of values by column type; types of one length byte and of a length encoded
#: integer are handled below.
FIXED = {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 8: 8, 9: 4, 13: 2}
TIMES = frozenset((7, 10, 11, 12, 14, 15, 16, 17, 18, 19))


def skipAttributes(data: bytes, at: int, end: int) -> int:
    """
    Where the SQL begins, C{end} where that cannot be said: more attributes than the
    head that was kept, values that are to be taken from an earlier query, or nonsense.

    @param at: behind the command's byte.
    @param end: of what is known of the payload.
    """
    try:
        return min(_skip(data, at, end), end)
    except (Malformed, IndexError):
        return end


def _skip(data: bytes, at: int, end: int) -> int:
    count, at = readLength(data, at)
    _, at = readLength(data, at)
    if not count:
        return at
    nulls = at
    at += (count + 7) // 8
    if at >= end or data[at] != 1:
        return end
    at += 1
    kinds = []
    for _ in range(count):
        if at + 2 > end:
            return end
        kinds.append(unpackShort(data, at)[0] & 0xFF)
        size, at = readLength(data, at + 2)
        at += size
    for index, kind in enumerate(kinds):
        if data[nulls + index // 8] >> index % 8 & 1:
            continue
        if kind in FIXED:
            at += FIXED[kind]
        elif kind in TIMES:
            at += 1 + data[at]
        else:
            size, at = readLength(data, at)
            at += size
    return at

# -*- test-case-name: tests.wire.mysql.test_requests -*-
"""
Query attributes, which precede the SQL text of a C{COM_QUERY} (dev.mysql.com,
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
    The index at which the SQL begins.

    @param at: the index after the command's byte.
    @param end: the end of the known part of the payload.
    @return: C{end} if the index is not known: the attributes are longer than the known part,
        take values from an earlier query, or are malformed.
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

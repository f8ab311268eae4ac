# -*- test-case-name: tests.wire.test_mysql_walk -*-
"""
Passes over the packets of which a result has many, from header to header.
"""

from __future__ import annotations

from vaurien_twisted.wire.mysql_packets import EOF, FULL, unpackHeader
from vaurien_twisted.wire.mysql_results import DEFINING

#: What the number of one packet, as its header has it, is more than that of the one before.
NEXT, NUMBERS = 0x1000000, 0xFF000000


def passRows(data: bytes, at: int, end: int, number: int) -> tuple[int, int]:
    """
    Pass over rows that are whole and plainly rows.

    @param at: where the first packet begins.
    @param number: what it must be numbered, in the upper byte of 32 bits.
    @return: where the first other packet begins, and its number.
    """
    last = end - 5
    while at <= last:
        # With another number it is out of these bounds, too.
        length: int = unpackHeader(data, at)[0] - number
        if not 0 < length < FULL or data[at + 4] >= EOF:
            break
        stop = at + 4 + length
        if stop > end:
            break
        number = (number + NEXT) & NUMBERS
        at = stop
    return at, number


def passDefinitions(data: bytes, at: int, end: int, number: int, most: int) -> tuple[int, int, int]:
    """
    The same for definitions, and no more than C{most}.

    @return: also how many there were.
    """
    count = 0
    last = end - 5
    while at <= last and count < most:
        length: int = unpackHeader(data, at)[0] - number
        stop = at + 4 + length
        if not 0 < length < FULL or data[at + 4] > DEFINING or stop > end:
            break
        number = (number + NEXT) & NUMBERS
        at = stop
        count += 1
    return at, number, count

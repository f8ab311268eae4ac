# -*- test-case-name: tests.wire.redis.test_truncate -*-
"""
Cuts a Redis reply after so many of its values: the elements of an array, set, map
(where a name and its value are two) or push.  Any other reply is one value.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, Piece
from vaurien_twisted.wire.redis.resp import AGGREGATES, ATTRIBUTE, CRLF, HEADER_LIMIT, Scanner


def elements(data: bytes, pos: int) -> tuple[int, int]:
    """
    How many values the reply at C{pos} has, and how long the header before them is.  A
    negative number of values: more bytes are needed.
    """
    first = data[pos]
    if first not in AGGREGATES or first == ATTRIBUTE:
        return 1, 0
    end = data.find(CRLF, pos, pos + HEADER_LIMIT)
    if end < 0:
        return (-1, 0) if len(data) - pos < HEADER_LIMIT else (1, 0)
    digits = data[pos + 1 : end]
    # A null, and an aggregate that does not say its length, are one value.
    if not digits.isdigit():
        return 1, 0
    return int(digits) * AGGREGATES[first], end + 2 - pos


class Beginning:
    """
    Lets the first values of one reply pass.  What follows goes nowhere, for the link
    closes: it is said to belong to the reply, so that it does not pass.

    @ivar exchange: whose reply it is; its C{cut} becomes 0 with the last piece that passes.
    @param header: how many bytes stand before the values.
    """

    def __init__(self, exchange: Exchange, header: int) -> None:
        self.exchange = exchange
        self._header = header
        self._scanner = Scanner()
        self._kept = b""
        self._over = False
        if exchange.cut:
            self._scanner.begin(exchange.cut - 1)

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of the reply; the header must be whole.

        @raise Malformed: this is not RESP.
        """
        if not self._over:
            if self._kept:
                data, self._kept = self._kept + data, b""
            pos, self._header = self._header, 0
            if not self._scanner.done:
                pos = self._scanner.scan(data, pos)
            if self._scanner.done:
                self._over = True
                self.exchange.cut = 0
            else:
                self._kept = data[pos:]
            if pos or self._over:
                yield self.exchange, data[:pos], False
            if not self._over:
                return
            data = data[pos:]
        if data:
            yield self.exchange, data, False

    def ended(self) -> bytes:
        """
        What was kept back.
        """
        kept, self._kept = self._kept, b""
        return kept

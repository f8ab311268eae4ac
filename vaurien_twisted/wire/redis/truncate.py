# -*- test-case-name: tests.wire.redis.test_truncate -*-
"""
Cuts a Redis reply after a number of its values: the elements of an array, set, map
(where a name and its value are two) or push.  Any other reply is one value.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, Piece
from vaurien_twisted.wire.redis.resp import AGGREGATES, ATTRIBUTE, CRLF, HEADER_LIMIT, Scanner


def elements(data: bytes, pos: int) -> tuple[int, int]:
    """
    The number of values of the reply at C{pos}, and the length of the header before them, in
    bytes.

    @return: a negative number of values if more bytes are needed.
    """
    first = data[pos]
    if first not in AGGREGATES or first == ATTRIBUTE:
        return 1, 0
    end = data.find(CRLF, pos, pos + HEADER_LIMIT)
    if end < 0:
        return (-1, 0) if len(data) - pos < HEADER_LIMIT else (1, 0)
    digits = data[pos + 1 : end]
    # A null, and an aggregate of unknown length, count as one value.
    if not digits.isdigit():
        return 1, 0
    return int(digits) * AGGREGATES[first], end + 2 - pos


class Beginning:
    """
    Passes the first values of one reply.  The bytes after them are discarded, since the link
    closes: they count as part of the reply, so that they do not pass.

    @ivar exchange: the exchange of the reply; its C{cut} becomes 0 with the last piece that
        passes.
    @param header: the number of bytes before the values.
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

        @raise Malformed: the bytes are not RESP.
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
        The bytes that were held back.
        """
        kept, self._kept = self._kept, b""
        return kept

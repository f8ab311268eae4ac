# -*- test-case-name: tests.wire.memcache.test_protocol -*-
"""
Reads the requests of a memcached connection: lines, some with a block of data.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.memcache.commands import RETRIEVAL, VALUES, Asked, understand
from vaurien_twisted.wire.memcache.session import MemcacheSession

#: The longest line that is held back until it is complete, in bytes.
LINE_LIMIT = 65536

#: A line of many keys with at least this number of bytes passes before its end has arrived.
#: Servers refuse longer lines of any other command.
LONG = 2048


class Requests(RequestReader):
    """
    Divides the bytes of the client into exchanges.  The head of a command with many keys is the
    beginning of its line, less than L{LONG} bytes; the exchange has it while it is yielded.
    """

    def __init__(self, session: MemcacheSession) -> None:
        super().__init__()
        self._session = session
        self._kept = b""
        # The number of held-back bytes that contain no line end.
        self._searched = 0
        # The request that is passing, and its rest: a number of bytes, or the rest of its line.
        self._exchange: Exchange | None = None
        self._skip = 0
        self._line = False

    @property
    def passable(self) -> bool:
        return self._exchange is None and not self._kept and not self._session.opaque

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            data, self._kept = self._kept + data, b""
        pos, size = 0, len(data)
        while pos < size:
            if session.opaque:
                yield None, data[pos:], False
                return
            start = pos
            exchange = self._exchange
            if exchange is None:
                end = data.find(b"\n", pos + self._searched)
                searched, self._searched = size - pos, 0
                try:
                    exchange = self._begin(data, pos, end)
                except ValueError as fault:
                    session.opaque = str(fault)
                    raise FramingError(str(fault), data[pos:]) from None
                if exchange is None:
                    if session.opaque:
                        continue
                    self._kept, self._searched = data[pos:], searched
                    return
                pos = end + 1 if end >= 0 else size
            elif self._line:
                end = data.find(b"\n", pos)
                self._line = end < 0
                pos = size if end < 0 else end + 1
            if self._skip:
                step = min(self._skip, size - pos)
                pos += step
                self._skip -= step
            ends = not self._skip and not self._line
            self._exchange = None if ends else exchange
            yield exchange, data[start:pos], ends
            # The rules have read it: do not keep it until there is an answer.
            exchange.head = b""

    def ended(self) -> Iterator[Piece]:
        """
        An unfinished line.
        """
        if self._kept:
            kept, self._kept = self._kept, b""
            yield None, kept, False

    def _begin(self, data: bytes, pos: int, end: int) -> Exchange | None:
        """
        Read the line from C{pos} to C{end}, which is negative if it is not there yet.

        @return: C{None} if more of it is needed.
        @raise ValueError: this is not the text protocol.
        """
        first = data[pos]
        if not self.number and first in (22, 128):
            self._session.opaque = "TLS" if first == 22 else "the binary protocol"
            return None
        if not 32 <= first < 127 and first not in (10, 13):
            raise ValueError(f"{data[pos : pos + 1]!r} does not begin a command")
        length = (len(data) if end < 0 else end) - pos
        if end < 0 and length < LONG:
            return None
        line = data[pos : pos + LONG] if end < 0 else data[pos:end].removesuffix(b"\r")
        if b"\0" in line:
            raise ValueError("a command has a zero byte")
        tokens = line.split(b" ")
        if b"" in tokens:
            tokens = [token for token in tokens if token]
        if tokens and not tokens[0].replace(b"_", b"").isalnum():
            raise ValueError(f"{tokens[0][:32]!r} is not a command")
        if end < 0 or length > LINE_LIMIT:
            index = RETRIEVAL.get(tokens[0].decode("ascii")) if tokens else None
            # The last word need not be whole.
            if index is None or len(tokens) <= index + 1:
                if length > LINE_LIMIT:
                    raise ValueError(f"a line is over {LINE_LIMIT} bytes long")
                return None
            self._line = end < 0
        asked = understand(tokens)
        self._skip = asked.data
        self.number += 1
        subject = subjectOf(asked)
        head = b""
        if asked.form == VALUES:
            # The head must not depend on how much of a long line has arrived.
            head = line if length < LONG else line[:LONG].rpartition(b" ")[0]
        return Exchange(self.number, asked.command, subject, head, asked.form, asked.replies)


def subjectOf(asked: Asked) -> str:
    """
    The subject of the exchange of a line.
    """
    return asked.subject[:SUBJECT_LIMIT].decode("utf-8", "backslashreplace")

# -*- test-case-name: tests.wire.memcache.test_protocol,tests.wire.memcache.test_quiet -*-
"""
Reads the answers of a memcached connection, and infers which quiet meta commands were
answered by silence.

A quiet command (flag C{q}) has a reply only in unexpected cases.  A reply that cannot be its own
(another form, or flags that it did not ask for) shows that it had none.  The reply to the barrier
C{mn} shows this for all commands before, and corrects wrong guesses.  Replies to two quiet commands
of one kind, without opaque or key, look the same: they count as that of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.memcache.commands import (
    ANSWERS,
    LINE,
    LIST,
    SILENCING,
    STORAGE,
    VALUES,
    WATCH,
    Meta,
)
from vaurien_twisted.wire.memcache.session import MemcacheSession, quiet

#: The longest line of an answer, in bytes.
LINE_LIMIT = 65536

#: What lines of lists begin with; any other ends the list.
ITEMS = (b"STAT ", b"ITEM ", b"PREFIX ", b"key=", b"mg ")


#: Commands that are answered by one line, of which the first tokens are known.
CLASSIC = frozenset((*STORAGE, *SILENCING, "version"))


#: The first tokens of answers that no meta command gives.
ERRORS = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")
OTHERS = frozenset(
    b"DELETED END EXISTS NOT_FOUND NOT_STORED STAT STORED TOUCHED VALUE VERSION".split()
)


class Replies:
    """
    Divides the bytes of the backend among the exchanges that await an answer.
    """

    def __init__(self, session: MemcacheSession) -> None:
        self._session = session
        self._kept = b""
        # The number of held-back bytes that contain no line end.
        self._searched = 0
        # The answer that is passing, and the remaining bytes of a value in it.
        self._exchange: Exchange | None = None
        self._passing = False
        self._skip = 0
        self._last = True
        # The answer is cut here: discard the bytes that follow.
        self._over = False

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins an answer.
        """
        return not (self._passing or self._kept or self._over)

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._over:
            yield self._exchange, data, False
            return
        if self._kept:
            data, self._kept = self._kept + data, b""
        pos, size = 0, len(data)
        while pos < size:
            if session.opaque:
                yield None, data[pos:], False
                return
            start = pos
            try:
                if not self._passing:
                    end = self._end(data, pos)
                    if end < 0:
                        return
                    yield from self._choose(data[pos:end])
                pos, ends = self._go(data, pos)
            except ValueError as fault:
                session.opaque = str(fault)
                raise FramingError(str(fault), data[start:]) from None
            exchange = self._exchange
            self._passing = not ends
            if ends and exchange is not None and exchange.context == WATCH and data[start] == 79:
                session.opaque = "watch"
            if pos > start or self._over:
                yield exchange, data[start:pos], ends and exchange is not None
            if self._over:
                if pos < size:
                    yield exchange, data[pos:], False
                return
            if not ends:
                self._kept = data[pos:]
                return

    def ended(self) -> Iterator[Piece]:
        """
        The bytes that were held back, and the ends of quiet commands that got no answer.
        """
        if self._kept:
            kept, self._kept = self._kept, b""
            begun = self._passing and not self._session.opaque
            yield self._exchange if begun else None, kept, False
        awaiting = self._session.awaiting
        while awaiting and quiet(awaiting[0]):
            yield awaiting.popleft(), b"", True

    def _end(self, data: bytes, pos: int) -> int:
        """
        The end of the line at C{pos}; hold the line back if its end has not arrived.
        """
        end = data.find(b"\n", pos + self._searched)
        self._searched = 0
        if (len(data) if end < 0 else end) - pos > LINE_LIMIT:
            raise ValueError(f"a line is over {LINE_LIMIT} bytes long")
        if not 32 <= data[pos] < 127:
            raise ValueError(f"{data[pos : pos + 1]!r} does not begin a reply")
        if end < 0:
            self._kept, self._searched = data[pos:], len(data) - pos
        return end

    def _choose(self, line: bytes) -> Iterator[Piece]:
        """
        Find the exchange of the answer that begins with C{line}.  The pieces are the ends of
        the exchanges that turn out to have no answer.
        """
        awaiting = self._session.awaiting
        self._exchange = None
        tokens = line.split() or [b""]
        index: int | None = 0
        if tokens[0] == b"MN":
            # The barrier's own, whatever was taken for whose answer before.
            barriers = (at for at, other in enumerate(awaiting) if other.command == "mn")
            index = next(barriers, None)
        elif awaiting:
            index = _indexOf(awaiting, tokens)
        if index is None or not awaiting:
            return
        for _ in range(index):
            yield awaiting.popleft(), b"", True
        self._exchange = awaiting.popleft()

    def _go(self, data: bytes, pos: int) -> tuple[int, bool]:
        """
        Continue to read the answer.

        @return: the index up to which the bytes belong to it, and whether it ends there.
        """
        size = len(data)
        exchange = self._exchange
        form = None if exchange is None else exchange.context
        cut = exchange is not None and exchange.cut is not None
        while True:
            if self._skip:
                step = min(self._skip, size - pos)
                pos += step
                self._skip -= step
                if self._skip:
                    return pos, False
                if cut and self._passed():
                    return pos, False
                if self._last:
                    return pos, True
            end = data.find(b"\n", pos + self._searched)
            self._searched = 0
            if (size if end < 0 else end) - pos > LINE_LIMIT:
                raise ValueError(f"a line is over {LINE_LIMIT} bytes long")
            if end < 0:
                self._searched = size - pos
                return pos, False
            line = data[pos:end]
            if cut and exchange is not None and not exchange.cut:
                # Before the first value, if there is one.
                self._over = line.startswith((b"VALUE ", b"VA ", *ITEMS))
                if self._over:
                    return pos, False
                exchange.cut, cut = None, False
            pos = end + 1
            if form == VALUES and line.startswith(b"VALUE "):
                self._skip, self._last = _length(line, 3), False
            elif (form is None or isinstance(form, Meta)) and line.startswith(b"VA "):
                self._skip, self._last = _length(line, 1), True
            elif form != LIST or not line.startswith(ITEMS):
                if exchange is not None and line.startswith(ERRORS):
                    exchange.error = line.split(None, 1)[0].decode("ascii", "replace")
                return pos, True
            elif cut and self._passed():
                return pos, False

    def _passed(self) -> bool:
        """
        A value of an answer that is to be cut has passed: return whether it was the last.
        """
        exchange = self._exchange
        if exchange is not None and exchange.cut is not None:
            exchange.cut -= 1
            self._over = exchange.cut == 0
        return self._over


def _indexOf(awaiting: Iterable[Exchange], tokens: list[bytes]) -> int | None:
    """
    Which of those that await an answer, none of which is known to be answered by silence, is
    answered in these tokens; C{None}: a quiet command that was taken to be.
    """
    for index, other in enumerate(awaiting):
        if other.command == "mn":
            break
        meta = other.context
        if not isinstance(meta, Meta):
            # Only meta commands are answered like meta commands.
            known = meta != LINE or other.command in CLASSIC
            return None if known and tokens[0] in ANSWERS else index
        if meta.mayReply(tokens) if meta.quiet else tokens[0] not in OTHERS:
            return index
    return 0


def _length(line: bytes, index: int) -> int:
    """
    The number of bytes after a line, CR and LF included.
    """
    tokens = line.split()
    if len(tokens) <= index or not tokens[index].isdigit() or len(tokens[index]) > 10:
        raise ValueError(f"{line[:64]!r} has no length of its value")
    return int(tokens[index]) + 2

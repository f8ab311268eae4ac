# -*- test-case-name: tests.wire.test_redis -*-
"""
Reads the replies of a Redis connection, and tells them from what nobody asked for:
messages to subscribers, pushes, and the reports of C{MONITOR}.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.redis_cut import Beginning, elements
from vaurien_twisted.wire.redis_session import SUBSCRIPTIONS, Note, Session
from vaurien_twisted.wire.resp import CRLF, LINES, NULLABLE, Malformed, Scanner, opening

ARRAY, PUSH, STATUS, ERROR = b"*>+-"

#: The first words of messages to subscribers.
MESSAGES = frozenset((b"message", b"pmessage", b"smessage"))

#: The first words of confirmations, by command.
CONFIRMATIONS = {command: command.lower().encode() for command in SUBSCRIPTIONS}
CONFIRMING = frozenset(CONFIRMATIONS.values())


class Replies:
    """
    Divides what the backend sends among the exchanges that await a reply.  Only the
    beginning of a value is kept back, of at most 64 bytes.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._scanner = Scanner()
        self._kept = b""
        # The value that is passing: whose it is, its type, what it confirms.
        self._exchange: Exchange | None = None
        self._first = 0
        self._confirming = b""
        # What lets the beginning of a reply pass, and nothing more.
        self._beginning: Beginning | None = None

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins a value.
        """
        return self._scanner.done and not self._kept and self._beginning is None

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of replies.

        @raise FramingError: these are not Redis replies.
        """
        if self._beginning is not None:
            yield from self._cut(self._beginning, data)
            return
        session, scanner = self._session, self._scanner
        if self._kept:
            data, self._kept = self._kept + data, b""
        pos, size = 0, len(data)
        find, bulks, lines = data.find, NULLABLE.get, LINES
        awaiting = session.awaiting
        while pos < size:
            if session.opaque:
                yield None, data[pos:], False
                return
            if scanner.done and session.plain:
                while awaiting:
                    end = find(CRLF, pos)
                    if end < 0:
                        break
                    length = bulks(data[pos:end])
                    if length is not None:
                        end += 4 + length
                        if end > size or data[end - 1] != 10:
                            break
                    elif data[pos] in lines:
                        end += 2
                    else:
                        break
                    start, pos = pos, end
                    yield awaiting.popleft(), data[start:end], True
                    if pos >= size:
                        return
            try:
                if scanner.done and not self._begin(data, pos):
                    self._kept = data[pos:]
                    return
                if self._beginning is not None:
                    yield from self._cut(self._beginning, data[pos:])
                    return
                if session.opaque:
                    yield awaiting.popleft(), b"", True
                    continue
                end = scanner.scan(data, pos)
                exchange, ends = self._exchange, scanner.done and self._finish()
            except Malformed as fault:
                session.opaque = str(fault)
                raise FramingError(str(fault), data[pos:]) from None
            start, pos = pos, end
            if end > start:
                yield exchange, data[start:end], ends
            if not scanner.done:
                self._kept = data[pos:]
                return

    def _cut(self, beginning: Beginning, data: bytes) -> Iterator[Piece]:
        try:
            yield from beginning.read(data)
        except Malformed as fault:
            self._session.opaque = str(fault)
            raise FramingError(str(fault), data) from None

    def ended(self) -> Iterator[Piece]:
        """
        What was kept back.
        """
        if self._beginning is not None:
            self._kept, self._exchange = self._beginning.ended(), self._beginning.exchange
        if self._kept:
            kept, self._kept = self._kept, b""
            begun = not self._scanner.done and not self._session.opaque
            yield self._exchange if begun else None, kept, False

    def _begin(self, data: bytes, pos: int) -> bool:
        """
        Find out whose the value at C{pos} is; false if more of it is needed to tell.
        """
        session = self._session
        exchange = session.awaiting[0] if session.awaiting else None
        context = exchange.context if exchange is not None else None
        note = context if isinstance(context, Note) else None
        kind = "" if note is None else note.kind
        first = data[pos]
        word, extra = b"", 0
        messages = session.subscribed or (kind in SUBSCRIPTIONS and session.version == 2)
        if first == PUSH or (first == ARRAY and messages):
            found = opening(data, pos)
            if found is None:
                return False
            if found in CONFIRMING:
                word = found
                if CONFIRMATIONS.get(kind) != word:
                    exchange = None
            elif first == PUSH or found in MESSAGES:
                exchange = None
        elif session.monitoring and first == STATUS:
            if len(data) - pos < 2:
                return False
            # Reports begin with the time, statuses never with a digit.
            if 48 <= data[pos + 1] < 58:
                exchange = None
        elif kind == "EXEC" and note is not None and first == ARRAY:
            if len(data) - pos < 2:
                return False
            # An array that is not null or empty was the transaction's.
            extra = note.number if 49 <= data[pos + 1] < 58 else 0
        elif kind in ("PSYNC", "SYNC") and first != ERROR:
            session.opaque = "replication"
        if exchange is not None and exchange.cut is not None and not session.opaque:
            count, header = elements(data, pos)
            if count < 0:
                return False
            if exchange.cut <= count:
                self._beginning = Beginning(exchange, header)
                return True
        self._exchange, self._first, self._confirming = exchange, first, word
        if not session.opaque:
            self._scanner.begin(extra)
        return True

    def _finish(self) -> bool:
        """
        A value has ended: say whether that ends the exchange too.
        """
        session, exchange = self._session, self._exchange
        left = 0
        if self._confirming:
            integer = self._scanner.integer
            total = int(integer) if integer.isdigit() and len(integer) < 20 else 0
            left = session.confirm(self._confirming, total)
        if exchange is None:
            return False
        note = exchange.context
        if isinstance(note, Note):
            if self._confirming:
                # With channels there is one confirmation for each, else one for each
                # subscription that was left, and one that there is none if there was none.
                if note.number > 0:
                    note.number -= 1
                    left = note.number
                if left:
                    return False
            session.leave(note, self._first)
        if exchange.cut is not None:
            session.passed()
        session.awaiting.popleft()
        return True

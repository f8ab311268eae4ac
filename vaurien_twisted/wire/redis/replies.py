# -*- test-case-name: tests.wire.redis.test_protocol -*-
"""
Reads the replies of a Redis connection, and separates them from values that answer no command:
messages to subscribers, pushes, and the reports of C{MONITOR}.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.redis.resp import (
    CRLF,
    HEADER_LIMIT,
    LINES,
    NULLABLE,
    Malformed,
    Scanner,
    opening,
)
from vaurien_twisted.wire.redis.session import BROKEN, SUBSCRIPTIONS, RedisSession
from vaurien_twisted.wire.redis.state import Silent, noteOf
from vaurien_twisted.wire.redis.truncate import Beginning, elements

ARRAY, PUSH, STATUS, ERROR = b"*>+-"

#: The types of errors: of one line, and of any text.
ERRORS = b"-!"

#: The most bytes of an error or a status that are read.
LINE_LIMIT = 512

#: The first words of messages to subscribers.
MESSAGES = frozenset((b"message", b"pmessage", b"smessage"))

#: The first words of confirmations, by command.
CONFIRMATIONS = {command: command.lower().encode() for command in SUBSCRIPTIONS}
CONFIRMING = frozenset(CONFIRMATIONS.values())


def _isPlain(head: Exchange | Silent) -> bool:
    """
    Whether the content of a reply does not matter, only the command that it answers.
    """
    return head.__class__ is Exchange and head.context.__class__ is int and head.cut is None


class Replies:
    """
    Divides the bytes of the backend among the exchanges that await a reply.  It holds back only
    the beginning of a value, at most L{LINE_LIMIT} bytes.
    """

    def __init__(self, session: RedisSession) -> None:
        self._session = session
        self._scanner = Scanner()
        self._kept = b""
        # The current value: the request, its exchange, its type, its line, the confirmed channel.
        self._head: Exchange | Silent | None = None
        self._exchange: Exchange | None = None
        self._first = 0
        self._line = b""
        self._confirming = b""
        # The exchanges that turned out to have no reply.
        self._unheard: list[Exchange] = []
        # Passes only the beginning of a reply that is to be cut.
        self._beginning: Beginning | None = None

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins a reply, which answers the first exchange that awaits one.
        """
        return (
            self._session.plain
            and self._scanner.done
            and not self._kept
            and self._beginning is None
        )

    def read(self, data: bytes) -> Iterator[Piece]:
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
            if scanner.done and (session.plain or session.nextIsPlain):
                plain = session.plain
                while awaiting and (plain or _isPlain(awaiting[0])):
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
                    replied = awaiting.popleft()
                    if data[start] == ERROR:
                        replied.error = errorCode(data, start)
                    yield replied, data[start:end], True
                    if pos >= size:
                        return
            try:
                if scanner.done and not self._begin(data, pos):
                    self._kept = data[pos:]
                    return
                if self._unheard:
                    unheard, self._unheard = self._unheard, []
                    for ended in unheard:
                        yield ended, b"", True
                if self._beginning is not None:
                    yield from self._cut(self._beginning, data[pos:])
                    return
                if session.opaque:
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
        if self._beginning is not None:
            self._kept, self._exchange = self._beginning.ended(), self._beginning.exchange
        if self._kept:
            kept, self._kept = self._kept, b""
            begun = not self._scanner.done and not self._session.opaque
            yield self._exchange if begun else None, kept, False

    def _begin(self, data: bytes, pos: int) -> bool:
        """
        Find the exchange of the value at C{pos}.

        @return: C{False} if more bytes are needed.
        """
        session = self._session
        first, word, line = data[pos], b"", b""
        unasked = False
        if first == PUSH or (first == ARRAY and (session.subscribed or self._subscribing)):
            found = opening(data, pos)
            if found is None:
                return False
            if found in CONFIRMING:
                word = found
            else:
                unasked = first == PUSH or found in MESSAGES
        elif first == ERROR or (first == STATUS and not session.plain):
            end = data.find(CRLF, pos, pos + LINE_LIMIT)
            if end < 0 and len(data) - pos < LINE_LIMIT:
                return False
            line = data[pos : end if end >= 0 else pos + LINE_LIMIT]
            # Reports begin with the time, statuses never with a digit.
            unasked = session.monitoring and first == STATUS and line[1:2].isdigit()
        self._head = None if unasked else self._awaited(first, line, word)
        exchange = self._head if isinstance(self._head, Exchange) else None
        note = None if exchange is None else noteOf(exchange)
        extra = 0
        if note is not None and word and CONFIRMATIONS.get(note.kind) != word:
            self._head = exchange = note = None
        elif note is None and word:
            self._head = exchange = None
        if note is not None and note.kind == "EXEC" and first != ERROR:
            end = data.find(CRLF, pos, pos + HEADER_LIMIT)
            if end < 0 and len(data) - pos < HEADER_LIMIT:
                return False
            line = data[pos:end]
            # An array that is not null or empty was the transaction's.
            if 49 <= data[pos + 1] < 58:
                extra = session.known.extra
                if session.known.broken:
                    session.opaque = BROKEN
        elif (
            note is not None
            and note.kind in ("PSYNC", "SYNC")
            and first != ERROR
            and line != b"+QUEUED"
        ):
            session.opaque = "replication"
        if session.opaque:
            if exchange is not None and session.take() is not None:
                self._unheard.append(exchange)
            return True
        if exchange is not None and not exchange.replies:
            # It has no reply, so this one answers no command.
            exchange = None
        if exchange is not None and exchange.cut is not None:
            count, header = elements(data, pos)
            if count < 0:
                return False
            if exchange.cut <= count:
                self._beginning = Beginning(exchange, header)
                return True
        if exchange is not None and first in ERRORS:
            exchange.error = errorCode(data, pos)
        self._exchange, self._first, self._line, self._confirming = exchange, first, line, word
        self._scanner.begin(extra)
        return True

    @property
    def _subscribing(self) -> bool:
        """
        Whether the next reply may confirm a subscription in the form of an array.
        """
        session = self._session
        if session.known.version != 2:
            return False
        for head in session.awaiting:
            if isinstance(head, Silent) or (isinstance(head, Exchange) and not head.replies):
                continue
            note = noteOf(head) if isinstance(head, Exchange) else None
            return note is not None and note.kind in SUBSCRIPTIONS
        return False

    def _awaited(self, first: int, line: bytes, word: bytes) -> Exchange | Silent | None:
        """
        The request that the next value answers.  Earlier ones, which have no reply, are skipped.
        """
        session = self._session
        while not session.opaque:
            passed, ended = session.skipUnanswered(first, line, word)
            if ended is not None:
                self._unheard.append(ended)
            if not passed:
                break
        awaiting = session.awaiting
        head = awaiting[0] if awaiting and not session.opaque else None
        return head if isinstance(head, (Exchange, Silent)) else None

    def _finish(self) -> bool:
        """
        A value has ended: return whether the exchange has ended too.
        """
        session, head = self._session, self._head
        left = 0
        if self._confirming:
            integer = self._scanner.integer
            total = int(integer) if integer.isdigit() and len(integer) < 20 else 0
            left = session.confirm(self._confirming, total)
        if head is None:
            return False
        note = noteOf(head) if isinstance(head, Exchange) else None
        if note is not None:
            if self._confirming:
                # With channels there is one confirmation for each; without, one for each
                # subscription that ends, and a single one if there was none.
                if note.number > 0:
                    note.number -= 1
                    left = note.number
                if left:
                    return False
            session.answered(note, self._first, self._line)
        return session.take() is not None


def errorCode(data: bytes, pos: int) -> str:
    """
    The code of the error that begins at C{pos}: its first word, such as C{WRONGTYPE}; C{ERR} if
    the word has not arrived yet.
    """
    # The text of a string with a length follows that line.
    start = pos + 1 if data[pos] == ERROR else data.find(b"\n", pos) + 1
    word, space, _ = data[start : start + 33].replace(b"\r", b" ").partition(b" ")
    return word.decode("ascii", "replace") if start and word and space else "ERR"

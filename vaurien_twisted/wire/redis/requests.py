# -*- test-case-name: tests.wire.redis.test_protocol -*-
"""
Reads the requests of a Redis connection: arrays of strings, or inline commands.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.redis.commands import COUNTED, KEY_INDEXES, STREAMS, subjectOf
from vaurien_twisted.wire.redis.inline import INLINE_LIMIT, split
from vaurien_twisted.wire.redis.matchers import SEVERAL, lastAt
from vaurien_twisted.wire.redis.resp import (
    BULK_LIMIT,
    BULKS,
    COUNT_LIMIT,
    CRLF,
    HEADER_LIMIT,
    Malformed,
    number,
)
from vaurien_twisted.wire.redis.session import NOTED, RedisSession

#: The most bytes of an array that are searched for the subject and the keys, which rules match.
#: If they do not contain the subject, it is the first argument.
HEAD_LIMIT = 32768

#: The most bytes of a command's name that are kept.
NAME_LIMIT = 128

#: The beginning of an array up to the end of its command's name, by which common
#: commands are known again: the command, how many arguments follow, at least one of
#: which is its argument 1, and whether there may be more keys.
BEGINNINGS: dict[bytes, tuple[str, int, bool]] = {}

#: Commands whose first key is not argument 1.
KEY_NOT_FIRST = frozenset((*COUNTED, *KEY_INDEXES, *STREAMS))

#: The most beginnings that are remembered.
BEGINNINGS_LIMIT = 4096


class Requests(RequestReader):
    """
    Divides the bytes of the client into exchanges.  It holds back only a head that does not
    contain its subject and keys yet, or the beginning of a length.  An exchange has its head
    while it is yielded, if the command may have several keys.
    """

    def __init__(self, session: RedisSession) -> None:
        super().__init__()
        self._session = session
        self._kept = b""
        # The head that is being read: its arguments, where the next begins, how many there are.
        self._args: list[bytes] = []
        self._at = 0
        self._count = 0
        # The current request: the rest of a string, and the number of remaining strings.
        self._exchange: Exchange | None = None
        self._skip = 0
        self._left = 0

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            data, self._kept = self._kept + data, b""
        pos, size = 0, len(data)
        find = data.find
        known, bulks = BEGINNINGS.get, BULKS.get
        while pos < size:
            if session.opaque:
                yield None, data[pos:], False
                return
            if self._exchange is None and not self._at and session.nextIsAnswered:
                version = session.sent.version
                while True:
                    # Where the name ends: no shorter array can end before.
                    end = find(CRLF, pos + 8, pos + 64)
                    if end < 0:
                        break
                    beginning = known(data[pos:end])
                    if beginning is None:
                        break
                    command, left, several = beginning
                    subject = ""
                    end += 2
                    if left:
                        body = find(CRLF, end, end + HEADER_LIMIT) + 2
                        length = bulks(data[end : body - 2])
                        if length is None or body < end:
                            break
                        key = data[body : body + length]
                        end = body + length + 2
                        while left > 1:
                            body = find(CRLF, end, end + HEADER_LIMIT) + 2
                            length = bulks(data[end : body - 2])
                            if length is None or body < end:
                                break
                            end = body + length + 2
                            left -= 1
                        if end > size or left > 1:
                            break
                        try:
                            subject = key.decode()
                        except UnicodeDecodeError:
                            subject = key.decode("utf-8", "backslashreplace")
                    if several:
                        if end - pos > HEAD_LIMIT - HEADER_LIMIT:
                            break
                        head = data[pos:end]
                        pos = end
                        self.number += 1
                        exchange = Exchange(self.number, command, subject, head, version)
                        yield exchange, head, True
                        # The rules have read it: do not keep it until there is a reply.
                        exchange.head = b""
                        if pos >= size:
                            return
                        continue
                    self.number += 1
                    start, pos = pos, end
                    yield (
                        Exchange(self.number, command, subject, b"", version),
                        data[start:end],
                        True,
                    )
                    if pos >= size:
                        return
            try:
                whose, end, ends = self._step(data, pos)
            except Malformed as fault:
                session.opaque = str(fault)
                raise FramingError(str(fault), data[pos:]) from None
            start, pos = pos, end
            if end > start:
                yield whose, data[start:end], ends
                if whose is not None:
                    whose.head = b""
            if session.opaque:
                continue
            if end == start or (whose is not None and not ends):
                self._kept = data[pos:]
                return

    @property
    def passable(self) -> bool:
        """
        Whether the next byte begins a request, and replies need no state of the session.
        """
        session = self._session
        return (
            session.plain
            and not session.opaque
            and self._exchange is None
            and not self._kept
            and not self._at
        )

    def ended(self) -> Iterator[Piece]:
        if self._kept:
            kept, self._kept = self._kept, b""
            yield None if self._session.opaque else self._exchange, kept, False

    def _step(self, data: bytes, pos: int) -> tuple[Exchange | None, int, bool]:
        """
        Read the available part of one request.

        @return: the exchange, the index up to which the bytes belong to it, and whether it ends
            there.
        """
        at = pos
        if self._exchange is None:
            if data[pos] != 42:
                return self._inline(data, pos)
            if not self._head(data, pos):
                return None, pos, False
            at, count, args = pos + self._at, self._count, self._args
            self._at, self._count, self._args = 0, 0, []
            if count <= 0:
                self._session.skipped()
                return None, at, False
            self._exchange = self._begin(args, count, data[pos:at])
            self._remember(data[pos : pos + 64], args[0], count)
        at = self._body(data, at)
        exchange = self._exchange
        ends = not self._skip and not self._left
        if ends:
            self._exchange = None
        return exchange, at, ends

    def _head(self, data: bytes, pos: int) -> bool:
        """
        Read an array until the subject is known.

        @return: whether the subject is known.
        """
        size, args = len(data), self._args
        at, limit = pos + self._at, pos + HEAD_LIMIT
        if not self._at:
            end = self._length(data, at)
            if end < 0:
                return False
            self._count = number(data[at + 1 : end])
            if self._count > COUNT_LIMIT:
                raise Malformed(f"a command cannot have {self._count} arguments")
            at = end + 2
        command = _text(args[0]).upper() if args else ""
        while len(args) < self._count and at < limit - HEADER_LIMIT:
            self._at = at - pos
            read = len(args)
            if read and _lastNeeded(command, args) < read:
                break
            end = self._length(data, at)
            if end < 0:
                return False
            body = end + 2
            length = _bulk(data[at:end])
            if body + length > limit:
                # The subject is cut at its limit, independent of the sizes of the pieces.
                if size < limit:
                    return False
                args.append(data[body:limit])
                at = body
                self._skip = length + 2
                break
            if body + length + 2 > size:
                return False
            args.append(data[body : body + length])
            at = body + length + 2
            if not read:
                command = _text(args[0]).upper()
        self._at = at - pos
        self._left = max(self._count - len(args), 0)
        return True

    def _body(self, data: bytes, at: int) -> int:
        """
        Continue to read an array whose head is known.
        """
        size = len(data)
        while True:
            if self._skip:
                step = min(self._skip, size - at)
                at += step
                self._skip -= step
            if self._skip or not self._left:
                return at
            end = self._length(data, at)
            if end < 0:
                return at
            # Like servers, ignore the values of the two bytes after a string.
            self._skip = _bulk(data[at:end]) + 2
            self._left -= 1
            at = end + 2

    def _length(self, data: bytes, at: int) -> int:
        """
        The end of the header at C{at}, negative if it has not arrived yet.
        """
        end = data.find(CRLF, at, at + HEADER_LIMIT)
        if end < 0 and len(data) - at >= HEADER_LIMIT:
            raise Malformed(f"{data[at : at + HEADER_LIMIT]!r} is not a length")
        return end

    def _inline(self, data: bytes, pos: int) -> tuple[Exchange | None, int, bool]:
        """
        Read an inline command: a line of arguments.
        """
        first = data[pos]
        if first == 22 and not self.number:
            self._session.opaque = "TLS"
            return None, pos, False
        if not 32 <= first < 127 and first not in b"\t\r\n":
            raise Malformed(f"{data[pos : pos + 1]!r} does not begin a command")
        end = data.find(b"\n", pos + self._at)
        if (len(data) if end < 0 else end) - pos > INLINE_LIMIT:
            raise Malformed(f"an inline command is over {INLINE_LIMIT} bytes long")
        if end < 0:
            self._at = len(data) - pos
            return None, pos, False
        self._at = 0
        line = data[pos:end]
        if b"\0" in line:
            raise Malformed("an inline command has a zero byte")
        args = split(line)
        if args:
            return self._begin(args, len(args), line), end + 1, True
        self._session.skipped()
        return None, end + 1, False

    def _begin(self, args: list[bytes], count: int, head: bytes) -> Exchange:
        command = _text(args[0][:NAME_LIMIT]).upper()
        subject = _text(subjectOf(command, args)[:SUBJECT_LIMIT])
        self.number += 1
        exchange = self._session.exchange(self.number, command, args, subject, count)
        if command in SEVERAL or command in COUNTED or command in STREAMS:
            exchange.head = head
        return exchange

    def _remember(self, head: bytes, name: bytes, count: int) -> None:
        """
        Remember this command's beginning, if the fast way of reading is correct for it.
        """
        command = _text(name).upper() if len(name) < NAME_LIMIT else ""
        if not command or command in NOTED or command in KEY_NOT_FIRST:
            return
        # The fast path uses the first CRLF from the ninth byte on as the end of the name.
        beginning = head[: head.find(CRLF, 8)]
        if beginning in BEGINNINGS or beginning != b"*%d\r\n$%d\r\n%b" % (count, len(name), name):
            return
        if len(BEGINNINGS) >= BEGINNINGS_LIMIT:
            BEGINNINGS.clear()
        BEGINNINGS[beginning] = command, count - 1, command in SEVERAL


def _lastNeeded(command: str, args: list[bytes]) -> int:
    """
    The index of the last argument that must be read.
    """
    if command == "CLIENT" and len(args) > 1 and args[1].upper() == b"REPLY":
        return 2
    return lastAt(command, args)


def _bulk(header: bytes) -> int:
    length = BULKS.get(header)
    if length is None:
        if header[:1] != b"$":
            raise Malformed(f"{header!r} is not the length of a string")
        length = number(header[1:])
        if not 0 <= length <= BULK_LIMIT:
            raise Malformed(f"a string cannot have {length} bytes")
    return length


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")

# -*- test-case-name: tests.wire.postgresql.test_extended_query -*-
"""
Groups of extended query messages: their statements and their ends.

A client sends any number of Parse, Bind, Describe, Execute and Close and then a Sync, mostly in one
write.  The backend need not reply before a Sync or a Flush.  The group up to there, or to a bound,
is the head of one exchange.
"""

from __future__ import annotations

from typing import NamedTuple

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange
from vaurien_twisted.wire.postgresql.messages import (
    BEFORE_READY,
    BIND,
    CLIENT_TYPES,
    CLOSE,
    COPY,
    DESCRIBE,
    EXECUTE,
    EXTENDED,
    FLUSH,
    HEAD_LIMIT,
    HEADER,
    PARSE,
    QUERY,
    Malformed,
    cString,
    messageEnd,
    sql,
)
from vaurien_twisted.wire.postgresql.names import Statements

#: The most different statements of one group that are kept for matching.
TEXTS = 32


def beginsTransaction(text: str) -> bool:
    """
    Whether the statement only opens a transaction.  Drivers send such a statement before
    their first query, in the same group.
    """
    return text.lstrip()[:6].rstrip(" ;\t\r\n").upper() in ("BEGIN", "START")


class Begun(NamedTuple):
    """
    The first piece of an exchange, or of bytes that belong to none.

    @ivar stop: its end in the data.
    @ivar left: the number of further bytes of the message.
    @ivar last: whether the exchange ends with that message.
    @ivar group: the head that was read, for extended query messages.
    """

    exchange: Exchange | None
    stop: int
    left: int
    last: bool
    group: Group | None = None


class Group:
    """
    Reads the head of one group.  The names in it take effect with L{keep}.

    @ivar at: the position up to which it was read, in bytes from the start of the group.
    @ivar need: the number of bytes from the start of the group that it needs to continue.
    @ivar left: the number of unread bytes of the last message.
    @ivar synced: the group ends at C{at}, with a message that causes a ReadyForQuery.
    """

    def __init__(self, statements: Statements, portals: Statements) -> None:
        self._statements = statements
        self._portals = portals
        self._prepared: dict[bytes, str] = {}
        self._bound: dict[bytes, str] = {}
        self._first = ""
        self._runs = False
        self._texts: tuple[str, str, str] = ("", "", "")
        self._spoken: dict[str, None] = {}
        self.at = 0
        self.need = HEADER
        self.left = 0
        self.synced = False

    @property
    def command(self) -> str:
        """
        C{"Execute"} if the group executes a statement, otherwise the name of its first message.
        """
        return "Execute" if self._runs else self._first

    @property
    def subject(self) -> str:
        """
        The first statement that is prepared or executed and does more than begin a transaction;
        otherwise any statement of the group.
        """
        return next(filter(None, self._texts), "")

    @property
    def texts(self) -> tuple[str, ...]:
        """
        The statements that are prepared or executed, each once, in order.
        """
        return tuple(self._spoken)

    def read(self, data: bytes, base: int) -> bool:
        """
        Continue to read C{data}, in which the group begins at C{base}.

        @return: whether the head is complete.
        @raise Malformed: a message is not valid.
        """
        end = len(data)
        limit = base + HEAD_LIMIT
        at = base + self.at
        while True:
            if at + HEADER > limit:
                return True
            if at + HEADER > end:
                self.need = at + HEADER - base
                return False
            code = data[at]
            if code not in EXTENDED and code not in BEFORE_READY and code not in COPY:
                if code not in CLIENT_TYPES:
                    raise Malformed(f"a PostgreSQL client sends no message of type {code:#04x}")
                return True
            stop = messageEnd(data, at)
            if stop > limit:
                if end < limit:
                    self.need = HEAD_LIMIT
                    return False
                self._look(code, data, at + HEADER, limit)
                self.at = min(stop, end) - base
                self.left = stop - base - self.at
                self.synced = code in BEFORE_READY
                return True
            if stop > end:
                self.need = stop - base
                return False
            self._look(code, data, at + HEADER, stop)
            at = stop
            self.at = at - base
            if code in BEFORE_READY or code == FLUSH:
                self.synced = code != FLUSH
                return True

    def cuttable(self, data: bytes | bytearray) -> bool:
        """
        Whether L{cut} can end the head: a whole message has arrived, or enough of one to decide
        about it.

        @param data: the bytes of the group that have arrived.
        """
        return self.at > 0 or _decides(data)

    def cut(self, data: bytes, base: int) -> bool:
        """
        End the head, since the client has paused.

        @return: whether the group has a head.
        """
        at, end = base + self.at, len(data)
        if self.at:
            # The arrived part of another message follows separately.
            return True
        if not _decides(data[at:end]):
            return False
        code = data[at]
        stop = messageEnd(data, at)
        self._look(code, data, at + HEADER, end)
        self.at = end - base
        self.left = stop - end
        self.synced = code in BEFORE_READY
        return True

    def _look(self, code: int, data: bytes, start: int, stop: int) -> None:
        text = ""
        if code == BIND:
            portal, start = cString(data, start, stop)
            text = self._statement(cString(data, start, stop)[0])
            self._bound[portal] = text
            self._runs = True
        elif code == EXECUTE:
            text = self._portal(cString(data, start, stop)[0])
            self._runs = True
        elif code == PARSE:
            name, start = cString(data, start, stop)
            text = self._prepared[name] = sql(data, start, stop)
        elif code == QUERY:
            text = sql(data, start, stop)
            self._runs = True
        elif code in (DESCRIBE, CLOSE):
            name = cString(data, start + 1, stop)[0]
            known = self._statement if data[start : start + 1] == b"S" else self._portal
            text = known(name)
        if not self._first:
            self._first = CLIENT_TYPES[code]
        if text:
            best, opening, other = self._texts
            if code in (DESCRIBE, CLOSE):
                self._texts = (best, opening, other or text)
                return
            if len(self._spoken) < TEXTS:
                self._spoken[text] = None
            if beginsTransaction(text):
                self._texts = (best, opening or text, other)
            else:
                self._texts = (best or text, opening, other)

    def _statement(self, name: bytes) -> str:
        text = self._prepared.get(name)
        return self._statements.get(name) if text is None else text

    def _portal(self, name: bytes) -> str:
        text = self._bound.get(name)
        return self._portals.get(name) if text is None else text

    def keep(self) -> None:
        """
        The group goes to the backend: remember the names that it defines.
        """
        for name, text in self._prepared.items():
            self._statements.put(name, text)
        for name, text in self._bound.items():
            self._portals.put(name, text)


def _decides(message: bytes | bytearray) -> bool:
    """
    Whether the beginning of a message contains all that decisions need: its names, and the part
    of its statement that rules may match.
    """
    if len(message) <= HEADER:
        return False
    code, start = message[0], HEADER
    if code in (DESCRIBE, CLOSE):
        start += 1
    names = {BIND: 2, PARSE: 1, EXECUTE: 1, DESCRIBE: 1, CLOSE: 1}.get(code, 0)
    for _ in range(names):
        start = message.find(b"\0", start) + 1
        if not start:
            return False
    return code != PARSE or b"\0" in message[start:] or len(message) - start >= SUBJECT_LIMIT

# -*- test-case-name: tests.wire.test_postgresql_group -*-
"""
What a group of extended query messages asks.

A client sends Parse, Bind, Describe, Execute and Close in any number and then a
Sync, mostly all at once.  The backend need not answer before a Sync or a Flush,
so up to there, or to a bound, the group is the head of one exchange.
"""

from __future__ import annotations

from vaurien_twisted.wire.postgresql_messages import (
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
    SETTLING,
    Malformed,
    messageEnd,
    sql,
    word,
)

#: How much text of prepared statements is remembered for each link, in characters.
REMEMBERED = 1 << 20

#: How many different statements of one group are kept for rules to look at.
TEXTS = 32

#: How much a remembered name costs besides its text.
OVERHEAD = 200


class Statements:
    """
    The texts that names stand for.  Bounded: the oldest are forgotten, and then the
    subject of what runs them is empty.
    """

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._texts: dict[bytes, str] = {}
        self._limit = limit
        self._size = 0

    def get(self, name: bytes) -> str:
        """
        What C{name} stands for, C{""} where it is not known.
        """
        return self._texts.get(name, "")

    def put(self, name: bytes, text: str) -> None:
        """
        From now on C{name} stands for C{text}.
        """
        texts = self._texts
        if texts.get(name) is text and next(reversed(texts)) == name:
            # It is the latest already.
            return
        self._forget(name)
        texts[name] = text
        self._size += len(name) + len(text) + OVERHEAD
        while self._size > self._limit:
            self._forget(next(iter(self._texts)))

    def _forget(self, name: bytes) -> None:
        text = self._texts.pop(name, None)
        if text is not None:
            self._size -= len(name) + len(text) + OVERHEAD


def beginsTransaction(text: str) -> bool:
    """
    Whether the statement only opens a transaction.  Drivers put such a one in front
    of the first query of theirs, in the same group.
    """
    return text.lstrip()[:6].rstrip(" ;\t\r\n").upper() in ("BEGIN", "START")


class Group:
    """
    Reads the head of one group.  What it learns of names takes effect with L{keep}.

    @ivar at: how far it has read, in bytes from the start of the group.
    @ivar need: how many bytes from the start of the group it needs to read on.
    @ivar left: how many bytes of the last message lie behind what was read.
    @ivar settled: the group ends at C{at}, with what brings a ReadyForQuery.
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
        self.settled = False

    @property
    def command(self) -> str:
        """
        C{"Execute"} if something is run, else the name of the group's first message.
        """
        return "Execute" if self._runs else self._first

    @property
    def subject(self) -> str:
        """
        The first statement that is prepared or run and does more than open a
        transaction; else whatever statement is spoken of.
        """
        return next(filter(None, self._texts), "")

    @property
    def texts(self) -> tuple[str, ...]:
        """
        The statements that are prepared or run, each once, in order.
        """
        return tuple(self._spoken)

    def read(self, data: bytes, base: int) -> bool:
        """
        Read on in C{data}, where the group begins at C{base}.

        @return: whether the head is complete.
        @raise Malformed: a message is not possible.
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
            if code not in EXTENDED and code not in SETTLING and code not in COPY:
                if code not in CLIENT_TYPES:
                    raise Malformed(f"a PostgreSQL client has no message of type {code:#04x}")
                return True
            stop = messageEnd(data, at)
            if stop > limit:
                if end < limit:
                    self.need = HEAD_LIMIT
                    return False
                self._look(code, data, at + HEADER, limit)
                self.at = min(stop, end) - base
                self.left = stop - base - self.at
                self.settled = code in SETTLING
                return True
            if stop > end:
                self.need = stop - base
                return False
            self._look(code, data, at + HEADER, stop)
            at = stop
            self.at = at - base
            if code in SETTLING or code == FLUSH:
                self.settled = code != FLUSH
                return True

    def _look(self, code: int, data: bytes, start: int, stop: int) -> None:
        text = ""
        if code == BIND:
            portal, start = word(data, start, stop)
            text = self._statement(word(data, start, stop)[0])
            self._bound[portal] = text
            self._runs = True
        elif code == EXECUTE:
            text = self._portal(word(data, start, stop)[0])
            self._runs = True
        elif code == PARSE:
            name, start = word(data, start, stop)
            text = self._prepared[name] = sql(data, start, stop)
        elif code == QUERY:
            text = sql(data, start, stop)
            self._runs = True
        elif code in (DESCRIBE, CLOSE):
            name = word(data, start + 1, stop)[0]
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
        The group goes to the backend: remember the names it gives.
        """
        for name, text in self._prepared.items():
            self._statements.put(name, text)
        for name, text in self._bound.items():
            self._portals.put(name, text)

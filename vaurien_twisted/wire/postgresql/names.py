# -*- test-case-name: tests.wire.postgresql.test_extended_query -*-
"""
The names of prepared statements and portals, and their statements.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import SUBJECT_LIMIT
from vaurien_twisted.wire.postgresql.messages import BIND, PARSE, cString, sql

#: The most text of prepared statements that is remembered for each link, in characters.
REMEMBERED = 1 << 20

#: The overhead of a remembered name, in characters.
OVERHEAD = 200

#: The messages that define names.
NAMING = (PARSE, BIND)

#: The most bytes of such a message that are collected: the names and the text.
COLLECTED = SUBJECT_LIMIT + 256


class Statements:
    """
    The texts of statements by name, up to L{REMEMBERED} characters.  Beyond that the oldest are
    dropped: the subject of their executions is then empty.
    """

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._texts: dict[bytes, str] = {}
        self._limit = limit
        self._size = 0

    def get(self, name: bytes) -> str:
        """
        The text of C{name}, C{""} if it is not known.
        """
        return self._texts.get(name, "")

    def put(self, name: bytes, text: str) -> None:
        """
        Set the text of C{name}.
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


class Naming:
    """
    Collects a message that defines a name and arrives in parts after a group's head.

    @param code: the message's type.
    """

    def __init__(self, code: int) -> None:
        self._code = code
        self._body = bytearray()

    def add(self, part: bytes) -> None:
        """
        Add a part of its body.
        """
        self._body += part[: COLLECTED - len(self._body)]

    def keep(self, statements: Statements, portals: Statements) -> None:
        """
        The message is complete and goes to the backend: remember the name.
        """
        body = bytes(self._body)
        name, start = cString(body, 0, len(body))
        if self._code == PARSE:
            statements.put(name, sql(body, start, len(body)))
        else:
            portals.put(name, statements.get(cString(body, start, len(body))[0]))

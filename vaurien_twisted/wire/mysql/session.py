# -*- test-case-name: tests.wire.mysql.test_protocol -*-
"""
The state that the two directions of a MySQL connection share.
"""

from __future__ import annotations

import sys

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.mysql.commands import CLOSE, EXECUTE, PREPARE, Request
from vaurien_twisted.wire.mysql.packets import FULL, unpackHeader
from vaurien_twisted.wire.starttls import StartTLS

#: The most prepared statements that are remembered, and the most bytes of their texts.
STATEMENTS, STATEMENT_BYTES = 256, 512 * 1024

#: MariaDB's number for the statement that was prepared last.
LAST_PREPARED = 0xFFFFFFFF


class Statements:
    """
    The texts of prepared statements by number.  Beyond L{STATEMENTS} of them or
    L{STATEMENT_BYTES} bytes the oldest is forgotten: its executions then have an
    empty subject.

    @ivar latest: the latest text that the client sent to be prepared.
    @ivar parameters: the number of parameters of each statement that has 1 to
        L{vaurien_twisted.wire.mysql.session.PARAMETERS}.
    @ivar unsent: by number, the types of parameters that the client has sent and the server has
        not got.
    """

    __slots__ = ("_bytes", "_texts", "latest", "parameters", "unsent")

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._bytes = 0
        self.latest = ""
        self.parameters: dict[int, int] = {}
        self.unsent: dict[int, bytes] = {}

    def add(self, number: int, text: str, parameters: int = 0) -> None:
        """
        Add a statement: the server has prepared C{text} as C{number}.
        """
        self.remove(number)
        self._texts[number] = text
        self._bytes += sys.getsizeof(text)
        if 0 < parameters <= PARAMETERS:
            self.parameters[number] = parameters
        while len(self._texts) > STATEMENTS or self._bytes > STATEMENT_BYTES:
            self.remove(next(iter(self._texts)))

    def remove(self, number: int) -> None:
        """
        Remove the statement C{number}, which need not be known.
        """
        text = self._texts.pop(number, None)
        self.parameters.pop(number, None)
        self.unsent.pop(number, None)
        if text is not None:
            self._bytes -= sys.getsizeof(text)

    def clear(self) -> None:
        """
        Remove all statements.
        """
        self._texts.clear()
        self.parameters.clear()
        self.unsent.clear()
        self._bytes = 0
        self.latest = ""

    def text(self, number: int) -> str:
        """
        The SQL of statement C{number}, C{""} if it is not known.
        """
        return self.latest if number == LAST_PREPARED else self._texts.get(number, "")

    def texts(self) -> Statements:
        """
        Statements with the same texts, and without types.
        """
        same = Statements()
        same._texts, same.latest = self._texts, self.latest
        return same


class MySQLSession(Session):
    """
    The state of one connection.

    @ivar offered: the server's capabilities.
    @ivar capabilities: the capabilities of both sides.
    @ivar dialog: the exchange in which the client may send further packets after its
        command: authentication, or the sending of a file; C{None} if there is none.
    @ivar hello: the client's answer to the greeting has not arrived yet.
    @ivar startTLS: whether TLS is active, and whether it is read.
    @ivar file: the dialog is the sending of a file.
    @ivar sequence: the number that the file's next packet must carry.
    @ivar status: the latest status flags of the server.
    @ivar before: its status flags before the latest reply.
    """

    __slots__ = (
        "before",
        "capabilities",
        "dialog",
        "file",
        "hello",
        "offered",
        "sequence",
        "startTLS",
        "statements",
        "status",
    )

    def __init__(self, startTLS: StartTLS | None = None) -> None:
        super().__init__()
        self.startTLS = startTLS or StartTLS()
        self.offered = 0
        self.capabilities = 0
        self.dialog: Exchange | None = None
        self.hello = False
        self.file = False
        self.sequence = 0
        self.statements = Statements()
        self.status = self.before = 0

    def expect(self, exchange: Exchange) -> None:
        if exchange.replies:
            self.awaiting.append(exchange)
        if exchange.number == 0:
            self.dialog = exchange
            self.hello = True
            return
        request: Request = exchange.context
        if request.code == PREPARE:
            self.statements.latest = exchange.subject
        elif request.code == EXECUTE:
            if request.statement:
                self.statements.unsent.pop(request.statement, None)
        elif request.code == CLOSE:
            self.statements.remove(request.statement)


#: Of statements with more parameters no types are kept; 512 bytes for each statement.
PARAMETERS = 256

#: The command, the statement's number, flags, the number of executions.
FIXED = 10

#: The flag with which MySQL 8.0.23 and later send names of parameters.
NAMED = 0x08


def headOf(parameters: int) -> int:
    """
    The number of bytes of an execution's payload up to the end of its types, if it has types.
    """
    return FIXED + (parameters + 7) // 8 + 1 + 2 * parameters


def typesOf(data: bytes, at: int, end: int, parameters: int) -> bytes | None:
    """
    The types that an execution names, C{b""} if it leaves them as they are.

    @param at: the beginning of its payload.
    @param end: the end of the payload, or of its known part.
    @param parameters: the number of its parameters.
    @return: C{None} if that is not known.
    """
    flag = at + FIXED + (parameters + 7) // 8
    if flag >= end or data[at + 5] & NAMED:
        return None
    if not data[flag]:
        return b""
    types = data[flag + 1 : flag + 1 + 2 * parameters]
    return types if len(types) == 2 * parameters and flag + len(types) < end else None


def withTypes(data: bytes, at: int, types: bytes) -> tuple[bytes, int]:
    """
    The beginning of a packet that executes a statement, with C{types} in it.

    @param at: the beginning of the packet, whose payload has no types.
    @return: the new beginning, and the number of bytes that it replaces; C{b""} and 0 if the
        packet would become too long.
    """
    header: int = unpackHeader(data, at)[0]
    length = (header & FULL) + len(types)
    if length >= FULL:
        return b"", 0
    flag = at + 4 + FIXED + (len(types) // 2 + 7) // 8
    head = (length | header & 0xFF000000).to_bytes(4, "little")
    return head + data[at + 4 : flag] + b"\x01" + types, flag + 1 - at

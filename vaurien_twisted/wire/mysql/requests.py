# -*- test-case-name: tests.wire.mysql.test_requests -*-
"""
The client's direction of MySQL: finds the beginnings and ends of commands.

Every command starts with a packet of sequence number 0; packets of the dialogs of
authentication and of C{LOCAL INFILE} continue the numbers of the reply before them
(dev.mysql.com, "MySQL Packets", "Sequence ID").
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections.abc import Iterator

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.mysql.attributes import skipAttributes
from vaurien_twisted.wire.mysql.commands import (
    CLOSE,
    COMMANDS,
    CURSORS,
    EXECUTE,
    EXECUTE_CURSOR,
    HEADS,
    QUERY,
    Asks,
    Request,
    Shape,
)
from vaurien_twisted.wire.mysql.packets import (
    CLIENT_PROTOCOL_41,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SSL,
    FULL,
    Malformed,
    clientCapabilities,
    unpackHeader,
    unpackLong,
)
from vaurien_twisted.wire.mysql.session import MySQLSession, headOf, typesOf, withTypes

SQL, NAME, STREAM = Asks.SQL, Asks.NAME, Shape.STREAM
NUMBERED = (Asks.STATEMENT, Asks.EXECUTION)

#: An execution up to its flags, in bytes.
FLAGGED = HEADS[Asks.EXECUTION]


class Requests(RequestReader):
    """
    Reads the bytes of the client.

    @ivar _kept: the beginning of a packet that cannot be read yet: at most its header,
        L{Request.head} bytes and the last chunk.
    @ivar _wanted: the number of bytes that C{_kept} must have to be read.
    @ivar _skip: the number of remaining bytes of the packet that is passed on.
    @ivar _ends: the value that C{ends} has at the end of that packet.
    @ivar _longer: the payload continues in the next packet.
    @ivar _changed: the replacement for the first bytes of the packet, and their number, if there
        is one.
    @ivar _own: the context of a command of several packets, which stores their numbers.
    """

    __slots__ = (
        "_changed",
        "_ends",
        "_exchange",
        "_inside",
        "_kept",
        "_longer",
        "_own",
        "_session",
        "_skip",
        "_wanted",
    )

    def __init__(self, session: MySQLSession) -> None:
        super().__init__()
        self._session = session
        self._kept = bytearray()
        self._wanted = 4
        self._exchange: Exchange | None = None
        self._own: Request | None = None
        self._inside = False
        self._skip = 0
        self._ends = False
        self._longer = False
        self._changed = (b"", 0)

    @property
    def passable(self) -> bool:
        session = self._session
        return not (
            session.dialog is not None
            or session.opaque
            or self._inside
            or self._longer
            or self._kept
        )

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            self._kept += data
            if len(self._kept) < self._wanted and not session.opaque:
                return
            data = self.release()
        startTLS = session.startTLS
        at, end = 0, len(data)
        while at < end:
            if session.opaque:
                yield None, data[at:] if at else data, False
                return
            if startTLS.pending and not self._inside:
                startTLS.fromClient += data[at:]
                return
            if not self._inside:
                wanted = 4
                if end - at >= 4:
                    try:
                        wanted = self._begin(data, at, end - at)
                    except Malformed as error:
                        session.opaque = f"garbage: {error}"
                        raise FramingError(str(error), data[at:]) from None
                if wanted:
                    self._kept += data[at:] if at else data
                    self._wanted = wanted
                    return
                if session.opaque:
                    continue
                if self._changed[1]:
                    head, replaced = self._changed
                    self._changed = (b"", 0)
                    at += replaced
                    self._skip -= replaced
                    self._inside = self._skip > 0
                    yield self._exchange, head, self._ends and not self._inside
                    continue
            stop = at + self._skip
            if stop > end:
                self._inside = True
                self._skip = stop - end
                yield self._exchange, data[at:] if at else data, False
                return
            self._inside = False
            yield self._exchange, data[at:stop] if at or stop < end else data, self._ends
            at = stop

    def ended(self) -> Iterator[Piece]:
        """
        The beginning of a packet, if one was held back.
        """
        kept = self.release()
        if kept:
            yield None, kept, False

    def release(self) -> bytes:
        """
        Release the bytes that are held back.
        """
        kept = bytes(self._kept)
        self._kept.clear()
        return kept

    def _begin(self, data: bytes, at: int, available: int) -> int:
        """
        Read the head of the packet at C{at}, so that its bytes can be passed on.

        @return: 0, or the number of bytes from C{at} on that are needed.
        @raise Malformed: it cannot be read.
        """
        session = self._session
        header: int = unpackHeader(data, at)[0]
        length, sequence = header & FULL, header >> 24
        dialog = session.dialog
        if self._longer:
            self._continue(length, sequence)
        elif dialog is not None and (
            sequence or session.hello or (session.file and not session.sequence)
        ):
            if session.hello:
                wanted: int = 4 + min(length, 32)
                if available < wanted:
                    return wanted
                self._hello(data[at + 4 : at + wanted], sequence)
            self._speak(dialog, length, sequence)
        elif sequence:
            raise Malformed(f"a command has packet number {sequence} instead of 0")
        else:
            if length and available < 5:
                return 5
            # A server treats an empty packet as command 0.
            request = COMMANDS[data[at + 4] if length else 0]
            wanted = 4 + min(length, request.head)
            if available < wanted:
                return wanted
            if request.code == EXECUTE:
                if length >= request.head and data[at + 9] & CURSORS:
                    request = EXECUTE_CURSOR
                wanted = 4 + min(length, self._headOfExecution(data, at + 4, wanted))
                if available < wanted:
                    return wanted
            if request.shape is STREAM:
                session.opaque = request.name
                return 0
            # If a dialog was open, the client has ended it.
            session.dialog = None
            session.file = False
            self._ends = length < FULL
            self._own = None if self._ends else request.own()
            self._command(self._own or request, data, at + 4, at + wanted)
        self._longer = length == FULL
        self._skip = 4 + length
        return 0

    def _headOfExecution(self, data: bytes, at: int, wanted: int) -> int:
        """
        The number of bytes to read of the payload of an execution with at least C{wanted} bytes.
        """
        number = unpackLong(data, at + 1)[0] if wanted == 4 + FLAGGED else 0
        parameters = self._session.statements.parameters.get(number, 0)
        return headOf(parameters) if parameters else FLAGGED

    def _typed(self, request: Request, number: int, data: bytes, at: int, end: int) -> Request:
        """
        Store the types in an execution, and add types that the server has not got.
        """
        statements = self._session.statements
        parameters = statements.parameters.get(number, 0)
        types = typesOf(data, at, end, parameters) if parameters else None
        if types is None or not (types or number in statements.unsent):
            return request
        if types:
            # Keep them until the request is known to go to the server.
            statements.unsent[number] = types
        else:
            self._changed = withTypes(data, at - 4, statements.unsent[number])
        if request is not self._own:
            request = request.own()
        request.statement = number
        return request

    def _speak(self, dialog: Exchange, length: int, sequence: int) -> None:
        """
        Handle a packet of the authentication dialog, or of a file.
        """
        session = self._session
        self._exchange = dialog
        self._own = None
        self._ends = length < FULL
        if session.file:
            session.sequence = (sequence + 1) & 0xFF
            self._ends = not length
            if self._ends:
                session.dialog = None
                session.file = False

    def _continue(self, length: int, sequence: int) -> None:
        """
        Handle another packet of the same payload.
        """
        session = self._session
        if session.file and self._exchange is session.dialog:
            session.sequence = (sequence + 1) & 0xFF
            return
        self._ends = length < FULL
        if self._own is not None:
            self._own.last = sequence

    def _hello(self, payload: bytes, sequence: int) -> None:
        """
        The client's answer to the greeting, or its request for TLS.

        @raise Malformed: it is neither.
        """
        session = self._session
        startTLS = session.startTLS
        # Within TLS the client sends it again.
        if sequence != 1 + startTLS.active:
            raise Malformed(f"the reply to the greeting has the wrong number, {sequence}")
        wanted = clientCapabilities(payload)
        session.hello = False
        session.capabilities = wanted & session.offered
        if wanted & CLIENT_SSL and not startTLS.active:
            if startTLS.allowed:
                startTLS.agreed = session.hello = True
            else:
                session.opaque = "TLS"
        elif not wanted & CLIENT_PROTOCOL_41:
            session.opaque = "the protocol before MySQL 4.1"

    def _command(self, request: Request, data: bytes, at: int, end: int) -> None:
        """
        Create the exchange of a command whose payload's head is C{data[at:end]}.
        """
        self.number += 1
        subject = self.subject(request, data, at, end)
        if request.asks in NUMBERED and end - at >= 5:
            number = unpackLong(data, at + 1)[0]
            if request.code == CLOSE:
                request = request.own()
                request.statement = number
            elif request.code == EXECUTE:
                request = self._typed(request, number, data, at, end)
        self._exchange = Exchange(self.number, request.name, subject, b"", request, request.replies)

    def subject(self, request: Request, data: bytes, at: int, end: int) -> str:
        """
        The subject of a command whose payload's head is C{data[at:end]}.
        """
        asks = request.asks
        if asks is SQL:
            start = at + 1
            code = request.code
            if code == QUERY and self._session.capabilities & CLIENT_QUERY_ATTRIBUTES:
                start = skipAttributes(data, start, end)
            if end - at < request.head:
                subject = str(data[start:end], "utf-8", "backslashreplace")
            else:
                # The text may be cut within a character, which is omitted.
                subject = utf_8_decode(data[start:end], "backslashreplace", False)[0]
            # Escapes are longer than the bytes that they represent.
            return subject[:SUBJECT_LIMIT]
        if asks in NUMBERED:
            text = self._session.statements.text
            return text(unpackLong(data, at + 1)[0]) if end - at >= 5 else ""
        if asks is NAME:
            return str(data[at + 1 : end].partition(b"\0")[0], "utf-8", "backslashreplace")
        return ""

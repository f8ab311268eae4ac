# -*- test-case-name: tests.wire.mysql.test_results -*-
"""
The backend's direction of MySQL: finds the reply to which bytes belong, and its end.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.mysql.commands import FORGETTING, Request
from vaurien_twisted.wire.mysql.handshake import GREETING_LIMIT, Greeting
from vaurien_twisted.wire.mysql.packets import (
    CLIENT_COMPRESS,
    CLIENT_ZSTD_COMPRESSION_ALGORITHM,
    ERR,
    FULL,
    GREETING,
    Malformed,
    packet,
    serverCapabilities,
    unpackHeader,
)
from vaurien_twisted.wire.mysql.results import (
    FIRST,
    PEEK,
    Results,
    Step,
    errorCode,
    passDefinitions,
    passRows,
)
from vaurien_twisted.wire.mysql.session import MySQLSession

DONE, DEFINITION, ROW, LAST = Step.DONE, Step.DEFINITION, Step.ROW, Step.LAST
GREETED, ASKED, LOADED = Step.GREETING, Step.DIALOG, Step.LOADED


class Replies:
    """
    Reads the bytes of the backend.  It holds back only a greeting from which the offer of TLS is
    removed.  Bytes of an incomplete head pass, and are remembered.

    @ivar kept: that greeting; C{None} if it passes unchanged.
    @ivar _head: the bytes of an incomplete head.
    @ivar _step: the packet expected, C{DONE} between replies.
    @ivar _next: the packet expected after the one being passed on.
    @ivar _skip: the number of remaining bytes of that packet.
    @ivar _sequence: the number of the next packet, -1 for any.
    @ivar _toCut: the number of rows that still pass before the reply is cut, -1 if it is not cut.
    """

    __slots__ = (
        "_exchange",
        "_head",
        "_inside",
        "_longer",
        "_next",
        "_results",
        "_sequence",
        "_session",
        "_skip",
        "_step",
        "_toCut",
        "kept",
    )

    def __init__(self, session: MySQLSession) -> None:
        self._session = session
        self._results = Results()
        self.kept = Greeting() if session.startTLS.refused else None
        self._head = bytearray()
        self._exchange: Exchange | None = None
        self._step = DONE
        self._next = DONE
        self._inside = False
        self._longer = False
        self._skip = 0
        self._sequence = -1
        self._toCut = -1

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins a reply.
        """
        return self._step is DONE and not (self._inside or self._longer or self._head)

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self.kept is not None and not self.kept.whole:
            data = self.kept.take(data)
        if session.opaque:
            yield None, data, False
            return
        start = at = 0
        end = len(data)
        while True:
            if self._inside:
                stop = at + self._skip
                if stop > end:
                    self._skip = stop - end
                    break
                at = stop
                self._inside = False
            else:
                if self._step is ROW or self._step is DEFINITION:
                    at = self._walk(data, at, end)
                if at == end:
                    break
                try:
                    stop = self._begin(data, at, end)
                except Malformed as error:
                    session.opaque = f"garbage: {error}"
                    if at > start:
                        yield self._exchange, data[start:at], False
                    raise FramingError(str(error), data[at:]) from None
                if stop < 0:
                    break
                if stop > end:
                    self._inside = True
                    self._skip = stop - end
                    break
                at = stop
            if self._longer:
                continue
            step = self._step = self._next
            if step is not DONE:
                if not self._toCut and (step is ROW or step is LAST):
                    yield self._cut(data[start:at])
                    start = at
                continue
            exchange = self._exchange
            if exchange is not None:
                self._complete(exchange)
            whole = at == end and not start
            yield exchange, data if whole else data[start:at], exchange is not None
            start = at
            if session.opaque:
                if at < end:
                    yield None, data[at:], False
                return
        if start < end:
            yield self._exchange, data[start:] if start else data, False

    def ended(self) -> Iterator[Piece]:
        """
        The beginning of the greeting, if it was held back.
        """
        if self.kept is not None and not self.kept.whole:
            yield None, self.kept.release(), False

    def _walk(self, data: bytes, at: int, end: int) -> int:
        """
        Skip packets that are certainly rows or definitions.

        @return: the beginning of the first other packet.
        """
        number = self._sequence << 24
        if self._head or self._longer or number < 0:
            return at
        if self._step is ROW:
            if self._toCut < 0:
                at, number = passRows(data, at, end, number)
        elif self._step is DEFINITION:
            # Read the last one in full: the next step depends on it.
            results = self._results
            at, number, count = passDefinitions(data, at, end, number, results.left - 1)
            results.left -= count
        self._sequence = number >> 24
        return at

    def _cut(self, data: bytes) -> Piece:
        """
        The last piece that passes, of a reply that is cut.
        """
        exchange = self._exchange
        self._toCut = -1
        if exchange is not None:
            exchange.cut = 0
        return exchange, data, False

    def _await(self) -> None:
        """
        A reply begins: find its exchange.
        """
        awaited = self._session.awaiting
        if not awaited:
            # A server may end the connection with an ERR that answers no command.
            self._exchange = None
            self._sequence = -1
            return
        exchange: Exchange = awaited.popleft()
        self._exchange = exchange
        self._toCut = -1
        self._sequence = -1
        session, results = self._session, self._results
        results.begin(session.capabilities, session.status)
        if exchange.number == 0:
            self._step = GREETED
            return
        session.before = session.status
        results.cursor = exchange.context.cursor
        self._step = FIRST[exchange.context.shape]
        if exchange.cut is not None:
            # Only C{_cut} may bring it to zero: what precedes the rows passes.
            self._toCut, exchange.cut = exchange.cut, None

    def _begin(self, data: bytes, at: int, end: int) -> int:
        """
        Read the head of the packet at C{at}.

        @return: the index in C{data}, or beyond it, at which the packet ends; -1 if more bytes
            are needed.
        @raise Malformed: such a packet is not possible here.
        """
        head = self._head
        if head:
            return self._complement(data, at, end)
        if self._step is DONE and not self._longer:
            self._await()
            if self._step is LAST and not self._toCut:
                # It begins with a row, so not even its head passes.
                self._next = LAST
                return at
        if end - at >= 4:
            header: int = unpackHeader(data, at)[0]
            length = header & FULL
            stop = at + 4 + length
            limit = GREETING_LIMIT if self._step is GREETED else PEEK
            if stop <= end or self._longer or end - at >= 4 + limit:
                self._packet(data, at + 4, length, header >> 24)
                self._longer = length == FULL
                return stop
        head += data[at:end] if at else data
        return -1

    def _complement(self, data: bytes, at: int, end: int) -> int:
        """
        The same if a part of the head arrived before.
        """
        head = self._head
        before = len(head)
        head += data[at : at + max(4 - before, 0)]
        if len(head) < 4:
            return -1
        header: int = unpackHeader(head)[0]
        length = header & FULL
        if not self._longer:
            limit = GREETING_LIMIT if self._step is GREETED else PEEK
            wanted = 4 + min(length, limit)
            taken = len(head) - before
            head += data[at + taken : at + wanted - before]
            if len(head) < wanted:
                return -1
        self._packet(bytes(head), 4, length, header >> 24)
        head.clear()
        self._longer = length == FULL
        return at + 4 + length - before

    def _packet(self, data: bytes, at: int, length: int, sequence: int) -> None:
        """
        Interpret one packet.

        @raise Malformed: such a packet is not possible here.
        """
        expected = self._sequence
        if (
            sequence != expected
            and expected >= 0
            and (self._longer or data[at : at + 1] != b"\xff")
        ):
            raise Malformed(f"a packet has number {sequence} instead of {expected}")
        self._sequence = (sequence + 1) & 0xFF
        if self._longer:
            return
        step = self._step
        if step is DONE:
            if not length or data[at] != ERR:
                raise Malformed("a packet replies to no command")
            self._next = step
        elif step is GREETED:
            self._next = self._greeting(data, at, length)
        else:
            self._next = self._results.next(step, data, at, length)
            if self._toCut > 0 and self._next is step and (step is ROW or step is LAST):
                # Progress reports are not rows.
                self._toCut -= data[at] != ERR
        if self._next is ASKED or self._next is LOADED:
            self._listen()

    def _listen(self) -> None:
        """
        The client must send the next packet, with the next number.
        """
        session, results = self._session, self._results
        if self._next is LOADED and not results.wantsFile:
            return
        exchange = self._exchange
        if results.wantsFile and exchange is not None and exchange.replaced:
            # The client does not get the request for the file.
            results.wantsFile = False
            session.endTransfer(packet(self._sequence, b""))
            self._sequence = (self._sequence + 1) & 0xFF
            return
        if exchange is not None and exchange.number and exchange.answered:
            # The backend requests a password, which only the client has.
            session.endTransfer(None)
        session.dialog = exchange
        session.file = results.wantsFile
        session.sequence = self._sequence
        results.wantsFile = False
        self._sequence = -1

    def _greeting(self, data: bytes, at: int, length: int) -> Step:
        session = self._session
        first = data[at] if length else -1
        if first == ERR:
            self._results.error = errorCode(data, at, length)
            return DONE
        if first != GREETING or length > GREETING_LIMIT:
            raise Malformed("this is not the greeting of a MySQL server")
        session.offered = serverCapabilities(data[at : at + length])
        return ASKED

    def _complete(self, exchange: Exchange) -> None:
        """
        A reply has ended: store its effects on the session.
        """
        session, results = self._session, self._results
        session.status = results.status
        exchange.error = results.error
        if session.dialog is exchange and not session.file:
            session.dialog = None
        request = exchange.context
        if exchange.number == 0:
            session.hello = False
            both = session.capabilities
            if results.succeeded and both & (CLIENT_COMPRESS | CLIENT_ZSTD_COMPRESSION_ALGORITHM):
                session.opaque = "compression"
        elif isinstance(request, Request):
            if results.statement >= 0:
                session.statements.add(results.statement, exchange.subject, results.parameters)
            elif results.succeeded and request.code in FORGETTING:
                session.statements.clear()

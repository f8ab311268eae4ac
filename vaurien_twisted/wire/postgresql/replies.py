# -*- test-case-name: tests.wire.postgresql.test_replies -*-
"""
The backend's direction of a PostgreSQL link.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece, Substitute
from vaurien_twisted.wire.postgresql.messages import (
    COPY_DONE_MESSAGE,
    COPY_FAIL_MESSAGE,
    HEADER,
    MESSAGE_LIMIT,
    SYNC_MESSAGE,
    errorCode,
    length,
    readyForQuery,
)
from vaurien_twisted.wire.postgresql.session import Copying, Form, PostgreSQLSession
from vaurien_twisted.wire.postgresql.transaction import updateStatus

READY, ERROR, NOTIFICATION, PARAMETER, COPY_IN, COPY_BOTH = b"ZEASGW"

#: The most bytes of an ErrorResponse that are held back, so that its SQLSTATE can be read.
ERROR_LIMIT = 4096

#: The messages about the session, which answer no request.
OF_SESSION = frozenset((NOTIFICATION, PARAMETER))

#: The length of a ReadyForQuery, which is read whole.
READY_SIZE = HEADER + 1

#: A row of a result, and one of COPY TO STDOUT.
ROWS = b"Dd"

#: The kinds of the backend's messages by type byte: 0 unknown, 1 it only passes, 2 it changes
#: the state.
KINDS = bytes(2 if byte in b"ZEGWAS" else int(byte in b"RKNTDC123ntsIHdcVv") for byte in range(256))

#: The same within a reply that is to be cut: 3 a row.
COUNTED = bytes(3 if byte in ROWS else kind for byte, kind in enumerate(KINDS))


class Replies:
    """
    Finds the ends of replies in what the backend sends.
    """

    def __init__(self, session: PostgreSQLSession) -> None:
        self._session = session
        self._kept = b""
        # The current message: its remaining bytes, whether it ends the reply.
        self._left = 0
        self._last = False
        # The exchange of the current reply.
        self._owner: Exchange | None = None
        # The number of its rows that pass before it is cut, -1 if it is not cut.
        self._toCut = -1
        # The current message is the last that passes.
        self._cuts = False

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins a reply.
        """
        return not (self._owner or self._left or self._kept or self._session.negotiations)

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        waiting = session.awaiting
        if self._kept:
            data = self._kept + data
            self._kept = b""
        if session.opaque:
            if data:
                yield None, data, False
            return
        start = at = 0
        end = len(data)
        owner = self._owner
        if self._left:
            at = min(self._left, end)
            self._left -= at
            if not self._left and self._last:
                yield self._finish(data if at == end else data[:at])
                owner = None
                start = at
            elif not self._left and self._cuts:
                yield self._cut(data if at == end else data[:at])
                start = at
        kinds = KINDS if self._toCut < 0 else COUNTED
        while at < end:
            if session.negotiations:
                self._negotiated(data[at])
                at += 1
                yield None, data[start:at], False
                start = at
                if session.opaque:
                    break
                if session.startTLS.pending:
                    session.startTLS.fromBackend += data[at:]
                    return
                continue
            code = data[at]
            kind = kinds[code]
            if at + HEADER > end and kind:
                break
            size = length(data, at + 1)[0] if kind else 0
            if not 4 <= size <= MESSAGE_LIMIT or (code == READY and size != 5):
                if at > start:
                    yield owner, data[start:at], False
                reason = f"a PostgreSQL server sends no message of type {code:#04x}"
                if kind:
                    reason += f" and {size} bytes"
                raise FramingError(reason, data[at:])
            stop = at + 1 + size
            if owner is None and waiting and code != NOTIFICATION:
                if at > start:
                    yield None, data[start:at], False
                    start = at
                owner = self._owner = waiting[0]
                if owner.cut is not None:
                    # Only C{_cut} may bring it to zero: what precedes the rows passes.
                    self._toCut, owner.cut = owner.cut, None
                    kinds = COUNTED
                    continue
            if kind == 1:
                if stop < end and owner is not None and kinds is KINDS:
                    stop = _passing(data, stop, end)
            elif kind == 3:
                if not self._toCut:
                    yield self._cut(data[start:at])
                    start = at
                    kinds = KINDS
                    continue
                self._toCut -= 1
                self._cuts = not self._toCut
            else:
                if stop > end and (code == READY or (code == ERROR and size <= ERROR_LIMIT)):
                    break
                if code == READY:
                    self._ready(data[at + HEADER])
                    self._last = True
                elif code == COPY_BOTH and (owner is None or not owner.replaced):
                    session.opaque = "replication"
                    if owner is not None:
                        yield self._finish(data[start:at])
                        start = at
                    break
                elif code in OF_SESSION:
                    if owner is not None and _unseen(owner):
                        # The client does not get the rest of the reply.
                        if stop > end:
                            break
                        yield owner, data[start:at], False
                        start = at = stop
                        yield None, data[stop - size - 1 : stop], False
                        continue
                else:
                    if code == ERROR and owner is not None and not owner.error:
                        owner.error = errorCode(data, at + HEADER, min(stop, end))
                    self._last = self._special(code, owner)
            if stop > end:
                self._left = stop - end
                at = end
            else:
                at = stop
                if self._cuts:
                    yield self._cut(data[start:at])
                    start = at
                    kinds = KINDS
                elif self._last:
                    if owner is not None:
                        if _failed(owner):
                            # The backend is ready only now, and its ReadyForQuery has the
                            # transaction's status.
                            yield owner, data[start : at - READY_SIZE], False
                            start = at
                            yield None, _statusAfter(data[at - 1]), False
                        yield self._finish(data if start == 0 and at == end else data[start:at])
                        owner = None
                        start = at
                        kinds = KINDS
                    self._last = False
        if session.opaque:
            if start < end:
                yield None, data[start:], False
            return
        if at > start:
            yield owner, data if start == 0 and at == end else data[start:at], False
        self._kept = data[at:]

    def ended(self) -> Iterator[Piece]:
        kept, self._kept = self._kept, b""
        if self._owner is not None:
            yield self._finish(kept)
        elif kept:
            yield None, kept, False

    def _cut(self, data: bytes) -> Piece:
        """
        The last piece that passes, of a reply that is cut.
        """
        self._toCut = -1
        self._cuts = False
        if self._owner is not None:
            self._owner.cut = 0
        return self._owner, data, False

    def _finish(self, data: bytes) -> Piece:
        exchange, self._owner = self._owner, None
        self._last = False
        self._toCut = -1
        session = self._session
        session.awaiting.popleft()
        if isinstance(exchange, Substitute):
            updateStatus(session, exchange)
        return exchange, data, True

    def _negotiated(self, answer: int) -> None:
        session = self._session
        session.negotiations -= 1
        if answer == ord("S") and session.startTLS.allowed and not session.awaiting:
            session.startTLS.agreed = True
            return
        if answer != ord("N"):
            # E begins the error of a server that is older than these requests.
            refused = "the backend refused to negotiate encryption"
            session.opaque = {ord("S"): "TLS", ord("G"): "GSS"}.get(answer, refused)

    def _ready(self, status: int) -> None:
        session = self._session
        if status in b"ITE":
            session.status = chr(status)
        session.copying = None

    def _special(self, code: int, owner: Exchange | None) -> bool:
        """
        Handle an ErrorResponse or the start of a COPY.

        @return: whether the reply ends with it.
        """
        session = self._session
        if code == ERROR:
            session.copying = None
            return owner is not None and owner.context.form is Form.STARTUP
        if owner is None:
            return False
        if owner.replaced:
            self._endTransfer(code, owner)
            return False
        form = owner.context.form
        extended = form is Form.SYNCED or form is Form.UNSYNCED
        if form is Form.COPY:
            extended = False
        session.copying = Copying(owner.subject, extended)
        return True

    def _endTransfer(self, code: int, owner: Exchange) -> None:
        """
        End a COPY: the backend waits for data, but the client has not got its request.

        While it waits it ignores a Sync, so that one which the client has sent must be sent
        again (PostgreSQL manual, "COPY Operations").
        """
        session = self._session
        if code == COPY_BOTH:
            # In replication a server treats a CopyFail as a violation of the protocol.
            session.endTransfer(COPY_DONE_MESSAGE)
            return
        session.endTransfer(COPY_FAIL_MESSAGE)
        form = owner.context.form
        if (form is Form.SYNCED or form is Form.UNSYNCED) and owner.complete:
            session.endTransfer(SYNC_MESSAGE)


def _unseen(exchange: Exchange) -> bool:
    """
    Whether the client does not get the reply.
    """
    return exchange.replaced or isinstance(exchange, Substitute)


def _failed(exchange: Exchange) -> bool:
    """
    Whether only an ErrorResponse replaces the reply, so that the client awaits a ReadyForQuery.
    """
    decision = exchange.decision
    if decision is None:
        return False
    for step in decision.reply:
        command = step.command
        if isinstance(command, Reply):
            data = command.data
            return (
                command.then is ConnectionFate.KEEP
                and len(data) > HEADER
                and data[0] == ERROR
                and length(data, 1)[0] == len(data) - 1
            )
    return False


def _statusAfter(status: int) -> bytes:
    """
    The ReadyForQuery after an error: an open transaction has failed.

    @param status: the byte of the state before the error.
    """
    return readyForQuery("E" if status == ord("T") else chr(status))


def _passing(data: bytes, at: int, end: int) -> int:
    """
    The beginning of the first message that is incomplete or does more than pass.
    """
    kinds = KINDS
    last = end - HEADER
    while at <= last and kinds[data[at]] == 1:
        size: int = length(data, at + 1)[0]
        stop = at + 1 + size
        if stop > end or not 4 <= size <= MESSAGE_LIMIT:
            break
        at = stop
    return at

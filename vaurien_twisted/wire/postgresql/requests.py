# -*- test-case-name: tests.wire.postgresql.test_requests -*-
"""
The client's direction of a PostgreSQL link.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.postgresql.extended_query import Begun, Group
from vaurien_twisted.wire.postgresql.messages import (
    BEFORE_READY,
    CLIENT_TYPES,
    COPY,
    COPY_DATA,
    EXTENDED,
    FLUSH,
    FUNCTION,
    HEADER,
    PASSWORD,
    QUERY,
    SYNC,
    TERMINATE,
    Malformed,
    length,
    messageEnd,
    sql,
)
from vaurien_twisted.wire.postgresql.names import NAMING, Naming, Statements
from vaurien_twisted.wire.postgresql.session import Context, Copying, Form, PostgreSQLSession
from vaurien_twisted.wire.postgresql.startup import NO, StartupKind, encryptions, readStartup


class Requests(RequestReader):
    """
    Finds exchanges in the bytes of the client.

    @param started: whether the start-up is over.
    @ivar granted: the latest exchange that went to the backend.
    @ivar statements: the texts of prepared statements, by name.
    @ivar portals: the texts of portals, by name.
    """

    def __init__(self, session: PostgreSQLSession, started: bool = False) -> None:
        super().__init__()
        self.granted: Exchange | None = None
        self._session = session
        self.statements = Statements()
        self.portals = Statements()
        self._started = started
        self._denied: list[bytes] = []
        self._kept = bytearray()
        self._need = 0
        self._group: Group | None = None
        self._pausing = False
        # The current message: its remaining bytes, and whether it ends the exchange.
        self._left = 0
        self._last = False
        # The current exchange, and the messages with which it may continue.
        self._open: Exchange | None = None
        self._form = Form.SILENT
        self._mine = False
        self._copying: Copying | None = None
        self._naming: Naming | None = None

    @property
    def passable(self) -> bool:
        session = self._session
        return (
            self._started
            and session.copying is None
            and not (session.opaque or self._open or self._left or self._kept)
        )

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            self._kept += data
            if len(self._kept) < self._need and not session.opaque:
                return
            data = self.release()
        if session.startTLS.refused and not self._started:
            asked = encryptions(data, self._denied)
            session.startTLS.refusal += NO * asked
            data = data[8 * asked :]
        if session.opaque:
            if data:
                yield None, data, False
            return
        start = at = 0
        end = len(data)
        if self._left:
            at = min(self._left, end)
            self._left -= at
            if self._naming is not None:
                self._collect(self._naming, data[:at])
            if not self._left and self._last:
                yield self._finish(data if at == end else data[:at])
                start = at
            elif self._open is None:
                yield None, data if at == end else data[:at], False
                start = at
        while at < end:
            owner = self._open
            try:
                stop = self._follow(data, at, end) if owner is not None else -1
                if stop < 0:
                    if owner is not None:
                        yield self._finish(data[start:at])
                        start = at
                    begun = self._begin(data, at, end)
            except Malformed as error:
                if at > start:
                    yield owner, data[start:at], False
                raise FramingError(str(error), data[at:]) from None
            if stop == 0 or (stop < 0 and begun is None):
                if at > start:
                    yield owner, data[start:at], False
                self._kept += data[at:]
                return
            if stop < 0 and begun is not None:
                # All bytes before have been yielded: start equals at here.
                at = begun.stop
                piece = data if start == 0 and at == end else data[start:at]
                start = at
                yield self._enter(begun, piece)
                self._entered(begun)
                if self._form is Form.STARTUP and self._open is not None and not self._mine:
                    # Answered here, so no authentication follows.
                    yield self._finish(b"")
                continue
            at = stop
            if not self._left and self._last:
                yield self._finish(data if start == 0 and at == end else data[start:at])
                start = at
        if start < end:
            yield self._open, data if start == 0 else data[start:], False

    def release(self) -> bytes:
        """
        Release the bytes that are held back.
        """
        kept = bytes(self._kept)
        self._kept = bytearray()
        return kept

    @property
    def withholds(self) -> bool:
        """
        Whether a group is held back about which could be decided now.
        """
        return self._group is not None and self._group.cuttable(self._kept)

    def paused(self) -> Iterator[Piece]:
        """
        Pass the part of the group that has arrived.
        """
        if self.withholds:
            self._pausing = True
            self._need = 0
            yield from self.read(b"")

    def ended(self) -> Iterator[Piece]:
        if self._open is not None:
            yield self._finish(self.release())
        elif self._kept:
            yield None, self.release(), False

    def _finish(self, data: bytes) -> Piece:
        exchange, self._open = self._open, None
        self._last = False
        self._copying = None
        return exchange, data, True

    def _enter(self, begun: Begun, piece: bytes) -> Piece:
        ends = begun.last and not begun.left
        self._left = begun.left
        self._last = begun.last and not ends
        if not ends and begun.exchange is not None:
            self._open = begun.exchange
            self._form = begun.exchange.context.form
        return begun.exchange, piece, ends

    def _entered(self, begun: Begun) -> None:
        # Asked only now: the piece is out, and whether it goes to the backend is known.
        self._mine = begun.exchange is not None and self.granted is begun.exchange
        if begun.group is not None and self._mine:
            begun.group.keep()

    # The current exchange

    def _follow(self, data: bytes, at: int, end: int) -> int:
        """
        Add the message at C{at} to the open exchange.  The result is the index at which to
        continue, 0 if more bytes are needed, -1 if the message belongs to another exchange.
        """
        code = data[at]
        form = self._form
        if form is Form.STARTUP:
            if code != PASSWORD:
                return -1
        elif form is Form.COPY:
            if not self._copies(code):
                return -1
        elif code in (TERMINATE, PASSWORD) or code not in CLIENT_TYPES:
            return -1
        elif (code in COPY and self._session.copying is not None) or (
            code == SYNC and not self._mine
        ):
            # The backend replies to a Sync after a Flush that was answered in its place.
            return -1
        if at + HEADER > end:
            self._need = HEADER
            return 0
        stop = messageEnd(data, at)
        if form is Form.COPY:
            if code in COPY and code != COPY_DATA:
                copying = self._copying
                self._last = copying is not None and not copying.extended
                self._copying = None
            else:
                self._last = code == SYNC and self._copying is None
        elif form is not Form.STARTUP:
            self._last = code in BEFORE_READY
            if code in NAMING and self._mine:
                self._naming = Naming(code)
        self._left = max(stop - end, 0)
        if self._naming is not None:
            self._collect(self._naming, data[at + HEADER : min(stop, end)])
        return min(stop, end)

    def _copies(self, code: int) -> bool:
        if code in COPY:
            return True
        # After the data of an extended query only its Sync may follow.
        return code in (SYNC, FLUSH) and (self._copying is None or self._copying.extended)

    def _collect(self, naming: Naming, part: bytes) -> None:
        naming.add(part)
        if not self._left:
            naming.keep(self.statements, self.portals)
            self._naming = None

    # A new exchange

    def _begin(self, data: bytes, at: int, end: int) -> Begun | None:
        if not self._started:
            return self._beginSession(data, at)
        code = data[at]
        if code in EXTENDED and code != FLUSH:
            return self._beginGroup(data, at)
        name = CLIENT_TYPES.get(code, "")
        if not name or code == PASSWORD:
            raise Malformed(f"a PostgreSQL client sends no message of type {code:#04x} here")
        if at + HEADER > end:
            self._need = HEADER
            return None
        stop = messageEnd(data, at)
        subject = ""
        texts: tuple[str, ...] = ()
        extended = False
        form = Form.SIMPLE
        last = True
        if code == QUERY:
            wanted = min(stop, at + HEADER + SUBJECT_LIMIT)
            if wanted > end:
                self._need = wanted - at
                return None
            subject = sql(data, at + HEADER, wanted)
            texts = (subject,)
        elif code == FUNCTION:
            if at + HEADER + 4 > end:
                self._need = HEADER + 4
                return None
            subject = str(length(data, at + HEADER)[0])
        elif code == TERMINATE:
            form = Form.SILENT
        elif code == FLUSH:
            # Without a group it has no effect.
            return Begun(None, min(stop, end), max(stop - end, 0), False)
        elif code in COPY:
            copying = self._session.copying
            if copying is None:
                # The backend ignores the remaining data of a COPY that has failed.
                return Begun(None, min(stop, end), max(stop - end, 0), False)
            self._session.copying = None
            self._copying = copying
            form, name, subject = Form.COPY, "CopyData", copying.subject
            texts, extended = (subject,), copying.extended
            last = code != COPY_DATA and not extended
            if code != COPY_DATA:
                self._copying = None
        exchange = self._exchange(name, subject, form, texts, extended)
        return Begun(exchange, min(stop, end), max(stop - end, 0), last)

    def _beginGroup(self, data: bytes, at: int) -> Begun | None:
        group = self._group
        if group is None:
            group = self._group = Group(self.statements, self.portals)
        pausing, self._pausing = self._pausing, False
        if not group.read(data, at) and not (pausing and group.cut(data, at)):
            self._need = group.need
            return None
        self._group = None
        form = Form.SYNCED if group.synced else Form.UNSYNCED
        exchange = self._exchange(group.command, group.subject, form, group.texts)
        return Begun(exchange, at + group.at, group.left, group.synced, group)

    def _beginSession(self, data: bytes, at: int) -> Begun | None:
        kind, size, subject = readStartup(data, at)
        stop = at + size
        if kind is StartupKind.SESSION:
            self._started = True
            return Begun(self._exchange("STARTUP", subject, Form.STARTUP), stop, 0, False)
        if kind is StartupKind.UNKNOWN:
            self._need = size
            return None
        if kind is StartupKind.CANCEL:
            return Begun(self._exchange("CancelRequest", subject, Form.SILENT), stop, 0, True)
        if kind is StartupKind.HANDSHAKE:
            self._session.opaque = "TLS"
        else:
            self._session.negotiations += 1
        return Begun(None, stop, 0, False)

    def _exchange(
        self,
        command: str,
        subject: str,
        form: Form,
        texts: tuple[str, ...] = (),
        extended: bool = False,
    ) -> Exchange:
        self.number += 1
        context = Context(form, self._session.status, texts, extended)
        return Exchange(
            self.number, command, subject, context=context, replies=form is not Form.SILENT
        )

# -*- test-case-name: tests.wire.test_postgresql_replies -*-
"""
The backend's direction of a PostgreSQL link.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.postgresql_messages import HEADER, MESSAGE_LIMIT, length
from vaurien_twisted.wire.postgresql_session import Copying, Form, Session

READY, ERROR, NOTIFICATION, COPY_IN, COPY_BOTH = b"ZEAGW"

#: What the backend may send: 0 nothing known, 1 a message that only passes, 2 one
#: that changes something.
KINDS = bytes(2 if byte in b"ZEGW" else int(byte in b"RSKNTDC123ntsIHdcVvA") for byte in range(256))


class Replies:
    """
    Finds the ends of replies in what the backend sends.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept = b""
        # The message under way: how much of it is left, whether it ends the reply.
        self._left = 0
        self._last = False
        # Whose reply is under way.
        self._owner: Exchange | None = None

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        See L{IFramer.fromBackend<vaurien_twisted.interfaces.IFramer.fromBackend>}.
        """
        session = self._session
        waiting = session.waiting
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
        while at < end:
            if session.negotiations:
                self._negotiated(data[at])
                at += 1
                yield None, data[start:at], False
                start = at
                if session.opaque:
                    break
                continue
            code = data[at]
            kind = KINDS[code]
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
            if kind == 2:
                if code == READY:
                    if stop > end:
                        break
                    self._ready(data[at + HEADER])
                    self._last = True
                elif code == COPY_BOTH:
                    session.opaque = "replication"
                    if owner is not None:
                        yield self._finish(data[start:at])
                        start = at
                    break
                else:
                    self._last = self._special(code, owner)
            if stop > end:
                self._left = stop - end
                at = end
            else:
                at = stop
                if self._last:
                    if owner is not None:
                        yield self._finish(data if start == 0 and at == end else data[start:at])
                        owner = None
                        start = at
                    self._last = False
        if session.opaque:
            if start < end:
                yield None, data[start:], False
            return
        if at > start:
            yield owner, data if start == 0 and at == end else data[start:at], False
        self._kept = data[at:]

    def ended(self) -> Iterator[Piece]:
        """
        See L{IFramer.backendEnded<vaurien_twisted.interfaces.IFramer.backendEnded>}.
        """
        kept, self._kept = self._kept, b""
        if self._owner is not None:
            yield self._finish(kept)
        elif kept:
            yield None, kept, False

    def _finish(self, data: bytes) -> Piece:
        exchange, self._owner = self._owner, None
        self._last = False
        self._session.waiting.popleft()
        return exchange, data, True

    def _negotiated(self, answer: int) -> None:
        session = self._session
        session.negotiations -= 1
        if answer != ord("N"):
            # E begins an error in the words of a server older than the question.
            session.opaque = {ord("S"): "TLS", ord("G"): "GSS"}.get(answer, "no negotiation")

    def _ready(self, status: int) -> None:
        session = self._session
        if status in b"ITE":
            session.status = chr(status)
        session.copying = None

    def _special(self, code: int, owner: Exchange | None) -> bool:
        """
        Note an ErrorResponse or a CopyInResponse: whether the reply ends with it.
        """
        session = self._session
        if code == ERROR:
            session.copying = None
            return owner is not None and owner.context.form is Form.STARTUP
        if owner is None:
            return False
        form = owner.context.form
        extended = form is Form.SYNCED or form is Form.UNSYNCED
        if form is Form.COPY:
            extended = False
        session.copying = Copying(owner.subject, extended)
        return True

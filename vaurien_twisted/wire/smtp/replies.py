# -*- test-case-name: tests.wire.smtp.test_replies -*-
"""
The backend's direction of an SMTP link.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.smtp.envelope import RESETTING, Envelope
from vaurien_twisted.wire.smtp.session import SMTPSession
from vaurien_twisted.wire.smtp.starttls import MASKED_LIMIT, offers, withoutOffer

#: The bytes after the code of a reply's last line.
LAST = frozenset(b" \r\n\t")


#: The first digits of replies that are errors (RFC 5321, section 4.2.1).
FAILED = b"45"

#: How a client cancels an authentication (RFC 4954, section 4).
CANCEL = b"*\r\n"

#: The codes with which the server requests the text of a mail, and starts TLS.
WAITING = {"DATA": b"354", "STARTTLS": b"220"}


class Replies:
    """
    Finds the ends of replies in the bytes of the backend: lines with the same code, which has
    a hyphen after it in all lines except the last (RFC 5321, section 4.2.1).
    """

    def __init__(self, session: SMTPSession) -> None:
        self._session = session
        self._kept = b""
        # Within a line whose code was read: it, and whether more lines follow.
        self._code = b""
        self._more = False
        self._owner: Exchange | None = None
        self._within = False

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            data = self._kept + data
            self._kept = b""
        start = at = 0
        end = len(data)
        while at < end and not session.opaque:
            if not self._code:
                if not self._within:
                    self._within = True
                    self._owner = session.awaiting[0] if session.awaiting else None
                    if self._owner is not None and self._owner.cut == 0:
                        # No line of it passes.
                        yield self._owner, b"", False
                # Only a whole line shows whether it must be masked.
                least = MASKED_LIMIT if self._masks else 4
                if end - at < least and b"\n" not in data[at:]:
                    break
                code = data[at : at + 3]
                mark = data[at + 3 : at + 4]
                if not code.isdigit() or (mark != b"-" and mark and mark[0] not in LAST):
                    if at > start:
                        yield self._owner, data[start:at], False
                    raise FramingError("an SMTP reply does not begin with a code", data[at:])
                self._code = code
                self._more = mark == b"-"
                at += 3
            stop = data.find(b"\n", at) + 1
            if not stop:
                at = end
                break
            if self._masks:
                line = data[at:stop]
                masked = withoutOffer(line)
                if masked != line:
                    data = data[:at] + masked + data[stop:]
            at = stop
            code, self._code = self._code, b""
            cut = self._owner is not None and self._cutAfter(self._owner)
            if self._more and cut:
                yield self._owner, data[start:at], False
                start = at
            elif not self._more:
                owner, self._owner = self._owner, None
                self._within = False
                ends = owner is not None and self._answered(owner, code)
                yield owner, data if start == 0 and at == end else data[start:at], ends
                start = at
                if session.startTLS.pending:
                    session.startTLS.fromBackend += data[at:]
                    return
        if session.opaque:
            if start < end:
                yield None, data[start:], False
            return
        if at > start:
            yield self._owner, data if start == 0 and at == end else data[start:at], False
        self._kept = data[at:]

    def ended(self) -> Iterator[Piece]:
        kept, self._kept = self._kept, b""
        owner, self._owner = self._owner, None
        if owner is not None:
            self._session.awaiting.popleft()
            yield owner, kept, True
        elif kept:
            yield None, kept, False

    @property
    def _masks(self) -> bool:
        """
        Whether the reply may offer TLS, which is refused.
        """
        return self._session.startTLS.refused and offers(self._owner)

    def _cutAfter(self, exchange: Exchange) -> bool:
        """
        A line has passed: return whether it is the last that passes.
        """
        if not exchange.cut:
            return False
        exchange.cut -= 1
        return exchange.cut == 0

    def _answered(self, exchange: Exchange, code: bytes) -> bool:
        """
        Handle a complete reply.

        @return: whether the exchange ends with it.
        """
        session = self._session
        session.code = code
        command = exchange.command
        if code[0] in FAILED:
            exchange.error = code.decode("ascii")
        if command == "AUTH" and code == b"334":
            # The same exchange continues: it stays the first of those that wait.
            if exchange.answered:
                session.endTransfer(CANCEL)
            else:
                session.challenged = session.dialog is exchange
            return False
        session.awaiting.popleft()
        if exchange.number == 0:
            return True
        if WAITING.get(command) == code and exchange.answered:
            # The backend waits for data that only the client has.
            session.endTransfer(None)
        if command == "DATA":
            if code != b"354":
                self._noText()
        elif command == "RCPT":
            if code[:1] != b"2":
                exchange.context.remove(exchange.subject)
        elif (command == "MAIL" or command in RESETTING) and exchange.context is not None:
            if code[:1] != b"2":
                exchange.context.revert(int(command == "MAIL"))
            exchange.context.before = None
        elif command == "STARTTLS":
            if code == b"220":
                self._secure()
        elif command == "AUTH":
            session.challenged = False
        elif command == "MESSAGE" and session.writing is exchange and code != b"421":
            # The backend has found an end of the text that the proxy has not.
            session.opaque = "the backend ended a mail before the client did"
        return True

    def _secure(self) -> None:
        """
        TLS follows.  It is not read if the client has sent more commands before TLS.
        """
        session = self._session
        if session.startTLS.allowed and not session.startTLS.active and not session.awaiting:
            session.startTLS.agreed = True
            # All earlier state is discarded (RFC 3207, section 4.2).
            session.envelope = Envelope()
        else:
            session.opaque = "TLS"

    def _noText(self) -> None:
        """
        The backend has refused the text.  If the client has begun one, the backend reads it as
        commands.
        """
        session = self._session
        session.message = False
        writing, session.writing = session.writing, None
        if writing is not None and writing in session.awaiting:
            session.opaque = "a mail that the backend had not asked for"

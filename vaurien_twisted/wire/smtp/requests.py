# -*- test-case-name: tests.wire.smtp.test_requests -*-
"""
The client's direction of an SMTP link.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError, Piece
from vaurien_twisted.wire.framer import RequestReader
from vaurien_twisted.wire.smtp.envelope import (
    RESETTING,
    Envelope,
    addressOf,
    chunkSize,
    isLast,
    verbOf,
)
from vaurien_twisted.wire.smtp.session import SMTPSession
from vaurien_twisted.wire.smtp.starttls import withoutCommand

#: The longest command line, in bytes.  RFC 5321 requires 512, extensions more.
LINE_LIMIT = 65536

#: The end of a mail's text (RFC 5321, section 4.1.1.4).
END = b"\r\n.\r\n"


class Requests(RequestReader):
    """
    Finds commands and texts of mails in the bytes of the client.
    """

    def __init__(self, session: SMTPSession) -> None:
        super().__init__()
        # The command that is being yielded, its argument and its line.
        self._command: tuple[Exchange, str, bytes] | None = None
        self._session = session
        self._kept = bytearray()
        # The last bytes of the text, the end of DATA's own line included.
        self._tail = b""
        # The current BDAT, and the number of remaining bytes of its chunk.
        self._chunk: Exchange | None = None
        self._left = 0

    def read(self, data: bytes) -> Iterator[Piece]:
        session = self._session
        if self._kept:
            short = len(self._kept) + len(data) <= LINE_LIMIT
            if short and b"\n" not in data and not session.opaque:
                self._kept += data
                return
            data = self.release() + data
        if session.opaque:
            if data:
                yield None, data, False
            return
        at = 0
        end = len(data)
        while at < end:
            if session.message:
                stop, ends = self._text(data, at)
                exchange = session.writing
                if exchange is None:
                    exchange = self._exchange("MESSAGE", session.envelope.subject)
                    session.writing = exchange
                if ends:
                    session.message = False
                    session.writing = None
                    session.envelope = Envelope()
                yield exchange, data if at == 0 and stop == end else data[at:stop], ends
            elif self._left:
                stop = min(end, at + self._left)
                self._left -= stop - at
                yield (
                    self._chunk,
                    data if at == 0 and stop == end else data[at:stop],
                    not self._left,
                )
            else:
                stop = data.find(b"\n", at) + 1
                if (stop or end) - at > LINE_LIMIT:
                    raise FramingError("an SMTP line is over 64 KiB long", data[at:])
                if not stop:
                    self._kept += data[at:]
                    return
                if session.challenged:
                    session.challenged = False
                    yield session.dialog, data[at:stop], False
                else:
                    if session.dialog is not None:
                        dialog, session.dialog = session.dialog, None
                        yield dialog, b"", True
                    line = data[at:stop]
                    exchange, argument = self._begin(line)
                    stop, ends = self._extent(exchange, argument, stop, end)
                    piece = data if at == 0 and stop == end else data[at:stop]
                    if session.startTLS.refused and exchange.command == "STARTTLS":
                        piece = withoutCommand(piece)
                    self._command = exchange, argument, line
                    yield exchange, piece, ends
                    if self._command is not None and exchange.command == "AUTH":
                        # The proxy answers it, so it does not go to the backend.
                        yield exchange, b"", True
            at = stop

    def grant(self, exchange: Exchange) -> None:
        """
        C{exchange} goes to the backend.  Its effects are stored at once, before its reply.
        """
        command, self._command = self._command, None
        if command is not None and command[0] is exchange:
            self._sent(*command)

    def release(self) -> bytes:
        """
        Release the bytes that are held back.
        """
        kept = bytes(self._kept)
        self._kept = bytearray()
        return kept

    def ended(self) -> Iterator[Piece]:
        session = self._session
        for exchange in (session.dialog, session.writing, self._chunk if self._left else None):
            if exchange is not None:
                yield exchange, b"", True
        session.dialog = session.writing = None
        session.message = False
        self._left = 0
        if self._kept:
            yield None, self.release(), False

    def _text(self, data: bytes, at: int) -> tuple[int, bool]:
        """
        The index up to which C{data} is text of the mail, and whether the text ends there.
        """
        writing = self._session.writing
        tail = self._tail if writing is not None else b"\r\n"
        # Dots that begin a line of the text are doubled, so only the end looks like it.
        stop = (tail + data[at : at + 4]).find(END) - len(tail)
        if stop < -len(tail):
            stop = data.find(END, at) - at
            if stop < -at:
                self._tail = (tail + data[max(at, len(data) - 4) :])[-4:]
                return len(data), False
        return at + stop + len(END), True

    def _begin(self, line: bytes) -> tuple[Exchange, str]:
        verb, argument = verbOf(line[: SUBJECT_LIMIT + 16].decode("utf-8", "replace"))
        if verb in ("MAIL", "RCPT"):
            subject = addressOf(argument)
        elif verb in ("DATA", "BDAT"):
            subject = self._session.envelope.subject
        elif verb == "AUTH":
            # The text after the mechanism is secret.
            subject = argument.partition(" ")[0].upper()
        else:
            subject = argument[:SUBJECT_LIMIT]
        return self._exchange(verb, subject), argument

    def _extent(self, exchange: Exchange, argument: str, stop: int, end: int) -> tuple[int, bool]:
        """
        The end of the first piece of a command whose line ends at C{stop}, and
        whether that is the whole command.
        """
        if exchange.command == "AUTH":
            return stop, False
        if exchange.command == "BDAT":
            size = chunkSize(argument)
            here = min(size, end - stop)
            self._chunk = exchange
            self._left = size - here
            return stop + here, not self._left
        return stop, True

    def _exchange(self, command: str, subject: str) -> Exchange:
        self.number += 1
        return Exchange(self.number, command, subject, context=self._session.envelope)

    def _sent(self, exchange: Exchange, argument: str, line: bytes) -> None:
        """
        Store the effects of a command that goes to the backend.
        """
        session = self._session
        command = exchange.command
        if command == "MAIL":
            exchange.context = Envelope(exchange.subject, before=session.envelope)
            session.envelope = exchange.context
            session.envelope.note(exchange.subject, line)
        elif command == "RCPT":
            session.envelope.add(exchange.subject)
            session.envelope.note(exchange.subject, line)
        elif command in RESETTING:
            session.envelope = exchange.context = Envelope(before=session.envelope)
        elif command == "BDAT" and isLast(argument):
            session.envelope = Envelope()
        elif command == "DATA":
            # A client that does not wait for the 354 sends the text right away.
            session.message = True
        elif command == "AUTH":
            session.dialog = exchange

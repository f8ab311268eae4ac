# -*- test-case-name: tests.wire.smtp.test_transaction -*-
"""
The effect of an injected error on a mail transaction.

A C{MAIL}, C{RCPT} or C{DATA} that is refused changes nothing: the transaction is as it was before
it (RFC 5321, section 4.1.1).  A refused chunk makes the whole mail fail: further chunks before
C{RSET} are refused too (RFC 3030, section 2).
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.wire.smtp.envelope import Envelope
from vaurien_twisted.wire.smtp.session import SMTPSession


def replacementFor(session: SMTPSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send to the backend in place of a command: C{RSET} for a chunk, because the
    backend would assemble the mail from the other chunks.
    """
    if exchange.command != "BDAT":
        return ()
    session.envelope = Envelope()
    return (_send(session, exchange, "RSET", b"RSET\r\n"),)


def followUpFor(session: SMTPSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send after a command that the backend has accepted and whose reply was
    replaced: C{RSET}, and for C{RCPT} the envelope without that recipient.

    An envelope whose lines are too long to be kept is not sent again: the server then refuses
    the mail.
    """
    command = exchange.command
    if session.code[:1] != b"2" or command not in ("MAIL", "RCPT", "BDAT"):
        return ()
    reset = _send(session, exchange, "RSET", b"RSET\r\n")
    envelope: Envelope = exchange.context
    if command != "RCPT" or session.envelope is not envelope:
        session.envelope = Envelope()
        return (reset,)
    envelope.remove(exchange.subject)
    again = []
    for at, (address, line) in enumerate(envelope.lines or ()):
        said = _send(session, exchange, "RCPT" if at else "MAIL", line)
        said.subject, said.context = address, envelope
        again.append(said)
    return (reset, *again)


def _send(session: SMTPSession, exchange: Exchange, command: str, line: bytes) -> Substitute:
    substitute = Substitute(exchange.number, command, line, None)
    session.awaiting.append(substitute)
    return substitute

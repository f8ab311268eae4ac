# -*- test-case-name: tests.wire.postgresql.test_transaction -*-
"""
The effect of an injected error on a PostgreSQL transaction.

After any error within a transaction block the server accepts only a rollback, to the beginning or
to a savepoint, and answers everything else with 25P02.  A failed C{COMMIT} has rolled back
(PostgreSQL manual, "Transactions" and "Message Flow").
"""

from __future__ import annotations

import struct

from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.wire.postgresql.messages import COPY_FAIL_MESSAGE, SYNC_MESSAGE
from vaurien_twisted.wire.postgresql.session import Context, Form, PostgreSQLSession
from vaurien_twisted.wire.sql import commits

#: This is not a statement in any version, so that parsing it fails.  The server's log has this
#: text.
FAILING = "vaurien: an error was injected, so that this transaction fails"

#: Commands that execute statements.
EXECUTING = frozenset(("Query", "Execute"))


def replacementFor(session: PostgreSQLSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send to the backend in place of a request: C{ROLLBACK} for a commit, otherwise
    a statement that fails; none outside of a transaction block, or in one that has failed.
    In place of the data of a COPY the backend gets a CopyFail.

    Where the client has sent more than was answered the state is not known: then a
    statement that fails is sent, which does nothing outside, and its answer has the state.
    """
    context = exchange.context
    if context is None or context.form in (Form.STARTUP, Form.SILENT):
        return ()
    if context.form is Form.COPY:
        ending = COPY_FAIL_MESSAGE + (SYNC_MESSAGE if context.extended else b"")
        return (_substitute(session, exchange, "CopyFail", ending),)
    if not session.awaiting and session.status != "T":
        return ()
    texts = context.texts
    ends = exchange.command in EXECUTING and len(texts) == 1 and commits(texts[0])
    return (_send(session, exchange, "ROLLBACK" if ends else FAILING),)


def followUpFor(session: PostgreSQLSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send after a reply that was replaced: a statement that fails, if a transaction
    block is open.
    """
    context = exchange.context
    if context is None or context.form is Form.STARTUP or session.status != "T":
        return ()
    return (_send(session, exchange, FAILING),)


def _send(session: PostgreSQLSession, exchange: Exchange, text: str) -> Substitute:
    body = text.encode() + b"\0"
    data = b"Q" + struct.pack(">I", len(body) + 4) + body
    return _substitute(session, exchange, "Query", data)


def _substitute(
    session: PostgreSQLSession, exchange: Exchange, command: str, data: bytes
) -> Substitute:
    context = Context(Form.SIMPLE, session.status)
    substitute = Substitute(exchange.number, command, data, context)
    session.awaiting.append(substitute)
    return substitute


def updateStatus(session: PostgreSQLSession, substitute: Substitute) -> None:
    """
    Update the state of the transaction after a substitute was answered, for the answer of the
    exchange that waits for it.
    """
    original = substitute.original
    if original is not None:
        original.context = original.context._replace(status=session.status)

# -*- test-case-name: tests.wire.mysql.test_transaction -*-
"""
The effect of an injected error on a MySQL or MariaDB transaction.

A deadlock and similar errors roll back the whole transaction, other errors only the statement
(dev.mysql.com, "InnoDB Error Handling").  A failed C{COMMIT} has rolled back (C{ha_commit_trans} in
C{sql/handler.cc}).  No command makes the server roll back a branch of a distributed transaction by
itself: the client must.
"""

from __future__ import annotations

from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.wire.mysql.commands import COMMANDS, QUERY, Request
from vaurien_twisted.wire.mysql.packets import CLIENT_QUERY_ATTRIBUTES, packet
from vaurien_twisted.wire.mysql.session import MySQLSession
from vaurien_twisted.wire.sql import commits

#: Of the status flags: a transaction is open (C{SERVER_STATUS_IN_TRANS}).
IN_TRANSACTION = 1

#: Commands that execute SQL.
RUNNING = frozenset(("COM_QUERY", "COM_STMT_EXECUTE"))


def replacementFor(
    session: MySQLSession, exchange: Exchange, transaction: Transaction, idle: bool
) -> tuple[Substitute, ...]:
    """
    The requests to send to the backend in place of a command: C{ROLLBACK} if the error rolls a
    transaction back, as any error of a C{COMMIT} does.

    @param idle: no reply is in progress, so that the status flags are known.
    """
    if not isinstance(exchange.context, Request):
        return ()
    known = idle and not session.awaiting
    if known and not session.status & IN_TRANSACTION:
        return ()
    if transaction is Transaction.ENDED or (
        exchange.command in RUNNING and commits(exchange.subject)
    ):
        return (_send(session, exchange),)
    return ()


def followUpFor(
    session: MySQLSession, exchange: Exchange, transaction: Transaction
) -> tuple[Substitute, ...]:
    """
    The requests to send after a reply that was replaced: C{ROLLBACK} if a transaction is open
    that the error rolls back, or that the command itself has begun.
    """
    if not isinstance(exchange.context, Request) or not session.status & IN_TRANSACTION:
        return ()
    if transaction is Transaction.ENDED or not session.before & IN_TRANSACTION:
        return (_send(session, exchange),)
    return ()


def _send(session: MySQLSession, exchange: Exchange) -> Substitute:
    # No attributes, in one set of them.
    attributes = b"\0\1" if session.capabilities & CLIENT_QUERY_ATTRIBUTES else b""
    data = packet(0, b"\x03" + attributes + b"ROLLBACK")
    substitute = Substitute(exchange.number, "COM_QUERY", data, COMMANDS[QUERY])
    session.awaiting.append(substitute)
    return substitute

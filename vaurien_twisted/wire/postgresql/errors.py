# -*- test-case-name: tests.wire.postgresql.test_errors -*-
"""
The errors of PostgreSQL, and the messages that carry them.

Sources: PostgreSQL manual, appendix "PostgreSQL Error Codes" and section "Error and
Notice Message Fields"; the messages are those of the server.  Transient are those that
drivers retry, and those after which connecting again helps.
"""

from __future__ import annotations

import re

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.postgresql.messages import errorResponse, readyForQuery
from vaurien_twisted.wire.postgresql.session import Form

#: The start-up, statements, and the client's data of a COPY.
STARTUP, SQL, COPY = "startup", "sql", "copy"


def _row(
    code: str,
    message: str,
    description: str,
    *,
    fits: tuple[str, ...] = (),
    closes: bool = False,
) -> WireError:
    """
    A row; its code is the SQLSTATE.
    """
    return WireError(code, message, description, state=code, fits=fits, closes=closes)


ROWS = (
    _row(
        "40001",
        "could not serialize access due to concurrent update",
        "Another transaction changed the same rows; the whole transaction may be tried again.",
        fits=(SQL,),
    ),
    _row(
        "40P01",
        "deadlock detected",
        "Transactions wait for each other's locks and this one was chosen to fail.",
        fits=(SQL,),
    ),
    _row(
        "55P03",
        'could not obtain lock on row in relation "accounts"',
        "A lock asked for with NOWAIT, or within lock_timeout, is held by another session.",
        fits=(SQL,),
    ),
    _row(
        "53300",
        "sorry, too many clients already",
        "All connections that max_connections allows are in use.",
        fits=(STARTUP,),
        closes=True,
    ),
    _row(
        "57P03",
        "the database system is starting up",
        "The server was started or has crashed and does not take connections yet.",
        fits=(STARTUP,),
        closes=True,
    ),
    _row(
        "57P01",
        "terminating connection due to administrator command",
        "The server is shut down or the session was ended with pg_terminate_backend.",
        fits=(COPY,),
        closes=True,
    ),
    _row(
        "57P02",
        "terminating connection because of crash of another server process",
        "Another process of the server died, so all sessions are ended.",
        closes=True,
    ),
    _row(
        "08006",
        "server closed the connection unexpectedly",
        "The connection failed, as a connection pool between client and server would say it.",
        closes=True,
    ),
    _row(
        "53100",
        'could not extend file "base/16384/16397": No space left on device',
        "The server's disk is full.",
    ),
    _row("53200", "out of memory", "The server could not allocate what it needed."),
    _row(
        "23505",
        'duplicate key value violates unique constraint "accounts_pkey"',
        "A unique column or index has this value already.",
    ),
    _row(
        "25P03",
        "terminating connection due to idle-in-transaction timeout",
        "The session was longer idle within a transaction than "
        "idle_in_transaction_session_timeout.",
        closes=True,
    ),
    _row(
        "57P05",
        "terminating connection due to idle-session timeout",
        "The session was longer idle than idle_session_timeout.",
        closes=True,
    ),
    _row(
        "57014",
        "canceling statement due to statement timeout",
        "The statement took longer than statement_timeout, or the client cancelled it.",
    ),
    _row(
        "25006",
        "cannot execute UPDATE in a read-only transaction",
        "The server is a standby, or the transaction is read only.",
    ),
    _row(
        "28P01",
        'password authentication failed for user "app"',
        "The user does not exist or the password is wrong.",
        closes=True,
    ),
    _row(
        "57P04",
        "terminating connection due to conflict with recovery",
        "The database was dropped while the session used it, as a standby says it.",
        closes=True,
    ),
)

#: The message of an error without one.
UNKNOWN = "missing error text"

_SITUATIONS = {
    Form.STARTUP: (STARTUP,),
    Form.SIMPLE: (SQL,),
    Form.SYNCED: (SQL,),
    Form.UNSYNCED: (SQL,),
    Form.COPY: (COPY,),
}


def _situations(exchange: Exchange) -> tuple[str, ...]:
    if not exchange.replies or exchange.context is None:
        return ()
    return _SITUATIONS.get(exchange.context.form, ())


def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The ErrorResponse of a server that refuses this exchange, and the ReadyForQuery after it.

    The ReadyForQuery then says that the transaction has failed, as after a real error, and the
    backend is brought into that state: see L{vaurien_twisted.wire.postgresql.transaction}.

    Before a session has begun every error is FATAL and the connection is closed.  Within a
    COPY FROM STDIN the client gets it when it has sent all its data: a connection closed
    before would be reset, and the error lost.

    If the error replaces the backend's reply, only the ErrorResponse is sent, followed by the
    backend's ReadyForQuery.  A COPY that the backend waits for is ended, and the session continues.

    After a Flush the ErrorResponse is sent at once, alone.  The client's Sync goes to the backend,
    which sends the ReadyForQuery.

    @return: C{None} for a request without a reply, and for a code that is not an SQLSTATE,
        which has five characters: digits and upper case letters.
    """
    if not exchange.replies or exchange.context is None:
        return None
    code = error.code.upper()
    if not (len(code) == 5 and code.isascii() and code.isalnum()):
        return None
    form = exchange.context.form
    early = form is Form.UNSYNCED
    if error.closes or form is Form.STARTUP:
        return Reply(errorResponse("FATAL", code, error.message), ConnectionFate.CLOSE, early)
    refused = errorResponse("ERROR", code, error.message)
    if early or error.late:
        return Reply(refused, early=early, transaction=error.transaction)

    def finished() -> bytes:
        # The status may have become known meanwhile.
        return refused + readyForQuery("I" if exchange.context.status == "I" else "E")

    return Reply(finished(), finish=finished, transaction=error.transaction)


#: Whatever fails within a transaction block, the block has failed until it is rolled back, or
#: to a savepoint (PostgreSQL manual, section "Transactions").  Classes 00, 01 and 02 are
#: success, warnings and the lack of data: no error has them.
CATALOG = ErrorCatalog(
    "postgresql",
    ROWS,
    form="an SQLSTATE of five digits and upper case letters, but for classes 00 to 02",
    isCode=lambda code, message: re.fullmatch("(?!0[012])[0-9A-Z]{5}", code) is not None,
    messageOf=lambda code, message: message or UNKNOWN,
    situations=_situations,
    encode=encodeError,
    transaction=Transaction.FAILED,
)

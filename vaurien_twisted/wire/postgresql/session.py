# -*- test-case-name: tests.wire.postgresql.test_protocol -*-
"""
The state that the two directions of a PostgreSQL link share.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.starttls import StartTLS


class Form(Enum):
    """
    The kind of a request, on which the form of its answer depends.

    STARTUP: ends with the first ReadyForQuery.  SIMPLE: one message, one ReadyForQuery.  SYNCED:
    extended query messages whose Sync is in the head.  UNSYNCED: the same with a Flush first, or
    the Sync after the head.  COPY: the client's data of a COPY FROM STDIN.  SILENT: no reply.
    """

    STARTUP = "startup"
    SIMPLE = "simple"
    SYNCED = "synced"
    UNSYNCED = "unsynced"
    COPY = "copy"
    SILENT = "silent"


class Context(NamedTuple):
    """
    C{Exchange.context} of this protocol.

    @ivar status: the state of the transaction when the request was read: C{"I"} outside of
        one, C{"T"} inside, C{"E"} inside a failed one.  It is the latest that the
        backend sent, so after pipelined requests it may be out of date.
    @ivar texts: the statements that are prepared or executed, at most
        L{vaurien_twisted.wire.postgresql.extended_query.TEXTS}.
    @ivar extended: for COPY, whether a Sync must follow the data.
    """

    form: Form
    status: str
    texts: tuple[str, ...] = ()
    extended: bool = False


class Copying(NamedTuple):
    """
    The backend waits for the data of a COPY FROM STDIN.

    @ivar subject: the statement.
    @ivar extended: whether a Sync must follow the data.
    """

    subject: str
    extended: bool


class PostgreSQLSession(Session):
    """
    The state of one link.

    @ivar status: the latest state of the transaction that the backend sent.
    @ivar negotiations: the number of awaited one-byte answers (to SSLRequest, GSSENCRequest).
    @ivar copying: the COPY that awaits the client's data, C{None} if there is none.
    @ivar startTLS: whether TLS is active, and whether it is read.
    """

    __slots__ = (
        "copying",
        "negotiations",
        "startTLS",
        "status",
    )

    def __init__(self, startTLS: StartTLS | None = None) -> None:
        super().__init__()
        self.startTLS = startTLS or StartTLS()
        self.status = "I"
        self.negotiations = 0
        self.copying: Copying | None = None

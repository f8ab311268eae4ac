# -*- test-case-name: tests.wire.mysql.test_requests -*-
"""
The commands of MySQL and MariaDB: their names, their arguments, and the shapes of their
replies.
"""

from __future__ import annotations

from enum import IntEnum

from vaurien_twisted.model.exchange import SUBJECT_LIMIT


class Shape(IntEnum):
    """
    The structure of a reply, by which its end is found.
    """

    #: One packet, whatever its content.
    SINGLE = 0
    #: OK, ERR, a request for a file, or result sets.
    RESULT = 1
    #: The announcement of a prepared statement, then its parameters and columns.
    PREPARED = 2
    #: Rows or column definitions up to an end of file.
    ROWS = 3
    #: A dialog of authentication up to OK or ERR.
    DIALOG = 4
    #: The rest of the stream does not consist of commands and replies.
    STREAM = 5


class Asks(IntEnum):
    """
    The argument after a command's byte.
    """

    NOTHING = 0
    #: SQL text to the end of the packet.
    SQL = 1
    #: A name up to a zero byte or the end.
    NAME = 2
    #: Four bytes: the number of a prepared statement.
    STATEMENT = 3
    #: The same, and a byte of flags.
    EXECUTION = 4


#: The most bytes of a command's payload that are read, by its argument.
HEADS = {
    Asks.NOTHING: 1,
    Asks.SQL: 1 + SUBJECT_LIMIT,
    Asks.NAME: 1 + 256,
    Asks.STATEMENT: 5,
    Asks.EXECUTION: 6,
}


class Request:
    """
    The properties of a request: the context of its exchange.  Requests that consist only of their
    command share the entry of L{COMMANDS}.

    @ivar code: the command's byte.
    @ivar name: C{"COM_QUERY"}…
    @ivar shape: the shape of the reply.
    @ivar asks: the argument after the command.
    @ivar head: the number of bytes of the payload that must have arrived, if it is so long.
    @ivar replies: whether there is a reply.
    @ivar statement: the number of the prepared statement, for C{COM_STMT_CLOSE}, and
        for a C{COM_STMT_EXECUTE} that has its parameters' types.
    @ivar last: the sequence number of the last packet seen of the request.
    @ivar cursor: whether it requests a cursor, from which the rows are fetched later.
    """

    __slots__ = (
        "asks",
        "code",
        "cursor",
        "head",
        "last",
        "name",
        "replies",
        "shape",
        "statement",
    )

    def __init__(
        self,
        code: int,
        name: str,
        shape: Shape = Shape.SINGLE,
        asks: Asks = Asks.NOTHING,
        replies: bool = True,
        cursor: bool = False,
    ) -> None:
        self.code = code
        self.name = name
        self.shape = shape
        self.asks = asks
        self.head = HEADS[asks]
        self.replies = replies
        self.statement = 0
        self.last = 0
        self.cursor = cursor

    def own(self) -> Request:
        """
        A copy that may be changed.
        """
        return Request(self.code, self.name, self.shape, self.asks, self.replies, self.cursor)


CHANGE_USER, CLOSE, RESET_CONNECTION, PREPARE, QUERY = 0x11, 0x19, 0x1F, 0x16, 0x03
EXECUTE = 0x17

#: Commands after whose success no prepared statement is left.
FORGETTING = (CHANGE_USER, RESET_CONNECTION)


def _commands() -> tuple[Request, ...]:
    known = [
        Request(0x00, "COM_SLEEP"),
        Request(0x01, "COM_QUIT", replies=False),
        Request(0x02, "COM_INIT_DB", asks=Asks.NAME),
        Request(QUERY, "COM_QUERY", Shape.RESULT, Asks.SQL),
        Request(0x04, "COM_FIELD_LIST", Shape.ROWS, Asks.NAME),
        Request(0x05, "COM_CREATE_DB", asks=Asks.NAME),
        Request(0x06, "COM_DROP_DB", asks=Asks.NAME),
        Request(0x07, "COM_REFRESH"),
        Request(0x08, "COM_SHUTDOWN"),
        Request(0x09, "COM_STATISTICS"),
        Request(0x0A, "COM_PROCESS_INFO", Shape.RESULT),
        Request(0x0B, "COM_CONNECT"),
        Request(0x0C, "COM_PROCESS_KILL"),
        Request(0x0D, "COM_DEBUG"),
        Request(0x0E, "COM_PING"),
        Request(0x0F, "COM_TIME"),
        Request(0x10, "COM_DELAYED_INSERT"),
        Request(CHANGE_USER, "COM_CHANGE_USER", Shape.DIALOG, Asks.NAME),
        Request(0x12, "COM_BINLOG_DUMP", Shape.STREAM),
        Request(0x13, "COM_TABLE_DUMP", Shape.STREAM),
        Request(0x14, "COM_CONNECT_OUT"),
        Request(0x15, "COM_REGISTER_SLAVE"),
        Request(PREPARE, "COM_STMT_PREPARE", Shape.PREPARED, Asks.SQL),
        Request(EXECUTE, "COM_STMT_EXECUTE", Shape.RESULT, Asks.EXECUTION),
        Request(0x18, "COM_STMT_SEND_LONG_DATA", asks=Asks.STATEMENT, replies=False),
        Request(CLOSE, "COM_STMT_CLOSE", asks=Asks.STATEMENT, replies=False),
        Request(0x1A, "COM_STMT_RESET", asks=Asks.STATEMENT),
        Request(0x1B, "COM_SET_OPTION"),
        Request(0x1C, "COM_STMT_FETCH", Shape.ROWS, Asks.STATEMENT),
        Request(0x1D, "COM_DAEMON"),
        Request(0x1E, "COM_BINLOG_DUMP_GTID", Shape.STREAM),
        Request(RESET_CONNECTION, "COM_RESET_CONNECTION"),
        Request(0x20, "COM_CLONE", Shape.STREAM),
        Request(0x21, "COM_SUBSCRIBE_GROUP_REPLICATION_STREAM", Shape.STREAM),
        Request(0xFA, "COM_STMT_BULK_EXECUTE", Shape.RESULT, Asks.STATEMENT),
    ]
    table = {request.code: request for request in known}
    # A server answers an unknown command with an ERR; if it knows the command, with a result.
    return tuple(
        table.get(code) or Request(code, f"COM_0x{code:02X}", Shape.RESULT) for code in range(256)
    )


#: Every command by its byte.
COMMANDS = _commands()

#: The names of the commands that the manual names.
NAMES = tuple(request.name for request in COMMANDS if not request.name.startswith("COM_0x"))

#: The flags of an execution with a cursor: read only, for update, scrollable.
CURSORS = 0x07

#: The execution of a statement with a cursor.
EXECUTE_CURSOR = Request(EXECUTE, "COM_STMT_EXECUTE", Shape.RESULT, Asks.EXECUTION, cursor=True)

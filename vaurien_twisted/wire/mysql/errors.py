# -*- test-case-name: tests.wire.mysql.test_errors -*-
"""
The errors of MySQL and MariaDB, and the ERR packet that carries one.

Sources: dev.mysql.com, "Server Error Message Reference", "InnoDB Error Handling" and
"ERR_Packet"; mariadb.com/kb, "MariaDB Error Code Reference".  Transient are those that drivers
retry.
"""

from __future__ import annotations

import re
import struct

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.mysql.commands import Request
from vaurien_twisted.wire.mysql.packets import ERR, packet
from vaurien_twisted.wire.mysql.sqlstates import sqlState

#: The longest message that clients make room for, in bytes (C{MYSQL_ERRMSG_SIZE}).
MESSAGE_LIMIT = 512

#: The situations: the greeting, commands that take locks, those of distributed transactions, all
#: others.
GREETING, SQL, XA, COMMAND = "greeting", "sql", "xa", "command"


def _row(
    number: int,
    message: str,
    description: str,
    *,
    fits: tuple[str, ...] = (),
    closes: bool = False,
    transaction: Transaction = Transaction.NONE,
) -> WireError:
    """
    A row whose SQLSTATE is the one that servers send with its number.
    """
    return WireError(
        str(number),
        message,
        description,
        state=sqlState(number),
        fits=fits,
        closes=closes,
        transaction=transaction,
    )


ROWS = (
    _row(
        1021,
        "Disk full (/tmp/#sql-temptable); waiting for someone to free some space... (errno: 28 "
        '"No space left on device")',
        "The server cannot write any more.",
    ),
    _row(
        1040,
        "Too many connections",
        "All connections that max_connections allows are in use.",
        fits=(GREETING,),
        closes=True,
    ),
    _row(
        1042,
        "Can't get hostname for your address",
        "The server could not find out who connects.",
        closes=True,
    ),
    _row(
        1045,
        "Access denied for user 'app'@'localhost' (using password: YES)",
        "The name or the password is wrong.",
    ),
    _row(
        1047,
        "WSREP has not yet prepared node for application use",
        "Galera: the node is not, or no longer, part of the cluster.",
    ),
    _row(
        1053,
        "Server shutdown in progress",
        "The server is being stopped; the connection is lost.",
        fits=(COMMAND,),
        closes=True,
    ),
    _row(1062, "Duplicate entry '1' for key 'PRIMARY'", "A unique key has this value already."),
    _row(
        1129,
        "Host '127.0.0.1' is blocked because of many connection errors; unblock with "
        "'mysqladmin flush-hosts'",
        "As many connections of this host were interrupted as max_connect_errors allows.",
        closes=True,
    ),
    _row(
        1153,
        "Got a packet bigger than 'max_allowed_packet' bytes",
        "The request is too long for the server; the connection is lost.",
        closes=True,
    ),
    _row(
        1180,
        'Got error 149 "Lock deadlock; Retry transaction" during COMMIT',
        "The commit failed: of a cluster, as another node has changed the same rows.",
        transaction=Transaction.ENDED,
    ),
    _row(
        1203,
        "User app already has more than 'max_user_connections' active connections",
        "All connections that one user may have are in use.",
        closes=True,
    ),
    _row(
        1205,
        "Lock wait timeout exceeded; try restarting transaction",
        "A row stayed locked for innodb_lock_wait_timeout seconds.",
        fits=(SQL,),
    ),
    _row(
        1206,
        "The total number of locks exceeds the lock table size",
        "InnoDB has no memory for another lock, and rolled the transaction back.",
        transaction=Transaction.ENDED,
    ),
    _row(
        1213,
        "Deadlock found when trying to get lock; try restarting transaction",
        "InnoDB rolled the transaction back to end a deadlock.",
        fits=(SQL,),
        transaction=Transaction.ENDED,
    ),
    _row(
        1290,
        "The MySQL server is running with the --read-only option so it cannot execute this "
        "statement",
        "A write reached a replica, as after a failover.",
    ),
    _row(1317, "Query execution was interrupted", "The statement was killed."),
    _row(
        1614,
        "XA_RBDEADLOCK: Transaction branch was rolled back: deadlock was detected",
        "The branch of a distributed transaction was rolled back to end a deadlock.",
        fits=(XA,),
        transaction=Transaction.FAILED,
    ),
    _row(
        1792,
        "Cannot execute statement in a READ ONLY transaction.",
        "A write within a transaction that only reads.",
    ),
    _row(1836, "Running in read-only mode", "The storage engine was started read only."),
    _row(
        1927,
        "Connection was killed",
        "MariaDB: an administrator killed the connection.",
        closes=True,
    ),
    _row(
        1969,
        "Query execution was interrupted (max_statement_time exceeded)",
        "MariaDB: the statement ran longer than allowed.",
    ),
    _row(
        3024,
        "Query execution was interrupted, maximum statement execution time exceeded",
        "MySQL: the statement ran longer than max_execution_time.",
    ),
    _row(
        3572,
        "Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set.",
        "MySQL: the row is locked and the statement said NOWAIT.",
    ),
    _row(
        4031,
        "The client was disconnected by the server because of inactivity. See wait_timeout and "
        "interactive_timeout for configuring this behavior.",
        "MySQL 8.0.24 and later: the connection was idle too long and is lost.",
        closes=True,
    ),
)

#: The message of an error without one (C{ER_UNKNOWN_ERROR}).
UNKNOWN = "Unknown error"

#: Commands that take locks.
LOCKING = frozenset(
    ("COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE", "COM_STMT_FETCH")
)


def _situations(exchange: Exchange) -> tuple[str, ...]:
    if exchange.number == 0:
        return (GREETING,)
    if not exchange.replies or exchange.context is None:
        return ()
    if exchange.command not in LOCKING:
        return (COMMAND,)
    return (XA,) if exchange.subject[:3].upper() == "XA " else (SQL,)


def _isCode(code: str, message: str) -> bool:
    """
    Whether C{code} is a number that a server may send.  Clients use 2000 to 2999 themselves, such
    as 2006 and 2013 for a lost connection.

    @raise Refused: it is from 2000 to 2999.
    """
    if re.fullmatch("2[0-9]{3}", code):
        raise Refused(
            f"no server sends {code}: clients use 2000 to 2999 for errors of their own. For a "
            "connection that is lost use blackout, abort, or error at partial; "
            + nearest(code, CATALOG.presets),
            "code",
        )
    return re.fullmatch("[1-9][0-9]{0,4}", code) is not None and int(code) < 65535


def errPacket(sequence: int, error: WireError, stated: bool = True) -> bytes | None:
    """
    An ERR packet.

    @param sequence: the number of the packet, 0 to 255.
    @param stated: whether it contains the SQLSTATE: not before capabilities are agreed upon.
    @return: C{None} if the code is not a number from 1 to 65534.
    """
    if not (error.code.isascii() and error.code.isdigit() and len(error.code) <= 5):
        return None
    code = int(error.code)
    # 65535 is not an error but a report of progress.
    if not 0 < code < 0xFFFF:
        return None
    state = ""
    if stated:
        known = len(error.state) == 5 and error.state.isascii() and error.state.isalnum()
        state = "#" + (error.state if known else sqlState(code))
    text = error.message.encode("utf-8", "replace")[:MESSAGE_LIMIT]
    message = text.decode("utf-8", "ignore").encode()
    return packet(sequence, struct.pack("<BH", ERR, code) + state.encode() + message)


def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The answer of a server that refuses this exchange, numbered after the packets of
    the request that were seen.  The connection is closed where the server would do so.
    """
    if not exchange.replies:
        return None
    if exchange.number == 0:
        data = errPacket(0, error, stated=False)
        return None if data is None else Reply(data, ConnectionFate.CLOSE)
    if exchange.context is None:
        # Within TLS or compression the client could not read a packet.
        return None

    def numbered() -> bytes:
        # A request of 16 MiB or more has further packets.
        request = exchange.context
        last = request.last if isinstance(request, Request) else 0
        return errPacket((last + 1) & 0xFF, error) or b""

    data = numbered()
    then = ConnectionFate.CLOSE if error.closes else ConnectionFate.KEEP
    if not data:
        return None
    return Reply(data, then, finish=numbered, transaction=error.transaction)


#: All other errors undo only the statement (C{innodb_rollback_on_timeout} is off).
CATALOG = ErrorCatalog(
    "mysql",
    ROWS,
    form="a number from 1 to 65534",
    isCode=_isCode,
    messageOf=lambda code, message: message or UNKNOWN,
    situations=_situations,
    encode=encodeError,
    transaction=Transaction.KEPT,
)

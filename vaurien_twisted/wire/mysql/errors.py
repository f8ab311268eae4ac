# -*- test-case-name: tests.wire.mysql.test_errors -*-
"""
The errors of MySQL and MariaDB, and the ERR packet that says them.

Sources: dev.mysql.com, "Server Error Message Reference" and "ERR_Packet";
mariadb.com/kb, "MariaDB Error Code Reference".  Which of them are transient is
what drivers take them for.
"""

from __future__ import annotations

import re
import struct

import attrs

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.wire.errors import byCode, namedError
from vaurien_twisted.wire.mysql.commands import Request
from vaurien_twisted.wire.mysql.packets import ERR, packet

#: The longest message that clients make room for, in bytes (C{MYSQL_ERRMSG_SIZE}).
MESSAGE_LIMIT = 512

_PRESETS = (
    WireError(
        "1021",
        "Disk full (/tmp/#sql-temptable); waiting for someone to free some space... "
        '(errno: 28 "No space left on device")',
        "The server cannot write any more.",
        state="HY000",
    ),
    WireError(
        "1040",
        "Too many connections",
        "All connections that max_connections allows are in use.",
        True,
        "08004",
    ),
    WireError(
        "1042",
        "Can't get hostname for your address",
        "The server could not find out who connects.",
        True,
        "08S01",
    ),
    WireError(
        "1045",
        "Access denied for user 'app'@'localhost' (using password: YES)",
        "The name or the password is wrong.",
        state="28000",
    ),
    WireError(
        "1047",
        "WSREP has not yet prepared node for application use",
        "Galera: the node is not, or no longer, part of the cluster.",
        state="08S01",
    ),
    WireError(
        "1053",
        "Server shutdown in progress",
        "The server is being stopped; the connection is lost.",
        True,
        "08S01",
    ),
    WireError(
        "1062",
        "Duplicate entry '1' for key 'PRIMARY'",
        "A unique key has this value already.",
        state="23000",
    ),
    WireError(
        "1129",
        "Host '127.0.0.1' is blocked because of many connection errors; unblock with "
        "'mysqladmin flush-hosts'",
        "As many connections of this host were interrupted as max_connect_errors allows.",
        state="HY000",
    ),
    WireError(
        "1153",
        "Got a packet bigger than 'max_allowed_packet' bytes",
        "The request is too long for the server; the connection is lost.",
        state="08S01",
    ),
    WireError(
        "1203",
        "User app already has more than 'max_user_connections' active connections",
        "All connections that one user may have are in use.",
        state="42000",
    ),
    WireError(
        "1205",
        "Lock wait timeout exceeded; try restarting transaction",
        "A row stayed locked for innodb_lock_wait_timeout seconds.",
        True,
        "HY000",
    ),
    WireError(
        "1213",
        "Deadlock found when trying to get lock; try restarting transaction",
        "InnoDB rolled the transaction back to end a deadlock.",
        True,
        "40001",
        transaction=Transaction.ENDED,
    ),
    WireError(
        "1290",
        "The MySQL server is running with the --read-only option so it cannot execute this "
        "statement",
        "A write reached a replica, as after a failover.",
        state="HY000",
    ),
    WireError(
        "1317",
        "Query execution was interrupted",
        "The statement was killed.",
        state="70100",
    ),
    WireError(
        "1614",
        "XA_RBDEADLOCK: Transaction branch was rolled back: deadlock was detected",
        "The branch of a distributed transaction was rolled back to end a deadlock.",
        True,
        "XA102",
        transaction=Transaction.FAILED,
    ),
    WireError(
        "1792",
        "Cannot execute statement in a READ ONLY transaction.",
        "A write within a transaction that only reads.",
        state="25006",
    ),
    WireError(
        "1836",
        "Running in read-only mode",
        "The storage engine was started read only.",
        state="HY000",
    ),
    WireError(
        "1927",
        "Connection was killed",
        "MariaDB: an administrator killed the connection.",
        state="70100",
    ),
    WireError(
        "1969",
        "Query execution was interrupted (max_statement_time exceeded)",
        "MariaDB: the statement ran longer than allowed.",
        state="70100",
    ),
    WireError(
        "3024",
        "Query execution was interrupted, maximum statement execution time exceeded",
        "MySQL: the statement ran longer than max_execution_time.",
        state="HY000",
    ),
    WireError(
        "3572",
        "Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set.",
        "MySQL: the row is locked and the statement said NOWAIT.",
        state="HY000",
    ),
    WireError(
        "4031",
        "The client was disconnected by the server because of inactivity. See wait_timeout and "
        "interactive_timeout for configuring this behavior.",
        "MySQL 8.0.24 and later: the connection was idle too long and is lost.",
        state="HY000",
    ),
)

#: After these a server closes the connection, whatever was asked.
CLOSING = frozenset(("1040", "1042", "1053", "1129", "1153", "1203", "1927", "4031"))

#: Every preset by its code.  Others than those that say so undo the statement alone
#: (dev.mysql.com, "InnoDB Error Handling"; C{innodb_rollback_on_timeout} is off).
ERRORS = byCode(_PRESETS, Transaction.KEPT, CLOSING)

#: More errors after which the whole transaction is rolled back: one that was certified to
#: fail or failed as it was committed (1180), and a table of locks that is full (1206).
ROLLED_BACK = frozenset(("1180", "1206"))

#: What a server says that has no words for it (C{ER_UNKNOWN_ERROR}).
UNKNOWN = "Unknown error"

_GREETING = (ERRORS["1040"],)
_LOCKS = (ERRORS["1205"], ERRORS["1213"])
_BRANCH = (ERRORS["1614"],)
_SHUTDOWN = (ERRORS["1053"],)

#: Commands that take locks.
LOCKING = frozenset(
    ("COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE", "COM_STMT_FETCH")
)


def fittingErrors(exchange: Exchange) -> tuple[WireError, ...]:
    """
    The transient errors that a server might answer this exchange with.
    """
    if exchange.number == 0:
        return _GREETING
    if not exchange.replies or exchange.context is None:
        return ()
    if exchange.command not in LOCKING:
        return _SHUTDOWN
    if exchange.subject[:3].upper() == "XA ":
        return _BRANCH
    return _LOCKS


def namedByCode(code: str, message: str) -> WireError:
    """
    A preset, or a number from 1 to 65534 that a server may send: 2000 to 2999 are
    the client's own words, for a connection that was lost (2006, 2013).

    @raise Refused: it is no such number.
    """
    if re.fullmatch("2[0-9]{3}", code):
        raise Refused(
            f"no server sends {code}: from 2000 to 2999 clients call their own errors. For a "
            "connection that is lost use blackout, abort, or error at partial; "
            + nearest(code, ERRORS),
            "code",
        )
    error = namedError(
        "mysql",
        ERRORS,
        code,
        message,
        lambda code: re.fullmatch("[1-9][0-9]{0,4}", code) is not None and int(code) < 65535,
        "a number from 1 to 65534",
        Transaction.ENDED if code in ROLLED_BACK else Transaction.KEPT,
    )
    return error if error.message else attrs.evolve(error, message=UNKNOWN)


def errPacket(sequence: int, error: WireError, stated: bool = True) -> bytes | None:
    """
    An ERR packet.

    @param sequence: its number, 0 to 255.
    @param stated: whether it names the SQLSTATE; before capabilities are agreed
        upon it does not.
    @return: C{None} where the code is no number from 1 to 65534.
    """
    if not (error.code.isascii() and error.code.isdigit() and len(error.code) <= 5):
        return None
    code = int(error.code)
    # 65535 is no error but a report of progress.
    if not 0 < code < 0xFFFF:
        return None
    state = ""
    if stated:
        known = len(error.state) == 5 and error.state.isascii() and error.state.isalnum()
        state = "#" + (error.state if known else "HY000")
    text = error.message.encode("utf-8", "replace")[:MESSAGE_LIMIT]
    message = text.decode("utf-8", "ignore").encode()
    return packet(sequence, struct.pack("<BH", ERR, code) + state.encode() + message)


def refusalOf(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The answer of a server that refuses this exchange, numbered after the packets of
    the request that were seen.  The connection is closed where the server would do so,
    and where the backend may be amid an authentication.
    """
    if not exchange.replies:
        return None
    if exchange.number == 0:
        data = errPacket(0, error, stated=False)
        return None if data is None else Reply(data, ConnectionFate.CLOSE)
    if exchange.context is None:
        # Within TLS or compression a packet would be taken for neither.
        return None

    def numbered() -> bytes:
        # A request of 16 MiB or more has packets that are still to come.
        request = exchange.context
        last = request.last if isinstance(request, Request) else 0
        return errPacket((last + 1) & 0xFF, error) or b""

    data = numbered()
    authenticates = error.late and exchange.command == "COM_CHANGE_USER"
    then = ConnectionFate.CLOSE if authenticates or error.code in CLOSING else ConnectionFate.KEEP
    if not data:
        return None
    return Reply(data, then, finish=numbered, transaction=error.transaction)

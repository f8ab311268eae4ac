# -*- test-case-name: tests.wire.redis.test_errors -*-
"""
Errors as Redis servers send them, and the null.  The messages are those of Redis 7.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.redis.commands import ARRAYS, KEYLESS, LOADING, SEVERAL, STALE, WRITING
from vaurien_twisted.wire.redis.session import Note

#: The needs of a command: the server's data, current data, writing, a key, several keys.
#: C{CONNECT}: it is the first of its connection, or needs none of these.
DATA, FRESH_DATA, WRITE, KEY, KEYS, CONNECT = (
    "data",
    "fresh data",
    "write",
    "key",
    "keys",
    "connect",
)

ROWS = (
    WireError(
        "LOADING",
        "LOADING Redis is loading the dataset in memory",
        "The server has just started and does not have its data yet.",
        fits=(DATA,),
    ),
    WireError(
        "MASTERDOWN",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "The server is a replica that lost its master and does not serve old data.",
        fits=(FRESH_DATA,),
    ),
    WireError(
        "READONLY",
        "READONLY You can't write against a read only replica.",
        "The server is, or has become, a replica.",
        fits=(WRITE,),
    ),
    WireError(
        "NOREPLICAS",
        "NOREPLICAS Not enough good replicas to write.",
        "Fewer replicas are in touch than min-replicas-to-write demands.",
        fits=(WRITE,),
    ),
    WireError(
        "CLUSTERDOWN",
        "CLUSTERDOWN The cluster is down",
        "Too many masters of the cluster have failed, or slots are not covered.",
        fits=(KEY,),
    ),
    WireError(
        "TRYAGAIN",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "The command's keys are in a slot that is moving to another node.",
        fits=(KEYS,),
    ),
    WireError(
        "MAXCLIENTS",
        "ERR max number of clients reached",
        "The server has as many connections as maxclients allows, and closes this one.",
        fits=(CONNECT,),
        closes=True,
    ),
    WireError(
        "OOM",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "The server's memory is full and nothing may be evicted.",
    ),
    WireError(
        "BUSY",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "A script runs for longer than busy-reply-threshold.",
    ),
    WireError(
        "NOAUTH", "NOAUTH Authentication required.", "The connection has not authenticated itself."
    ),
    WireError(
        "WRONGPASS",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "The credentials are wrong.",
    ),
    WireError(
        "NOPERM",
        "NOPERM this user has no permissions to run this command",
        "The user's ACL does not allow the command.",
    ),
    WireError(
        "NOSCRIPT",
        "NOSCRIPT No matching script. Please use EVAL.",
        "The server does not know a script by this digest, as after a restart.",
    ),
    WireError(
        "WRONGTYPE",
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "The key holds a value of another type.",
    ),
    WireError(
        "MOVED",
        "MOVED 3999 127.0.0.1:6381",
        "The key's slot is served by another node; give your own slot and address as the code.",
    ),
    WireError(
        "ASK",
        "ASK 3999 127.0.0.1:6381",
        "The key's slot is moving to another node; give your own slot and address as the code.",
    ),
    WireError(
        "CROSSSLOT",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "The command's keys are not all in one slot of the cluster.",
    ),
    WireError(
        "EXECABORT",
        "EXECABORT Transaction discarded because of previous errors.",
        "A command of the transaction could not be queued.",
    ),
    WireError(
        "MISCONF",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to "
        "persist to disk. Commands that may modify the data set are disabled, because this "
        "instance is configured to report errors during writes if RDB snapshotting fails "
        "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about "
        "the RDB error.",
        "The last snapshot could not be written to disk.",
    ),
    WireError("ERR", "ERR injected error", "Any other failure."),
    WireError("nil", "", "No error but a null: there is no such key, or nothing in it."),
)

#: The form of a custom error: a word in upper case that identifies it, and an optional text.
FREE = re.compile(r"[A-Z][A-Z0-9_]*(?: (?>[^\S\n]*)\S.*)?")


def _isCode(code: str, message: str) -> bool:
    """
    Whether C{code} is a word in upper case, followed by a text or with a message.
    """
    return (
        FREE.fullmatch(code) is not None and code.isprintable() and (" " in code or bool(message))
    )


def _messageOf(code: str, message: str) -> str:
    """
    The message after the word that identifies the error.  The message may begin with that word.
    """
    if not message or code == "nil":
        return ""
    preset = CATALOG.presets.get(code)
    word = (code if preset is None else preset.message).split()[0]
    return message if message.split(maxsplit=1)[:1] == [word] else f"{word} {message}"


def _situations(exchange: Exchange) -> set[str]:
    command = exchange.command
    if not exchange.replies or not command:
        return set()
    found = {
        situation
        for situation, applies in (
            (DATA, command not in LOADING),
            (FRESH_DATA, command not in STALE),
            (WRITE, command in WRITING),
            (KEY, command not in KEYLESS),
            (KEYS, command in SEVERAL),
        )
        if applies
    }
    if exchange.number == 1 or not found:
        found.add(CONNECT)
    return found


def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The error as one line.  The code of an error without a message is the whole text, as
    in C{"MOVED 3999 127.0.0.1:6381"}.  C{nil} is the null that suits the command and the
    version of the protocol.

    @return: C{None} for a request without a reply.
    """
    if not exchange.replies or not exchange.command:
        return None
    if error.code == "nil":
        return nil(exchange)
    return _line(error.message or error.code, error.closes, error.transaction)


@lru_cache(maxsize=64)
def _line(text: str, closes: bool, transaction: Transaction) -> Reply:
    """
    The reply that is an error.

    @param closes: whether the connection is closed after it.
    """
    text = text.replace("\r", " ").replace("\n", " ")
    then = ConnectionFate.CLOSE if closes else ConnectionFate.KEEP
    data = b"-%b\r\n" % text.encode("utf-8", "backslashreplace")
    return Reply(data, then, transaction=transaction)


#: The nulls: of RESP3, in the place of an array, and others.
_NULL, _NULL_ARRAY, _NULL_STRING = (
    Reply(data, transaction=Transaction.FAILED) for data in (b"_\r\n", b"*-1\r\n", b"$-1\r\n")
)


def nil(exchange: Exchange) -> Reply:
    """
    The null that the command returns in the connection's version of the protocol.

    @return: an empty reply for a request without a reply.
    """
    context = exchange.context
    version = context.version if isinstance(context, Note) else context
    if not exchange.replies:
        return Reply(b"")
    if version == 3:
        return _NULL
    return _NULL_ARRAY if exchange.command in ARRAYS else _NULL_STRING


CATALOG = ErrorCatalog(
    "redis",
    ROWS,
    form="a preset, or a word in upper case and what follows it: MOVED 3999 127.0.0.1:6381",
    isCode=_isCode,
    messageOf=_messageOf,
    situations=_situations,
    encode=encodeError,
    transaction=Transaction.FAILED,
)

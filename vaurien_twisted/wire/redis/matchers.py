# -*- test-case-name: tests.wire.redis.test_matchers -*-
"""
The keys of Redis commands.  From the command tables of Redis 7
(U{https://redis.io/docs/latest/commands/command/}).
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.wire.redis.commands import COUNTED, KEYLESS, STREAMS, subjectAt
from vaurien_twisted.wire.redis.inline import split
from vaurien_twisted.wire.redis.resp import CRLF

_REST, _PAIRS, _TWO = slice(1, None), slice(1, None, 2), slice(1, 3)

#: The arguments that are keys, for commands with several keys at fixed positions.
KEYS = {
    **dict.fromkeys(("DEL", "EXISTS", "MGET", "PFCOUNT", "PFMERGE", "TOUCH", "UNLINK"), _REST),
    **dict.fromkeys(("SDIFF", "SINTER", "SUNION", "WATCH"), _REST),
    **dict.fromkeys(("SDIFFSTORE", "SINTERSTORE", "SUNIONSTORE"), _REST),
    **dict.fromkeys(("MSET", "MSETNX"), _PAIRS),
    **dict.fromkeys(("BLMOVE", "BRPOPLPUSH", "COPY", "GEOSEARCHSTORE", "LMOVE"), _TWO),
    **dict.fromkeys(("RENAME", "RENAMENX", "RPOPLPUSH", "SMOVE", "ZRANGESTORE"), _TWO),
    **dict.fromkeys(("BLPOP", "BRPOP", "BZPOPMAX", "BZPOPMIN"), slice(1, -1)),
    "BITOP": slice(2, None),
}

#: Commands whose first key is followed by the number of further keys.
STORES = frozenset(("ZDIFFSTORE", "ZINTERSTORE", "ZUNIONSTORE"))

#: Commands that may have several keys, whose positions follow from the beginning.
SEVERAL = frozenset((*KEYS, *STORES))

#: Commands whose first argument is not a key.
NONE = (KEYLESS | {"WAITAOF"}) - {"WATCH"}


def lastAt(command: str, args: list[bytes]) -> int:
    """
    The index of the last argument that is needed to find all keys.

    @param args: the arguments read so far, at least one; the first is the command's name.
    @return: an index.  If it is beyond C{args}, the arguments up to it are needed.
    """
    if command in SEVERAL or command in STREAMS:
        return len(args)
    index = COUNTED.get(command)
    if index is not None and len(args) > index:
        return index + max(_count(args[index]), 1)
    return subjectAt(command, args)


def keysOf(command: str, args: Sequence[bytes]) -> Sequence[bytes]:
    """
    The keys of a command.

    @param args: its arguments; the first is the command's name.
    """
    if command in KEYS:
        return args[KEYS[command]]
    if command in STORES:
        count = _count(args[2]) if len(args) > 2 else 0
        return [*args[1:2], *args[3 : 3 + count]]
    if command in COUNTED:
        index = COUNTED[command]
        count = _count(args[index]) if len(args) > index else 0
        return args[index + 1 : index + 1 + count]
    if command in STREAMS:
        indexes = range(STREAMS[command] + 1, len(args))
        first = next((at for at in indexes if args[at - 1].upper() == b"STREAMS"), len(args))
        return args[first : first + (len(args) - first + 1) // 2]
    return ()


def argumentsOf(head: bytes) -> list[bytes]:
    """
    The arguments at the beginning of a command, which is an array of strings or a line.
    """
    if not head.startswith(b"*"):
        return split(head)
    args: list[bytes] = []
    at = head.find(CRLF) + 2
    while at < len(head):
        body = head.find(CRLF, at) + 2
        if body < 2 or head[at] != 36:
            break
        length = int(head[at + 1 : body - 2])
        args.append(head[body : body + length])
        at = body + length + 2
    return args


def _count(word: bytes) -> int:
    return int(word) if word.isdigit() and len(word) < 10 else 0


def _keys(connection: Connection, exchange: Exchange) -> Sequence[str]:
    command = exchange.command
    if not command or command in NONE:
        return ()
    if not exchange.head:
        return (exchange.subject,) if exchange.subject else ()
    return [
        key.decode("utf-8", "backslashreplace")
        for key in keysOf(command, argumentsOf(exchange.head))
    ]


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "key",
        "glob",
        "A key of the command, such as user:*. Keys after its first 32 KiB are not compared.",
        _keys,
    ),
)

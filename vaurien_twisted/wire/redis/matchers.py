# -*- test-case-name: tests.wire.redis.test_matchers -*-
"""
Which keys a Redis command names.  From the command tables of Redis 7
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

#: Which words are keys, where there are or may be several in fixed places.
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

#: Commands whose first key is followed by the number of those that come next.
STORES = frozenset(("ZDIFFSTORE", "ZINTERSTORE", "ZUNIONSTORE"))

#: Commands that may have several keys and whose beginning tells where they are.
SEVERAL = frozenset((*KEYS, *STORES))

#: Commands whose first argument is no key.
NONE = (KEYLESS | {"WAITAOF"}) - {"WATCH"}


def lastAt(command: str, words: list[bytes]) -> int:
    """
    Up to which of the command's words all keys stand.

    @param words: those that have been read, at least one, the command's name first.
    @return: a place; if it is not in C{words}, the words up to it are needed to tell.
    """
    if command in SEVERAL or command in STREAMS:
        return len(words)
    place = COUNTED.get(command)
    if place is not None and len(words) > place:
        return place + max(_count(words[place]), 1)
    return subjectAt(command, words)


def keysOf(command: str, words: Sequence[bytes]) -> Sequence[bytes]:
    """
    The keys among the words of a command, its name first.
    """
    if command in KEYS:
        return words[KEYS[command]]
    if command in STORES:
        count = _count(words[2]) if len(words) > 2 else 0
        return [*words[1:2], *words[3 : 3 + count]]
    if command in COUNTED:
        place = COUNTED[command]
        count = _count(words[place]) if len(words) > place else 0
        return words[place + 1 : place + 1 + count]
    if command in STREAMS:
        places = range(STREAMS[command] + 1, len(words))
        first = next((at for at in places if words[at - 1].upper() == b"STREAMS"), len(words))
        return words[first : first + (len(words) - first + 1) // 2]
    return ()


def wordsOf(head: bytes) -> list[bytes]:
    """
    The words of a command, or the first of them: an array of strings, or a line.
    """
    if not head.startswith(b"*"):
        return split(head)
    words: list[bytes] = []
    at = head.find(CRLF) + 2
    while at < len(head):
        body = head.find(CRLF, at) + 2
        if body < 2 or head[at] != 36:
            break
        length = int(head[at + 1 : body - 2])
        words.append(head[body : body + length])
        at = body + length + 2
    return words


def _count(word: bytes) -> int:
    return int(word) if word.isdigit() and len(word) < 10 else 0


def _keys(connection: Connection, exchange: Exchange) -> Sequence[str]:
    command = exchange.command
    if not command or command in NONE:
        return ()
    if not exchange.head:
        return (exchange.subject,) if exchange.subject else ()
    return [
        key.decode("utf-8", "backslashreplace") for key in keysOf(command, wordsOf(exchange.head))
    ]


#: What C{when} can ask of a command.
TARGETS = (
    COMMAND,
    Matcher(
        "key",
        "glob",
        "The key, or any of several that the command names in its first 32 KiB: user:*.",
        _keys,
    ),
)

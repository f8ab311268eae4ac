# -*- test-case-name: tests.wire.memcache.test_matchers -*-
"""
The matchers of memcached commands, and their keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.wire.memcache.commands import MENTIONED, RETRIEVAL, STORAGE

#: Commands whose subject is a key.
KEYED = frozenset((*RETRIEVAL, *STORAGE, *MENTIONED, "decr", "delete", "incr", "me", "touch"))


def _keys(connection: Connection, exchange: Exchange) -> Sequence[str]:
    if exchange.command not in KEYED:
        return ()
    index = RETRIEVAL.get(exchange.command)
    if index is None or not exchange.head:
        return (exchange.subject,) if exchange.subject else ()
    return [token.decode("utf-8", "backslashreplace") for token in exchange.head.split()[index:]]


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "key",
        "glob",
        "A key of the command, such as user:*. Keys after its first 2 KiB are not compared.",
        _keys,
    ),
)

# -*- test-case-name: tests.relays.test_substitutes -*-
"""
What an error leaves of a Redis transaction.

A server that refuses a command between C{MULTI} and C{EXEC} marks the transaction, and
C{EXEC} answers C{EXECABORT}.  One that refuses C{EXEC}, or whose C{WATCH} has failed, has
discarded it (redis.io, "Transactions"; C{rejectCommand} in Redis' C{server.c}).
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.wire.redis.session import Note, RedisSession

#: A name that no server knows.  It is refused as it is queued, and outside of a transaction
#: it does nothing.
UNKNOWN = b"VAURIEN.INJECTED.ERROR"

DISCARD, PING = b"DISCARD", b"PING"


def insteadOf(session: RedisSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    What the backend gets in the place of a command: C{DISCARD} for C{EXEC}, else a command
    that marks the transaction; nothing outside of one.  Where it may still refuse to be
    silent it gets a C{PING}, so that the error comes behind what it says.
    """
    if not session.multi:
        return (_send(session, exchange, PING),) if session.doubtful else ()
    return (_send(session, exchange, DISCARD if exchange.command == "EXEC" else UNKNOWN),)


def behind(session: RedisSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    What it gets behind a command whose reply is replaced by an error.  C{EXEC} has carried
    the transaction out, and C{DISCARD} has ended it.  The transaction that C{MULTI} began is
    discarded, unless there was one already, which the server has marked.
    """
    if not session.multi:
        return ()
    if exchange.command != "MULTI":
        return (_send(session, exchange, UNKNOWN),)
    note = exchange.context
    nested = isinstance(note, Note) and note.number > 0
    return (_send(session, exchange, UNKNOWN if nested else DISCARD),)


def _send(session: RedisSession, exchange: Exchange, word: bytes) -> Substitute:
    data = b"*1\r\n$%d\r\n%b\r\n" % (len(word), word)
    like = session.exchange(exchange.number, word.decode(), [word], "", 1)
    substitute = Substitute(like.number, like.command, data, like.context, like.replies)
    session.expect(substitute)
    return substitute

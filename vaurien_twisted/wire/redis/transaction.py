# -*- test-case-name: tests.relays.test_substitutes -*-
"""
The effect of an injected error on a Redis transaction.

A server that refuses a command between C{MULTI} and C{EXEC} marks the transaction, and
C{EXEC} answers C{EXECABORT}.  One that refuses C{EXEC}, or whose C{WATCH} has failed, has
discarded it (redis.io, "Transactions"; C{rejectCommand} in Redis' C{server.c}).
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.wire.redis.session import Note, RedisSession

#: A command that no server knows.  A transaction refuses it instead of queuing it, and outside
#: of a transaction it has no effect.
UNKNOWN = b"VAURIEN.INJECTED.ERROR"

DISCARD, PING = b"DISCARD", b"PING"


def replacementFor(session: RedisSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send to the backend in place of a command: C{DISCARD} for C{EXEC}, otherwise
    a command that marks the transaction; none outside of a transaction.  If the backend may
    still refuse a silencing command, it gets a C{PING}, so that the injected error comes after
    that refusal.
    """
    if not session.multi:
        return (_send(session, exchange, PING),) if session.uncertain else ()
    return (_send(session, exchange, DISCARD if exchange.command == "EXEC" else UNKNOWN),)


def followUpFor(session: RedisSession, exchange: Exchange) -> tuple[Substitute, ...]:
    """
    The requests to send after a command whose reply is replaced by an error.  After C{EXEC} and
    C{DISCARD} there are none: the transaction has ended.  The transaction that C{MULTI} began is
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

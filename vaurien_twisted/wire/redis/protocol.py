# -*- test-case-name: tests.wire.redis.test_protocol -*-
"""
C{redis}: RESP2, RESP3 and inline commands, the protocol of Redis, Valkey and similar servers.

L{requests} reads the bytes of the client and L{replies} those of the backend; both share a
L{session}.  L{resp} finds the ends of values, L{commands} has the properties of single commands
and L{errors} encodes errors.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IDividingFastPath,
    IErrorReplies,
    IForgetting,
    IFramer,
    ITransactional,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.framer import TwoWayFramer
from vaurien_twisted.wire.protocol import FramingOptions, WireProtocol
from vaurien_twisted.wire.redis.commands import KNOWN
from vaurien_twisted.wire.redis.errors import CATALOG, nil
from vaurien_twisted.wire.redis.fastpath import RedisFastPath
from vaurien_twisted.wire.redis.matchers import TARGETS
from vaurien_twisted.wire.redis.replies import Replies
from vaurien_twisted.wire.redis.requests import Requests
from vaurien_twisted.wire.redis.session import RedisSession
from vaurien_twisted.wire.redis.transaction import followUpFor, replacementFor

__all__ = ["Redis", "RedisFramer", "nil"]


@implementer(IFramer, IDividingFastPath, ITransactional, IForgetting)
class RedisFramer(TwoWayFramer):
    """
    Reads one connection.  C{SUBSCRIBE} and its like have a reply that ends with the last
    confirmation; messages, other pushes and the reports of C{MONITOR} belong to no exchange.  It
    becomes opaque when replication begins, at TLS, and after it has raised
    L{FramingError<vaurien_twisted.model.exchange.FramingError>}.

    The effect of a command counts from its reply on.  The number of channels that a transaction
    leaves is not tracked.  The connection becomes opaque if a C{CLIENT REPLY} in a transaction
    leaves the reply to C{EXEC} unfinished.
    """

    __slots__ = ()

    _session: RedisSession

    def __init__(self) -> None:
        session = RedisSession()
        requests, replies = Requests(session), Replies(session)
        fastPath = RedisFastPath(session, requests, replies)
        super().__init__(session, requests, replies, fastPath)

    def replacement(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return replacementFor(self._session, exchange)

    def followUp(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return followUpFor(self._session, exchange)


@implementer(IWireProtocol, IErrorReplies)
class Redis(WireProtocol):
    """
    Redis.  An exchange is a command and its reply.  Its command is the name in upper case,
    without a sub-command: C{CLIENT}.

    C{error} answers with an error line such as C{-LOADING}.  A code of several words is sent
    unchanged: C{MOVED 3999 127.0.0.1:6381}.  The code C{nil} answers with a null.

    With C{unit=units} a reply is cut after values: elements of an array, names and values of
    a map.  Any other reply is one value.
    """

    name = "redis"
    schemes = (URLScheme("redis", 6379), URLScheme("rediss", 6379, tls=True))
    options = FramingOptions
    catalog = CATALOG
    targets = TARGETS
    commands = tuple(sorted(KNOWN))
    unit = "values"

    def framer(self, options: FramingOptions, backend: str) -> RedisFramer:
        return RedisFramer()

# -*- test-case-name: tests.wire.redis.test_protocol -*-
"""
C{redis}: RESP2, RESP3 and inline commands, as Redis, Valkey and their relatives speak.

L{redis_requests} reads what the client sends and L{redis_replies} what the backend
sends; both share a L{redis_session}.  L{resp} finds where values end, L{redis_commands}
knows single commands and L{redis_errors} writes errors.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IFastPath,
    IForgetting,
    IFramer,
    ITransactional,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange, Piece, Substitute
from vaurien_twisted.wire.protocol import FramingOptions, WireProtocol
from vaurien_twisted.wire.redis.errors import CATALOG, encodeError, nil
from vaurien_twisted.wire.redis.fastpath import Skimmer
from vaurien_twisted.wire.redis.matchers import TARGETS
from vaurien_twisted.wire.redis.replies import Replies
from vaurien_twisted.wire.redis.requests import Requests
from vaurien_twisted.wire.redis.session import Session
from vaurien_twisted.wire.redis.transaction import behind, insteadOf

__all__ = ["Redis", "RedisFramer", "nil"]


@implementer(IFramer, IFastPath, ITransactional, IForgetting)
class RedisFramer:
    """
    Reads one connection.  C{SUBSCRIBE} and its like have a reply that ends with the
    last confirmation; messages, other pushes and the reports of C{MONITOR} belong to
    no exchange.  It turns opaque when replication begins, at TLS, and where it raised
    L{FramingError<vaurien_twisted.model.exchange.FramingError>}.

    What a command changes counts from when its reply says so.  Not followed: how many
    channels a transaction leaves.  The connection is opaque from where a C{CLIENT REPLY} in
    a transaction leaves the reply to C{EXEC} unfinished.
    """

    turns = False

    __slots__ = (
        "_replies",
        "_requests",
        "_session",
        "expand",
        "replies",
        "requests",
        "watch",
    )

    def __init__(self) -> None:
        self._session = Session()
        self._requests = Requests(self._session)
        self._replies = Replies(self._session)
        fastPath = Skimmer(self._session, self._requests, self._replies)
        #: See L{IFastPath}; bound without a step between.
        self.requests = fastPath.requests
        self.replies = fastPath.replies
        self.expand = fastPath.expand
        self.watch = fastPath.watch

    @property
    def opaque(self) -> str:
        """
        Why the rest cannot be read, C{""} while it can.
        """
        return self._session.opaque

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of requests.  Empty commands belong to no exchange.

        @raise FramingError: these are not Redis commands, or an inline command is
            longer than 64 KiB.
        """
        return self._requests.read(data)

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of replies.

        @raise FramingError: these are not Redis replies.
        """
        return self._replies.read(data)

    def expect(self, exchange: Exchange) -> None:
        """
        Its reply, if it has one, follows those expected before.
        """
        self._session.expect(exchange)

    def instead(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        What keeps half a transaction from being carried out.
        """
        return insteadOf(self._session, exchange)

    def behind(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        The same for a command that was carried out or queued.
        """
        return behind(self._session, exchange)

    def clientEnded(self) -> Iterator[Piece]:
        """
        An unfinished command, which belongs to no exchange before it shows its subject.
        """
        return self._requests.ended()

    def backendEnded(self) -> Iterator[Piece]:
        """
        An unfinished reply.
        """
        return self._replies.ended()

    def renew(self) -> None:
        """
        Nothing is guessed at.
        """


@implementer(IPlugin, IWireProtocol)
class Redis(WireProtocol):
    """
    Redis.  An exchange is a command and its reply: its command is the command's name in
    upper case (C{"CLIENT"} without the sub-command), its subject the first key, or else
    the first argument.  C{error} answers with an error line such as C{-LOADING}; a code
    of several words is sent as it is written: C{MOVED 3999 127.0.0.1:6381}.  The code
    C{nil} answers with a null.

    A reply is cut after values: the elements of an array, of a map the names and the
    values.  Any other reply is one value.
    """

    name = "redis"
    options = FramingOptions
    catalog = CATALOG
    targets = TARGETS
    unit = "values"

    def framer(self, options: FramingOptions, backend: str) -> RedisFramer:
        """
        A framer for a new connection.
        """
        return RedisFramer()

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        The error as one line, C{None} where the client expects no reply.
        """
        return encodeError(exchange, error)

# -*- test-case-name: tests.wire.memcache.test_protocol -*-
"""
C{memcache}: the text protocol of memcached, meta commands included.

L{requests} reads what the client sends and L{replies} what the backend
sends; both share a L{session}.  L{commands} knows single commands and
L{errors} writes errors.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IErrorReplies,
    IForgetting,
    IFramer,
    ISelectiveFastPath,
    ITransactional,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Exchange, Substitute
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.framer import TwoWayFramer
from vaurien_twisted.wire.memcache.commands import LINE, SILENCING
from vaurien_twisted.wire.memcache.errors import CATALOG, miss
from vaurien_twisted.wire.memcache.fastpath import MemcacheFastPath
from vaurien_twisted.wire.memcache.matchers import KEYED, TARGETS
from vaurien_twisted.wire.memcache.replies import Replies
from vaurien_twisted.wire.memcache.requests import Requests
from vaurien_twisted.wire.memcache.session import MemcacheSession
from vaurien_twisted.wire.protocol import FramingOptions, WireProtocol

__all__ = ["Memcache", "MemcacheFramer", "miss"]


@implementer(IFramer, ISelectiveFastPath, IForgetting, ITransactional)
class MemcacheFramer(TwoWayFramer):
    """
    Reads one connection.  It becomes opaque at the binary protocol, at TLS, after the reply to
    C{watch}, and after it has raised L{FramingError<vaurien_twisted.model.exchange.FramingError>}.

    A server may answer a C{noreply} command that it cannot read with an error all the
    same; that error is then taken for the answer to the next command, or to none.
    """

    __slots__ = ()

    _session: MemcacheSession

    def __init__(self) -> None:
        session = MemcacheSession()
        requests, replies = Requests(session), Replies(session)
        super().__init__(session, requests, replies, MemcacheFastPath(session, requests, replies))

    def replacement(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        A barrier, if a quiet command may still have a reply: the injected reply then comes after
        that of the barrier.
        """
        session = self._session
        if not session.uncertain:
            return ()
        barrier = Substitute(exchange.number, "mn", b"mn\r\n", LINE)
        session.expect(barrier)
        return (barrier,)

    def followUp(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        Nothing, since memcached has no transactions.
        """
        return ()


@implementer(IWireProtocol, IErrorReplies)
class Memcache(WireProtocol):
    """
    memcached's text protocol.  An exchange is a command, such as C{get} or C{mg}, and its
    answer.  The binary protocol passes unread.

    C{error} answers with a line such as C{SERVER_ERROR out of memory storing object}.  The
    code is the whole line; other lines are sent as they are.  The code C{miss} answers that
    the item does not exist.

    With C{unit=units} an answer is cut after values: items of C{get}, the value of C{mg},
    lines of C{stats}.  Other answers pass whole.

    If quiet commands before such a command can still be answered, Vaurien sends the backend
    the barrier C{mn} in its place.
    """

    name = "memcache"
    schemes = (URLScheme("memcached", 11211), URLScheme("memcache", 11211))
    aliases = ("memcached",)
    options = FramingOptions
    catalog = CATALOG
    targets = TARGETS
    commands = tuple(sorted({*KEYED, *SILENCING, "mn", "quit", "stats", "version"}))
    unit = "values"

    def framer(self, options: FramingOptions, backend: str) -> MemcacheFramer:
        return MemcacheFramer()

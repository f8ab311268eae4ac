# -*- test-case-name: tests.wire.postgresql.test_protocol -*-
"""
C{postgresql}: protocol 3 of PostgreSQL and compatible servers (PgBouncer, CockroachDB…).

The parts: L{messages<vaurien_twisted.wire.postgresql.messages>}, the
L{start-up<vaurien_twisted.wire.postgresql.startup>}, the
L{groups<vaurien_twisted.wire.postgresql.extended_query>} of the extended query protocol, the
L{client's<vaurien_twisted.wire.postgresql.requests>} and the
L{backend's direction<vaurien_twisted.wire.postgresql.replies>}, what L{both
know<vaurien_twisted.wire.postgresql.session>}, and the
L{errors<vaurien_twisted.wire.postgresql.errors>}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IErrorReplies,
    IFramer,
    IRequestDescriber,
    ISelectiveFastPath,
    ITransactional,
    ITransferEnder,
    IWireProtocol,
    IWithholder,
)
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Connection, Exchange, Piece, Substitute
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.last_request import lastRequest
from vaurien_twisted.wire.postgresql.errors import CATALOG
from vaurien_twisted.wire.postgresql.fastpath import NAMES, PostgreSQLFastPath
from vaurien_twisted.wire.postgresql.messages import CLIENT_TYPES
from vaurien_twisted.wire.postgresql.replies import Replies
from vaurien_twisted.wire.postgresql.requests import Requests
from vaurien_twisted.wire.postgresql.session import PostgreSQLSession
from vaurien_twisted.wire.postgresql.transaction import followUpFor, replacementFor
from vaurien_twisted.wire.protocol import WireProtocol
from vaurien_twisted.wire.starttls import StartTLS, StartTLSFramer, TLSOptions


def _sql(connection: Connection, exchange: Exchange) -> Iterable[str]:
    return (text.lstrip() for text in exchange.context.texts) if exchange.context else ()


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "sql",
        "regex",
        "The SQL text of a query, or of a statement when it is prepared and when it is executed; "
        "for CopyData, that of the COPY. Space in front of it is left out. Of several statements "
        "in one request, one must match.",
        _sql,
    ),
)


@implementer(
    IFramer, ISelectiveFastPath, IRequestDescriber, ITransactional, ITransferEnder, IWithholder
)
class PostgreSQLFramer(StartTLSFramer):
    """
    Joins the two directions of a connection.

    @param tls: whether TLS is read.
    @param refuses: whether TLS is refused.
    """

    __slots__ = ()

    _session: PostgreSQLSession
    _requests: Requests
    _replies: Replies

    def __init__(self, tls: bool = False, refuses: bool = False) -> None:
        session = PostgreSQLSession(StartTLS(tls, refuses))
        requests, replies = Requests(session), Replies(session)
        fastPath = PostgreSQLFastPath(session, requests, replies)
        super().__init__(session, session.startTLS, requests, replies, fastPath)

    @property
    def withheld(self) -> frozenset[str]:
        return NAMES if self._requests.withholds else frozenset()

    def describe(self, data: bytes) -> str:
        requests = self._requests
        reader = Requests(PostgreSQLSession(), started=True)
        # The bytes read here do not go to the backend, so the names in them have no effect.
        reader.statements, reader.portals = requests.statements, requests.portals
        return lastRequest(reader.read(data))

    def expect(self, exchange: Exchange) -> None:
        self._requests.granted = exchange
        if exchange.replies:
            self._session.awaiting.append(exchange)

    def paused(self) -> Iterator[Piece]:
        return self._requests.paused()

    def replacement(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return replacementFor(self._session, exchange)

    def followUp(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return followUpFor(self._session, exchange)

    def upgrade(self) -> tuple[bytes, bytes]:
        """
        Discard bytes that the client sent before TLS: they must not count as sent within TLS.
        """
        self._requests.release()
        return super().upgrade()


@implementer(IWireProtocol, IErrorReplies)
class PostgreSQL(WireProtocol):
    """
    PostgreSQL.  Exchange 1 is the start-up with the authentication: command C{STARTUP},
    subject C{user/database}.  Then these are exchanges:

    C{Query}: a simple query.

    C{Execute} or C{Parse}: a group of extended query messages up to its Sync, which executes
    a statement or only prepares one.  If the client pauses before the Sync, the messages
    that have arrived decide.

    C{CopyData}: the data of a C{COPY FROM STDIN}.

    C{error} answers with an ErrorResponse.  With C{unit=units} a result is cut after rows.
    There is no greeting: to refuse connections, match the command C{STARTUP}.

    Connections with replication, TLS or GSS encryption pass unread, and C{error} cannot
    answer.  C{tls=refuse} refuses both; with C{tls_certificate} TLS is read.
    """

    name = "postgresql"
    schemes = (URLScheme("postgresql", 5432), URLScheme("postgres", 5432))
    aliases = ("postgres", "pgsql")
    options = TLSOptions
    catalog = CATALOG
    targets = TARGETS
    commands = ("STARTUP", "CancelRequest", *CLIENT_TYPES.values())
    unit = "rows"

    def framer(self, options: TLSOptions, backend: str) -> PostgreSQLFramer:
        return PostgreSQLFramer(bool(options.tls_certificate), options.refuses)

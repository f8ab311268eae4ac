# -*- test-case-name: tests.wire.mysql.test_protocol -*-
"""
C{mysql}: the protocol of MySQL and MariaDB.

Exchange 0 is the greeting and the authentication; from then on each command and
its complete reply, of however many results, is an exchange.

The parts: L{words and readers<vaurien_twisted.wire.mysql.packets>}, the
L{greeting<vaurien_twisted.wire.mysql.handshake>}, the
L{commands<vaurien_twisted.wire.mysql.commands>}, the
L{client's<vaurien_twisted.wire.mysql.requests>} and the
L{backend's direction<vaurien_twisted.wire.mysql.replies>} with the
L{shapes of results<vaurien_twisted.wire.mysql.results>}, the
L{types of parameters<vaurien_twisted.wire.mysql.session>}, and the
L{errors<vaurien_twisted.wire.mysql.errors>}.
"""

from __future__ import annotations

from collections.abc import Iterable

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IErrorReplies,
    IFramer,
    IRequestDescriber,
    ISelectiveFastPath,
    ITransactional,
    ITransferEnder,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Connection, Exchange, Substitute
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.last_request import lastRequest
from vaurien_twisted.wire.mysql.commands import NAMES
from vaurien_twisted.wire.mysql.errors import CATALOG
from vaurien_twisted.wire.mysql.fastpath import MySQLFastPath
from vaurien_twisted.wire.mysql.replies import Replies
from vaurien_twisted.wire.mysql.requests import Requests
from vaurien_twisted.wire.mysql.session import MySQLSession
from vaurien_twisted.wire.mysql.transaction import followUpFor, replacementFor
from vaurien_twisted.wire.protocol import WireProtocol
from vaurien_twisted.wire.starttls import StartTLS, StartTLSFramer, TLSOptions

#: Commands that contain or execute SQL.
SPEAKING = frozenset(("COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE"))


def _sql(connection: Connection, exchange: Exchange) -> Iterable[str]:
    return (exchange.subject.lstrip(),) if exchange.command in SPEAKING else ()


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "sql",
        "regex",
        "The SQL text of a query, or of a statement when it is prepared and when it is executed. "
        "Space in front of it is left out.",
        _sql,
    ),
)


@implementer(IFramer, ISelectiveFastPath, IRequestDescriber, ITransactional, ITransferEnder)
class MySQLFramer(StartTLSFramer):
    """
    Joins the two directions of a connection.

    @param tls: whether TLS is read.
    @param refuses: whether TLS is refused.
    """

    __slots__ = ()

    _session: MySQLSession
    _requests: Requests
    _replies: Replies

    def __init__(self, tls: bool = False, refuses: bool = False) -> None:
        session = MySQLSession(StartTLS(tls, refuses))
        requests, replies = Requests(session), Replies(session)
        fastPath = MySQLFastPath(session, requests, replies)
        super().__init__(session, session.startTLS, requests, replies, fastPath)

    def replacement(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return replacementFor(self._session, exchange, transaction, self._replies.idle)

    def followUp(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        return followUpFor(self._session, exchange, transaction)

    def describe(self, data: bytes) -> str:
        session = MySQLSession()
        session.capabilities = self._session.capabilities
        session.statements = self._session.statements.texts()
        return lastRequest(Requests(session).read(data))


@implementer(IWireProtocol, IErrorReplies)
class MySQL(WireProtocol):
    """
    MySQL and MariaDB.  Exchange 0 is the greeting with the authentication.  Then each command
    with its whole reply is an exchange, such as C{COM_QUERY} or C{COM_STMT_EXECUTE}.

    C{error} answers with an ERR packet of any code.  With C{unit=units} a result is cut after
    rows.

    Connections with compression, replication or TLS pass unread, and C{error} cannot answer.
    For TLS, C{tls_certificate} and C{tls=refuse} change that.

    Clients send the types of a statement's parameters with its first execution only.  If
    Vaurien answers that execution, it adds the types to the next one.
    """

    name = "mysql"
    schemes = (URLScheme("mysql", 3306), URLScheme("mariadb", 3306))
    aliases = ("mariadb",)
    options = TLSOptions
    greets = True
    catalog = CATALOG
    targets = TARGETS
    commands = NAMES
    unit = "rows"

    def framer(self, options: TLSOptions, backend: str) -> MySQLFramer:
        return MySQLFramer(bool(options.tls_certificate), options.refuses)

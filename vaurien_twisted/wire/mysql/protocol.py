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

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IFastPath,
    IFramer,
    IRequestDescriber,
    ITransactional,
    ITransferEnder,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Connection, Exchange, Substitute
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.wire.last_request import lastDescription
from vaurien_twisted.wire.mysql.errors import CATALOG, encodeError
from vaurien_twisted.wire.mysql.fastpath import MySQLFastPath
from vaurien_twisted.wire.mysql.replies import Replies
from vaurien_twisted.wire.mysql.requests import Requests
from vaurien_twisted.wire.mysql.session import MySQLSession
from vaurien_twisted.wire.mysql.transaction import behind, insteadOf
from vaurien_twisted.wire.protocol import WireProtocol
from vaurien_twisted.wire.starttls import StartTLS, StartTLSFramer, TLSOptions

#: Commands that bring or run SQL.
SPEAKING = frozenset(("COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE"))


def _sql(connection: Connection, exchange: Exchange) -> Iterable[str]:
    return (exchange.subject.lstrip(),) if exchange.command in SPEAKING else ()


#: What a rule's C{when} can name.
TARGETS = (
    COMMAND,
    Matcher(
        "sql",
        "regex",
        "The SQL text, without the space before it: of a query, of a statement that is "
        "prepared, and of one that is executed as it was prepared.",
        _sql,
    ),
)


@implementer(IFramer, IFastPath, IRequestDescriber, ITransactional, ITransferEnder)
class MySQLFramer(StartTLSFramer):
    """
    Joins the two directions of a connection.

    @param tls: whether TLS is read.
    @param refuses: whether it is refused.
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

    def instead(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        What rolls the transaction back, where the error does.
        """
        return insteadOf(self._session, exchange, transaction, self._replies.idle)

    def behind(self, exchange: Exchange, transaction: Transaction) -> tuple[Substitute, ...]:
        """
        The same behind a command that was carried out.
        """
        return behind(self._session, exchange, transaction)

    def describe(self, data: bytes) -> str:
        """
        See L{IRequestDescriber<vaurien_twisted.interfaces.IRequestDescriber.describe>}.
        """
        session = MySQLSession()
        session.capabilities = self._session.capabilities
        session.statements = self._session.statements.texts()
        return lastDescription(Requests(session).read(data))


@implementer(IPlugin, IWireProtocol)
class MySQL(WireProtocol):
    """
    MySQL and MariaDB.  Exchange 0 is the greeting with the authentication; then each
    command, by name (C{COM_QUERY}, C{COM_STMT_EXECUTE}…) and SQL text, with its
    whole reply is one.  C{error} answers with an ERR packet: too many connections,
    a deadlock, or any code; at C{partial} it cuts a result after so many rows.  With
    TLS, unless C{tls_certificate} is given or C{tls} is C{refuse}, with compression, once
    agreed upon, and with replication the connection passes unread, so that C{error} has no way
    to speak.
    Clients send the types of a statement's parameters once; where that execution was
    answered by the proxy, the next one that goes to the server gets them added.
    """

    name = "mysql"
    aliases = ("mariadb",)
    options = TLSOptions
    greets = True
    catalog = CATALOG
    targets = TARGETS
    unit = "rows"

    def framer(self, options: TLSOptions, backend: str) -> MySQLFramer:
        """
        A framer for one connection.
        """
        return MySQLFramer(bool(options.tls_certificate), options.refuses)

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        An ERR packet; C{None} for a command without reply or a code that is no number.
        """
        return encodeError(exchange, error)

# -*- test-case-name: tests.wire.smtp.test_protocol -*-
"""
C{smtp}: the Simple Mail Transfer Protocol, RFC 5321, with pipelining (RFC 2920),
chunks (RFC 3030), STARTTLS (RFC 3207) and AUTH (RFC 4954).

The parts: the L{envelope<vaurien_twisted.wire.smtp.envelope>}, the
L{client's<vaurien_twisted.wire.smtp.requests>} and the
L{backend's direction<vaurien_twisted.wire.smtp.replies>}, what L{both
know<vaurien_twisted.wire.smtp.session>}, and the
L{errors<vaurien_twisted.wire.smtp.errors>}.
"""

from __future__ import annotations

from collections.abc import Iterable

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IErrorReplies,
    IFramer,
    ITransactional,
    ITransferEnder,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.exchange import Connection, Exchange, Substitute
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.protocol import WireProtocol
from vaurien_twisted.wire.smtp.envelope import Envelope
from vaurien_twisted.wire.smtp.errors import CATALOG
from vaurien_twisted.wire.smtp.replies import Replies
from vaurien_twisted.wire.smtp.requests import Requests
from vaurien_twisted.wire.smtp.session import SMTPSession
from vaurien_twisted.wire.smtp.transaction import followUpFor, replacementFor
from vaurien_twisted.wire.starttls import StartTLS, StartTLSFramer, TLSOptions

#: Commands that are about the mail in the envelope.
MAILING = frozenset(("DATA", "BDAT", "MESSAGE"))


def _sender(connection: Connection, exchange: Exchange) -> Iterable[str]:
    if exchange.command == "MAIL":
        # Its envelope is made when the backend gets it.
        return _spelled(exchange.subject)
    envelope = _envelope(exchange)
    return () if envelope is None else _spelled(envelope.sender)


def _recipients(connection: Connection, exchange: Exchange) -> Iterable[str]:
    if exchange.command == "RCPT":
        return _spelled(exchange.subject)
    envelope = _envelope(exchange)
    return () if envelope is None else _spelled(*envelope.recipients)


def _envelope(exchange: Exchange) -> Envelope | None:
    """
    The envelope of the mail that the exchange belongs to; C{None} if it belongs to none, or the
    envelope is no longer kept.
    """
    about = exchange.command == "RCPT" or exchange.command in MAILING
    envelope: Envelope | None = exchange.context if about else None
    return envelope


def _spelled(*addresses: str) -> Iterable[str]:
    """
    Addresses unchanged, and in lower case, so that a pattern in lower case ignores case.
    """
    for address in addresses:
        yield address
        if not address.islower():
            yield address.lower()


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "sender",
        "glob",
        "The address of MAIL FROM, empty for a bounce. For MAIL, RCPT, DATA, BDAT and MESSAGE. "
        "A pattern in lower case ignores case.",
        _sender,
    ),
    Matcher(
        "recipient",
        "glob",
        "The address of RCPT TO. For DATA, BDAT and MESSAGE: one of the first hundred accepted "
        "recipients. A pattern in lower case ignores case.",
        _recipients,
    ),
)


@implementer(IFramer, ITransactional, ITransferEnder)
class SMTPFramer(StartTLSFramer):
    """
    Joins the two directions of a connection.

    @param tls: whether TLS is read.
    @param refuses: whether TLS is refused.
    """

    __slots__ = ()

    _session: SMTPSession
    _requests: Requests
    _replies: Replies

    def __init__(self, tls: bool = False, refuses: bool = False) -> None:
        session = SMTPSession(StartTLS(tls, refuses))
        requests, replies = Requests(session), Replies(session)
        super().__init__(session, session.startTLS, requests, replies)

    def expect(self, exchange: Exchange) -> None:
        self._requests.grant(exchange)
        self._session.awaiting.append(exchange)

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
class SMTP(WireProtocol):
    """
    SMTP.  Exchange 0 is the greeting.  Each command with its reply is an exchange.  C{DATA} ends
    with the reply 354; the mail itself is an exchange C{MESSAGE}.

    C{error} answers with a code from 400 to 599.  Without a code it chooses one from 400 to
    499 that fits the command.  With C{unit=units} a reply is cut after lines.

    After C{STARTTLS} the connection passes unread, and C{error} cannot answer.
    C{tls_certificate} and C{tls=refuse} change that.
    """

    name = "smtp"
    schemes = (URLScheme("smtp", 25),)
    options = TLSOptions
    greets = True
    catalog = CATALOG
    targets = TARGETS
    commands = (
        *("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "MESSAGE", "BDAT"),
        *("RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"),
    )
    unit = "lines"

    def framer(self, options: TLSOptions, backend: str) -> SMTPFramer:
        return SMTPFramer(bool(options.tls_certificate), options.refuses)

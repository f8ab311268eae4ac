# -*- test-case-name: tests.wire.smtp.test_errors -*-
"""
The errors of SMTP, and the replies that carry them.

Sources: RFC 5321, section 4.2.3 (codes), RFC 3463 and RFC 5248 (enhanced codes),
RFC 4954 (authentication).
"""

from __future__ import annotations

import re

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import ErrorCatalog

#: The situations: the greeting and simple commands, those of a mail, those with a recipient,
#: authentication.
ANY, MAIL, RECIPIENT, AUTHENTICATION = "any", "mail", "recipient", "authentication"

ROWS = (
    WireError(
        "421",
        "Service not available, closing transmission channel",
        "The server is shut down, too busy, or has waited too long; it closes.",
        state="4.3.2",
        fits=(ANY,),
        closes=True,
    ),
    WireError(
        "450",
        "Requested mail action not taken: mailbox unavailable",
        "The mailbox is in use, or the sender is asked to come back later (greylisting).",
        state="4.2.0",
        fits=(RECIPIENT,),
    ),
    WireError(
        "451",
        "Requested action aborted: local error in processing",
        "Something failed inside the server; the mail may be sent again later.",
        state="4.3.0",
        fits=(
            MAIL,
            RECIPIENT,
        ),
    ),
    WireError(
        "452",
        "Requested action not taken: insufficient system storage",
        "The server's disk is full, or there are too many recipients.",
        state="4.3.1",
        fits=(
            MAIL,
            RECIPIENT,
        ),
    ),
    WireError(
        "454",
        "Temporary authentication failure",
        "The server that knows the passwords does not answer.",
        state="4.7.0",
        fits=(AUTHENTICATION,),
    ),
    WireError(
        "455",
        "Server unable to accommodate parameters",
        "A parameter of MAIL or RCPT cannot be honored at the moment.",
        state="4.5.4",
    ),
    WireError(
        "530",
        "Authentication required",
        "The server takes mail only from those who have said who they are.",
        state="5.7.0",
    ),
    WireError(
        "535",
        "Authentication credentials invalid",
        "The user does not exist or the password is wrong.",
        state="5.7.8",
    ),
    WireError(
        "550",
        "Requested action not taken: mailbox unavailable",
        "There is no such mailbox, or a policy forbids it.",
        state="5.1.1",
    ),
    WireError(
        "552",
        "Requested mail action aborted: exceeded storage allocation",
        "The mailbox is full or the mail too big.",
        state="5.2.2",
    ),
    WireError(
        "553",
        "Requested action not taken: mailbox name not allowed",
        "The address is not one that this server takes.",
        state="5.1.3",
    ),
    WireError(
        "554",
        "Transaction failed",
        "The mail is refused for good; as a greeting: no mail service here.",
        state="5.0.0",
    ),
)

_SITUATIONS = {
    **dict.fromkeys(("MAIL", "DATA", "MESSAGE", "BDAT"), (MAIL,)),
    **dict.fromkeys(("AUTH", "STARTTLS"), (AUTHENTICATION,)),
    "RCPT": (RECIPIENT,),
}

#: Before these are answered no enhanced codes are agreed upon (RFC 2034, section 3).
_PLAIN = frozenset(("EHLO", "HELO"))

#: The texts of presets that depend on the verb (RFC 3207, section 4.1).
_WORDS = {("454", "STARTTLS"): "TLS not available due to temporary reason"}

#: A text that begins with an enhanced code (RFC 3463, section 2).
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}( |$)")


def _situations(exchange: Exchange) -> tuple[str, ...]:
    if _unread(exchange):
        return ()
    return _SITUATIONS.get(exchange.command, (ANY,)) if exchange.number else (ANY,)


def _messageOf(code: str, message: str) -> str:
    """
    Without a message the meaning of the first digit (RFC 5321, section 4.2.1).
    """
    kind = "Transient" if code[0] == "4" else "Permanent"
    return message or f"{kind} negative completion"


def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The reply of a server that refuses this exchange: the code, the enhanced code if there is one,
    and the text, in as many lines as the text has.

    A text that begins with an enhanced code keeps that one.

    The connection is closed after 421, and after an error in place of the greeting.  It is also
    closed after a C{MESSAGE} that the backend did not get, since the backend would read the next
    command as the mail.

    @return: C{None} where the code is not one from 400 to 599, and within TLS.
    """
    code = error.code
    if _unread(exchange) or not (
        len(code) == 3 and code.isascii() and code.isdigit() and code[0] in "45"
    ):
        return None
    greeting = exchange.number == 0
    command = exchange.command
    message = error.message
    preset = CATALOG.presets.get(code)
    if preset is not None and message == preset.message:
        message = _WORDS.get((code, command), message)
    plain = greeting or command in _PLAIN or not error.state or _ENHANCED.match(message)
    words = "" if plain else error.state + " "
    lines = message.splitlines() or [""]
    data = b"".join(
        f"{code}{'-' if left else ' '}{words}{line}\r\n".encode("utf-8", "replace")
        for left, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True)
    )
    waits = command == "MESSAGE" and not error.late
    closes = greeting or error.closes or waits
    then = ConnectionFate.CLOSE if closes else ConnectionFate.KEEP
    return Reply(data, then, transaction=error.transaction)


def _unread(exchange: Exchange) -> bool:
    """
    Whether it is a turn of a connection that can no longer be read.
    """
    return bool(exchange.number) and not exchange.command and exchange.context is None


#: A mail transaction continues without the refused command (RFC 5321, section 4.1.1.4 and
#: following).  The second digit of a code has a meaning, and goes from 0 to 5 (section 4.2.1).
CATALOG = ErrorCatalog(
    "smtp",
    ROWS,
    form="a reply code from 400 to 459 or from 500 to 559",
    isCode=lambda code, message: re.fullmatch("[45][0-5][0-9]", code) is not None,
    messageOf=_messageOf,
    situations=_situations,
    encode=encodeError,
    transaction=Transaction.KEPT,
)

# -*- test-case-name: tests.wire.smtp.test_errors -*-
"""
The errors of SMTP, and the replies that say them.

Sources: RFC 5321, section 4.2.3 (codes), RFC 3463 and RFC 5248 (enhanced codes),
RFC 4954 (authentication).
"""

from __future__ import annotations

import re

import attrs

from vaurien_twisted.model.commands import ConnectionFate, Reply, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import byCode, namedError

_PRESETS = (
    WireError(
        "421",
        "Service not available, closing transmission channel",
        "The server is shut down, too busy, or has waited too long; it closes.",
        True,
        "4.3.2",
    ),
    WireError(
        "450",
        "Requested mail action not taken: mailbox unavailable",
        "The mailbox is in use, or the sender is asked to come back later (greylisting).",
        True,
        "4.2.0",
    ),
    WireError(
        "451",
        "Requested action aborted: local error in processing",
        "Something failed inside the server; the mail may be sent again later.",
        True,
        "4.3.0",
    ),
    WireError(
        "452",
        "Requested action not taken: insufficient system storage",
        "The server's disk is full, or there are too many recipients.",
        True,
        "4.3.1",
    ),
    WireError(
        "454",
        "Temporary authentication failure",
        "The server that knows the passwords does not answer.",
        True,
        "4.7.0",
    ),
    WireError(
        "455",
        "Server unable to accommodate parameters",
        "A parameter of MAIL or RCPT cannot be honored at the moment.",
        False,
        "4.5.4",
    ),
    WireError(
        "530",
        "Authentication required",
        "The server takes mail only from those who have said who they are.",
        False,
        "5.7.0",
    ),
    WireError(
        "535",
        "Authentication credentials invalid",
        "The user does not exist or the password is wrong.",
        False,
        "5.7.8",
    ),
    WireError(
        "550",
        "Requested action not taken: mailbox unavailable",
        "There is no such mailbox, or a policy forbids it.",
        False,
        "5.1.1",
    ),
    WireError(
        "552",
        "Requested mail action aborted: exceeded storage allocation",
        "The mailbox is full or the mail too big.",
        False,
        "5.2.2",
    ),
    WireError(
        "553",
        "Requested action not taken: mailbox name not allowed",
        "The address is not one that this server takes.",
        False,
        "5.1.3",
    ),
    WireError(
        "554",
        "Transaction failed",
        "The mail is refused for good; as a greeting: no mail service here.",
        False,
        "5.0.0",
    ),
)

#: Every preset by its code.  A mail transaction goes on without the command that was refused
#: (RFC 5321, section 4.1.1.4 and following).
ERRORS = byCode(_PRESETS, Transaction.KEPT, ("421",))

_SHUTDOWN = (ERRORS["421"],)
_STORAGE = (ERRORS["451"], ERRORS["452"])
_FITTING = {
    "MAIL": _STORAGE,
    "DATA": _STORAGE,
    "MESSAGE": _STORAGE,
    "BDAT": _STORAGE,
    "RCPT": (ERRORS["450"], *_STORAGE),
    "AUTH": (ERRORS["454"],),
    "STARTTLS": (ERRORS["454"],),
}

#: Before these are answered no enhanced codes are agreed upon (RFC 2034, section 3).
_PLAIN = frozenset(("EHLO", "HELO"))

#: What a server says of a preset where the verb makes it say something else (RFC 3207,
#: section 4.1).
_WORDS = {("454", "STARTTLS"): "TLS not available due to temporary reason"}

#: A text that has an enhanced code of its own (RFC 3463, section 2).
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}( |$)")

#: After these the backend waits for what a refused client does not send: more of a mail
#: or of a dialog, or a TLS handshake.
_ASKING = frozenset(("AUTH", "DATA", "STARTTLS"))


def namedByCode(code: str, message: str) -> WireError:
    """
    A preset, or a reply code from 400 to 559: the second digit has a meaning, and
    goes from 0 to 5 (RFC 5321, section 4.2.1).

    @raise Refused: it is no such code.
    """
    error = namedError(
        "smtp",
        ERRORS,
        code,
        message,
        lambda code: re.fullmatch("[45][0-5][0-9]", code) is not None,
        "a reply code from 400 to 459 or from 500 to 559",
        Transaction.KEPT,
    )
    if error.message:
        return error
    # The meaning of the first digit, in the words of the RFC (section 4.2.1).
    kind = "Transient" if code[0] == "4" else "Permanent"
    return attrs.evolve(error, message=f"{kind} negative completion")


def fittingErrors(exchange: Exchange) -> tuple[WireError, ...]:
    """
    The transient errors with which a server might answer this exchange.
    """
    if _unread(exchange):
        return ()
    return _SHUTDOWN if exchange.number == 0 else _FITTING.get(exchange.command, _SHUTDOWN)


def refusalOf(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The reply of a server that refuses this exchange: the code, the enhanced code
    where there is one, and the text, on as many lines as the text has.

    A text that begins with an enhanced code keeps that one.

    After 421, and after whatever stands in place of the greeting, the connection is
    closed.  So it is after a C{MESSAGE} that the backend did not get: it waits for the
    mail and would take the next command for it.  Where the error stands in place of
    the backend's answer a C{MESSAGE} is over, but the backend waits for more after
    C{AUTH}, C{DATA} and C{STARTTLS}.

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
    if code in ERRORS and message == ERRORS[code].message:
        message = _WORDS.get((code, command), message)
    plain = greeting or command in _PLAIN or not error.state or _ENHANCED.match(message)
    words = "" if plain else error.state + " "
    lines = message.splitlines() or [""]
    data = b"".join(
        f"{code}{'-' if left else ' '}{words}{line}\r\n".encode("utf-8", "replace")
        for left, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True)
    )
    waits = command in _ASKING if error.late else command == "MESSAGE"
    closes = greeting or code == "421" or waits
    then = ConnectionFate.CLOSE if closes else ConnectionFate.KEEP
    return Reply(data, then, transaction=error.transaction)


def _unread(exchange: Exchange) -> bool:
    """
    Whether it is a turn of a connection that can no longer be read.
    """
    return bool(exchange.number) and not exchange.command and exchange.context is None

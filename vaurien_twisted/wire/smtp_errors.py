# -*- test-case-name: tests.wire.test_smtp_errors -*-
"""
The errors of SMTP, and the replies that say them.

Sources: RFC 5321, section 4.2.3 (codes), RFC 3463 and RFC 5248 (enhanced codes),
RFC 4954 (authentication).
"""

from __future__ import annotations

from vaurien_twisted.commands import Reply, Then
from vaurien_twisted.exchange import Exchange
from vaurien_twisted.wire.errors import WireError

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

#: Every preset by its code.
ERRORS = {error.code: error for error in _PRESETS}

_SHUTDOWN = (ERRORS["421"],)
_STORAGE = (ERRORS["451"], ERRORS["452"])
_FITTING = {
    "MAIL": _STORAGE,
    "DATA": _STORAGE,
    "MESSAGE": _STORAGE,
    "BDAT": _STORAGE,
    "RCPT": (ERRORS["450"], *_STORAGE),
    "AUTH": (ERRORS["454"],),
}

#: Before these are answered no enhanced codes are agreed upon (RFC 2034, section 3).
_PLAIN = frozenset(("EHLO", "HELO"))


def fittingErrors(exchange: Exchange) -> tuple[WireError, ...]:
    """
    The transient errors with which a server might answer this exchange.
    """
    return _SHUTDOWN if exchange.number == 0 else _FITTING.get(exchange.command, _SHUTDOWN)


def refusalOf(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The reply of a server that refuses this exchange: the code, the enhanced code
    where there is one, and the text, on as many lines as the text has.

    After 421, and after whatever stands in place of the greeting, the connection is
    closed.  So it is after a C{MESSAGE}: the backend waits for the rest of the mail
    and would take the next command for it.

    @return: C{None} where the code is not one from 400 to 599.
    """
    code = error.code
    if not (len(code) == 3 and code.isascii() and code.isdigit() and code[0] in "45"):
        return None
    greeting = exchange.number == 0
    plain = greeting or exchange.command in _PLAIN or not error.state
    words = "" if plain else error.state + " "
    lines = error.message.splitlines() or [""]
    data = b"".join(
        f"{code}{'-' if left else ' '}{words}{line}\r\n".encode("utf-8", "replace")
        for left, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True)
    )
    closes = greeting or code == "421" or exchange.command == "MESSAGE"
    return Reply(data, Then.CLOSE if closes else Then.KEEP)

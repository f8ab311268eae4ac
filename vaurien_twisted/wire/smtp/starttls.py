# -*- test-case-name: tests.wire.test_starttls -*-
"""
Keeping an SMTP client and its server from agreeing on STARTTLS (RFC 3207): neither reads the
word from the other.  What stands in its place is as long, and means nothing to either.
"""

from __future__ import annotations

import re

from vaurien_twisted.model.exchange import Exchange

#: The longest line of a reply that is looked at, in bytes (RFC 5321, section 4.5.3.1.5, with
#: room for what exceeds it).
MASKED_LIMIT = 2048

MASK = b"XXXXXXXX"

_OFFER = re.compile(rb"(?i)^([- ])STARTTLS(?=\s*$)")
_COMMAND = re.compile(rb"(?i)^(\s*)STARTTLS\b")


def offers(exchange: Exchange | None) -> bool:
    """
    Whether the reply lists the extensions of the server.
    """
    return exchange is not None and exchange.command == "EHLO"


def withoutOffer(line: bytes) -> bytes:
    """
    A line of such a reply, from behind its code on.
    """
    return _OFFER.sub(rb"\1" + MASK, line)


def withoutCommand(line: bytes) -> bytes:
    """
    A command, which the server will say that it does not know.
    """
    return _COMMAND.sub(rb"\1" + MASK, line)

# -*- test-case-name: tests.wire.test_starttls -*-
"""
Keeps an SMTP client and its server from agreeing on STARTTLS (RFC 3207): the word is replaced in
both directions by an unknown one of the same length.
"""

from __future__ import annotations

import re

from vaurien_twisted.model.exchange import Exchange

#: The longest line of a reply that is searched, in bytes (RFC 5321, section 4.5.3.1.5, allows
#: 512).
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
    A line of such a reply without the offer.

    @param line: the line after its code.
    """
    return _OFFER.sub(rb"\1" + MASK, line)


def withoutCommand(line: bytes) -> bytes:
    """
    A command line whose command the server does not know, in place of STARTTLS.
    """
    return _COMMAND.sub(rb"\1" + MASK, line)

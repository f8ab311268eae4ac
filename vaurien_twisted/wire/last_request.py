# -*- test-case-name: tests.wire.test_last_request -*-
"""
Describing requests that have passed unread.
"""

from __future__ import annotations

from collections.abc import Iterable

from vaurien_twisted.model.exchange import FramingError, Piece, requestWords


def lastRequest(pieces: Iterable[Piece]) -> str:
    """
    What the last exchange that pieces belong to asks for, C{""} where they belong to none.  Errors
    end the pieces.
    """
    words = ""
    try:
        for exchange, _, _ in pieces:
            if exchange is not None:
                words = requestWords(exchange.command, exchange.subject)
    except FramingError:
        pass
    return words

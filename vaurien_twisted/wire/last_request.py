# -*- test-case-name: tests.wire.test_last_request -*-
"""
Describing requests that have passed unread.
"""

from __future__ import annotations

from collections.abc import Iterable

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece, requestWords


def lastExchange(pieces: Iterable[Piece]) -> Exchange | None:
    """
    The last exchange that pieces belong to; C{None} if they belong to none.  Errors end the pieces.
    """
    last = None
    try:
        for exchange, _, _ in pieces:
            if exchange is not None:
                last = exchange
    except FramingError:
        pass
    return last


def lastRequest(pieces: Iterable[Piece]) -> str:
    """
    The description of that exchange; C{""} if there is none.
    """
    last = lastExchange(pieces)
    return "" if last is None else requestWords(last.command, last.subject)

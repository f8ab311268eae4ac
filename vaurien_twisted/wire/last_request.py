# -*- test-case-name: tests.wire.test_last_request -*-
"""
Describing requests that have passed unread.
"""

from __future__ import annotations

from collections.abc import Iterable

from vaurien_twisted.model.exchange import FramingError, Piece


def lastDescription(pieces: Iterable[Piece]) -> str:
    """
    The description of the last exchange that pieces belong to, C{""} where they belong to
    none.  Errors end the pieces.
    """
    description = ""
    try:
        for exchange, _, _ in pieces:
            if exchange is not None:
                description = exchange.description
    except FramingError:
        pass
    return description

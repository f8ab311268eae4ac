"""
Tests for L{vaurien_twisted.wire.last_request}.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.last_request import lastRequest


class LastRequestTests(SynchronousTestCase):
    """
    L{lastRequest}.
    """

    def test_last(self) -> None:
        """
        Bytes that belong to no exchange do not count.
        """
        pieces: list[Piece] = [
            (Exchange(1, "GET", "a"), b"GET a", True),
            (Exchange(2, "GET", "b"), b"GET b", True),
            (None, b"\n", False),
        ]
        self.assertEqual(lastRequest(pieces), "GET b")
        self.assertEqual(lastRequest([]), "")

    def test_error(self) -> None:
        """
        What came before an error counts.
        """

        def broken() -> Iterator[Piece]:
            yield Exchange(1, "GET", "a"), b"GET a", True
            raise FramingError("no", b"")

        self.assertEqual(lastRequest(broken()), "GET a")

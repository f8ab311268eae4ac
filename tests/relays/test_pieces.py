"""
Tests for L{vaurien_twisted.relays.pieces}.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.exchange import FramingError
from vaurien_twisted.relays.pieces import chain, chainReplies


class Letters:
    """
    A framer whose pieces are bytes; C{!} is an error.
    """

    def fromClient(self, data: bytes) -> Iterator[bytes]:
        for at, letter in enumerate(data):
            if letter == ord("!"):
                raise FramingError("an exclamation", data[at:])
            yield bytes([letter])

    def clientEnded(self) -> Iterator[bytes]:
        yield b"end"

    fromBackend, backendEnded = fromClient, clientEnded


class ChainTests(SynchronousTestCase):
    """
    What came while nobody took it.
    """

    def test_order(self) -> None:
        """
        All pieces in order, also those that are added while others are taken, and the end.
        """
        for join in (chain, chainReplies):
            framer = Letters()
            pieces = join(framer.fromClient(b"ab"), framer, b"cd")
            found = [next(pieces)]
            pieces = join(pieces, framer, b"e")
            pieces = join(pieces, framer, b"")
            self.assertEqual([*found, *pieces], [b"a", b"b", b"c", b"d", b"e", b"end"])

    def test_many(self) -> None:
        """
        As many chunks as somebody sends, without recursion.
        """
        framer = Letters()
        pieces: Iterator[bytes] = framer.fromClient(b"a")
        for _ in range(100_000):
            pieces = chain(pieces, framer, b"b")
        self.assertEqual(sum(1 for _ in pieces), 100_001)

    def test_error(self) -> None:
        """
        An error has all that is left, of later chunks, too.
        """
        framer = Letters()
        pieces = chain(framer.fromClient(b"a!b"), framer, b"c")
        pieces = chain(pieces, framer, b"d")
        self.assertEqual(next(pieces), b"a")
        with self.assertRaises(FramingError) as caught:
            next(pieces)
        self.assertEqual(caught.exception.rest, b"!bcd")

# -*- test-case-name: tests.relays.test_pieces -*-
"""
Pieces that a framer has found and that are not relayed yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from vaurien_twisted.interfaces import IFramer
from vaurien_twisted.model.exchange import FramingError, Piece
from vaurien_twisted.relays.write_queue import WriteQueue


class Chained:
    """
    Pieces, followed by those of bytes that arrived meanwhile, in order.  Iterators are not
    nested, so any number of chunks may arrive.

    @param pieces: the pieces that were found before.
    @param parse: returns the pieces of a chunk.
    @param end: returns the pieces at the end of the stream.
    """

    def __init__(
        self,
        pieces: Iterator[Piece],
        parse: Callable[[bytes], Iterable[Piece]],
        end: Callable[[], Iterable[Piece]],
    ) -> None:
        self._pieces = pieces
        self._parse = parse
        self._end = end
        self._waiting: deque[bytes] = deque()

    def add(self, data: bytes) -> None:
        """
        Add a chunk after the earlier ones; an empty chunk is the end of the stream.
        """
        self._waiting.append(data)

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        """
        The next piece.

        @raise FramingError: the framer raises it; its C{rest} has all remaining bytes.
        """
        while True:
            try:
                for piece in self._pieces:
                    return piece
                if not self._waiting:
                    raise StopIteration
                data = self._waiting.popleft()
                self._pieces = iter(self._parse(data) if data else self._end())
            except FramingError as error:
                rest = error.rest + b"".join(self._waiting)
                raise FramingError(error.reason, rest) from None


def chain(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    C{pieces} of the client, and those of C{data} after them, or of the client's end if C{data}
    is empty.

    @raise FramingError: as the framer does; all that is left is in its C{rest}.
    """
    if not isinstance(pieces, Chained):
        pieces = Chained(pieces, framer.fromClient, framer.clientEnded)
    pieces.add(data)
    return pieces


def chainReplies(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    C{pieces} of the backend, and those of C{data} after them, or of the backend's end if C{data}
    is empty.

    @raise FramingError: as the framer does; all that is left is in its C{rest}.
    """
    if not isinstance(pieces, Chained):
        pieces = Chained(pieces, framer.fromBackend, framer.backendEnded)
    pieces.add(data)
    return pieces


def release(framer: IFramer, toBackend: WriteQueue, toClient: WriteQueue) -> None:
    """
    Send the bytes of both directions that a framer has held back.
    """
    for queue, pieces in ((toBackend, framer.clientEnded()), (toClient, framer.backendEnded())):
        for _, data, _ in pieces:
            queue.put(None, data)
        queue.flush()

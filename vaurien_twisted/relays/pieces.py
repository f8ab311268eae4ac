# -*- test-case-name: tests.relays.test_link -*-
"""
Pieces that a framer has found and nobody has taken yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from vaurien_twisted.interfaces import IFramer
from vaurien_twisted.model.exchange import FramingError, Piece
from vaurien_twisted.relays.write_queue import WriteQueue


def chain(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    C{pieces} of the client, and those of C{data} after them, or of the client's end if C{data}
    is empty.

    @raise FramingError: as the framer does; all that is left is in its C{rest}.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromClient(data) if data else framer.clientEnded()


def chainReplies(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    The same for the bytes of the backend, or its end.

    @raise FramingError: as the framer does; all that is left is in its C{rest}.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromBackend(data) if data else framer.backendEnded()


def release(framer: IFramer, toBackend: WriteQueue, toClient: WriteQueue) -> None:
    """
    Send what a framer kept back of either direction.
    """
    for queue, pieces in ((toBackend, framer.clientEnded()), (toClient, framer.backendEnded())):
        for _, data, _ in pieces:
            queue.put(None, data)
        queue.flush()

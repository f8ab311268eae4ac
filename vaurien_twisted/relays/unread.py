# -*- test-case-name: tests.relays.test_link -*-
"""
What becomes of bytes that a framer cannot read, or has not read yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vaurien_twisted.exchange import Exchange, FramingError, Piece
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.relays.lane import Lane
from vaurien_twisted.wire.upgrading import TLSOptions


def closesOn(options: Any, latest: Exchange | None) -> bool:
    """
    Whether a link is closed on garbage, not read on as opaque.

    @param options: the wire protocol's; C{on_garbage} says it.
    @param latest: the latest exchange, if the garbage is the client's.  A backend that
        never saw the beginning of a request must not see its end.
    """
    unseen = latest is not None and latest.dropped and not latest.complete
    return unseen or getattr(options, "on_garbage", "opaque") == "close"


def adviceOn(reason: str, wire: IWireProtocol, options: Any) -> str:
    """
    What a user can do so that a link does not become opaque; C{""} where nothing.

    @param options: the wire protocol's.
    """
    if reason != "TLS" or not isinstance(options, TLSOptions):
        return ""
    if options.refuses or options.tls_certificate:
        # It was begun in a way that neither helps against.
        return ""
    option = f"--protocol-{wire.name}-tls"
    return (
        "in TLS no exchange is seen, and an error cannot be answered: "
        f"{option} refuse keeps clients from it, {option}-certificate reads it"
    )


def release(framer: IFramer, toBackend: Lane, toClient: Lane) -> None:
    """
    Let what a framer kept back of either direction go on.
    """
    for lane, pieces in ((toBackend, framer.clientEnded()), (toClient, framer.backendEnded())):
        for _, data, _ in pieces:
            lane.put(None, data)
        lane.flush()


def chain(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    The pieces that were not taken yet, and those of C{data} after them, or of the
    client's end.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromClient(data) if data else framer.clientEnded()


def chainReplies(pieces: Iterator[Piece], framer: IFramer, data: bytes) -> Iterator[Piece]:
    """
    The same of the backend's bytes, or its end.
    """
    try:
        yield from pieces
    except FramingError as error:
        raise FramingError(error.reason, error.rest + data) from None
    yield from framer.fromBackend(data) if data else framer.backendEnded()

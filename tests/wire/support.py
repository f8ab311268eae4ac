"""
Driving framers in tests: whole, byte by byte, and in whatever parts hypothesis likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import attrs

from vaurien_twisted.interfaces import IFramer
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece


@attrs.define
class Heard:
    """
    What a framer made of a conversation.

    @ivar requests: each exchange's bytes from the client, by number, joined.
    @ivar replies: each exchange's bytes from the backend, by number, joined.
    @ivar loose: bytes that belong to no exchange, per direction.
    @ivar ended: the numbers of requests and of replies that were said to end.
    """

    exchanges: dict[int, Exchange] = attrs.field(factory=dict)
    requests: dict[int, bytes] = attrs.field(factory=dict)
    replies: dict[int, bytes] = attrs.field(factory=dict)
    loose: list[bytes] = attrs.field(factory=lambda: [b"", b""])
    ended: tuple[list[int], list[int]] = attrs.field(factory=lambda: ([], []))
    error: str = ""


def chunks(data: bytes, cuts: Iterable[int] | None = None, size: int = 0) -> Iterator[bytes]:
    """
    C{data} cut at the places C{cuts}, or into parts of C{size} bytes, or whole.
    """
    if size:
        cuts = range(size, len(data), size)
    places = [0, *sorted(cut for cut in set(cuts or ()) if 0 < cut < len(data)), len(data)]
    for start, end in pairwise(places):
        yield data[start:end]


def take(heard: Heard, framer: IFramer, pieces: Iterator[Piece], backend: bool) -> None:
    """
    Do as a link does with pieces: let every new request through, collect the bytes.
    """
    side = heard.replies if backend else heard.requests
    try:
        for exchange, data, ends in pieces:
            if exchange is None:
                heard.loose[backend] += data
                continue
            if exchange.number not in heard.exchanges:
                heard.exchanges[exchange.number] = exchange
                if not backend:
                    framer.expect(exchange)
            side[exchange.number] = side.get(exchange.number, b"") + data
            if ends:
                heard.ended[backend].append(exchange.number)
    except FramingError as error:
        heard.error = error.reason
        heard.loose[backend] += error.rest


def converse(
    framer: IFramer, turns: Iterable[tuple[str, bytes]], size: int = 0, heard: Heard | None = None
) -> Heard:
    """
    Play a conversation: C{("client", bytes)} and C{("backend", bytes)} in turn, each
    given in parts of C{size} bytes (0: whole).
    """
    heard = Heard() if heard is None else heard
    for who, data in turns:
        for part in chunks(data, size=size):
            give = framer.fromBackend if who == "backend" else framer.fromClient
            take(heard, framer, give(part), who == "backend")
    return heard

"""
Cutting replies as a link does, after so many of a protocol's units.
"""

from __future__ import annotations

from tests.wire.support import Heard, chunks, take
from vaurien_twisted.interfaces import IFramer
from vaurien_twisted.model.exchange import FramingError


def cut(framer: IFramer, request: bytes, reply: bytes, count: int, size: int) -> tuple[bytes, bool]:
    """
    What passes of the reply to the last exchange of C{request} when it is cut after
    C{count} units and comes in parts of C{size} bytes, and whether it was cut at all.

    @raise AssertionError: something came after the cut that is not the reply's.
    """
    heard = Heard()
    for exchange, _, _ in framer.fromClient(request):
        if exchange is not None and exchange.number not in heard.exchanges:
            heard.exchanges[exchange.number] = exchange
            exchange.cut = None
            last = exchange
    # As a link does: decided before it is expected.
    last.cut = count
    for exchange in heard.exchanges.values():
        framer.expect(exchange)
    passed, over = b"", False
    for part in chunks(reply, size=size):
        for owner, data, ends in framer.fromBackend(part):
            if over:
                assert owner is last and not ends, (owner, data, ends)
                continue
            passed += data
            over = owner is last and last.cut == 0
    return passed, over


def afterwards(framer: IFramer, request: bytes, reply: bytes) -> Heard:
    """
    What the framer makes of another exchange.
    """
    heard = Heard()
    take(heard, framer, framer.fromClient(request), False)
    take(heard, framer, framer.fromBackend(reply), True)
    return heard


def fault(framer: IFramer, request: bytes, reply: bytes, count: int, size: int) -> str:
    """
    Why a reply that is to be cut cannot be read.
    """
    try:
        cut(framer, request, reply, count, size)
    except FramingError as error:
        return error.reason
    return ""

"""
Replies that are cut after so many of a protocol's units, as a link cuts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tests.wire.support import chunks
from vaurien_twisted.interfaces import IFramer
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import Matcher, condition


@attrs.frozen
class Cut:
    """
    What passes of a reply.

    @ivar over: whether it was cut.
    """

    data: bytes
    over: bool


def cutReply(
    framer: IFramer, request: bytes, reply: bytes, count: int, size: int = 0
) -> dict[int, Cut]:
    """
    What passes of the replies to C{request}, by number, where each is cut after C{count}
    units and they come in parts of C{size} bytes (0: whole).
    """
    passed: dict[int, Cut] = {}
    for exchange, begun, _ in framer.fromClient(request):
        # A piece without bytes only ends a request from before.
        if begun and exchange is not None and exchange.number not in passed:
            # As a link does: decided before it is expected.
            exchange.cut = count
            passed[exchange.number] = Cut(b"", False)
            framer.expect(exchange)
    for part in chunks(reply, size=size):
        for owner, data, _ in framer.fromBackend(part):
            if owner is not None and not passed[owner.number].over:
                before = passed[owner.number].data
                passed[owner.number] = Cut(before + data, owner.cut == 0)
    return passed


def matches(targets: Iterable[Matcher], exchange: Exchange, **when: Any) -> bool:
    """
    Whether a rule with this C{when} is for the exchange.
    """
    return condition(when, targets, "this")(Connection(1), exchange)

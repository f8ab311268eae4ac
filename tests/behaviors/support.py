"""
Occasions for behaviors, without a link.
"""

from __future__ import annotations

from typing import Any

from tests.lines import linesRegistry
from vaurien_twisted.model.commands import Actions
from vaurien_twisted.model.decision import DecisionContext, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange

REGISTRY = linesRegistry()


def context(
    wire: str = "tcp", number: int = 0, exchange: Exchange | None = None, seed: int = 7
) -> DecisionContext:
    """
    The occasion of one exchange, the first of the first connection if not said otherwise.
    """
    met = Exchange(1) if exchange is None else exchange
    return DecisionContext(
        Connection(1, "127.0.0.1"),
        met,
        REGISTRY.wire(wire),
        number,
        SeededRandom(seed, "proxy", 1, met.number, 0),
    )


def httpExchange() -> Exchange:
    """
    The exchange that the HTTP framer makes of a plain request.
    """
    wire = REGISTRY.wire("http")
    framer = wire.framer(wire.options(), "localhost:80")
    pieces = list(framer.fromClient(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"))
    exchange = pieces[0][0]
    assert exchange is not None
    return exchange


def decide(name: str, of: DecisionContext | None = None, **options: Any) -> Actions:
    """
    What the behavior called C{name} does to the occasion C{of}.
    """
    behavior = REGISTRY.behavior(name)
    return behavior.decide(behavior.options(**options), of or context())

# -*- test-case-name: tests.relays.test_recent -*-
"""
The latest exchanges of a link, which explanations of decisions need.
"""

from __future__ import annotations

from collections import deque

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.treatment import TreatedChunk

#: The number of exchanges that are remembered.
RECENT = 4


class TreatedRun:
    """
    The last requests of a chunk that were decided together.

    @param first: the number of the chunk's first request.
    @param began: when the chunk arrived, in seconds by the reactor's clock.
    """

    __slots__ = ("_began", "_decision", "_first", "_requests")

    def __init__(self, first: int, chunk: TreatedChunk, began: float) -> None:
        requests = chunk.requests
        count = len(requests)
        # Do not keep the whole chunk: it may be long.
        self._requests = requests if count <= RECENT else requests[-RECENT:]
        self._first = first if count <= RECENT else first + count - RECENT
        self._decision: Decision = chunk.treatment.decision
        self._began = began

    def exchanges(self) -> list[Exchange]:
        """
        The requests as exchanges.
        """
        exchanges = []
        for number, (command, subject, head, context) in enumerate(self._requests, self._first):
            exchange = Exchange(number, command, subject, head, context)
            exchange.decision, exchange.began, exchange.complete = self._decision, self._began, True
            exchanges.append(exchange)
        return exchanges


class Recent:
    """
    The latest exchanges that were decided, at most L{RECENT}.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: deque[Exchange | TreatedRun] = deque(maxlen=RECENT)

    def add(self, latest: Exchange | TreatedRun) -> Exchange | None:
        """
        Add an exchange, or a chunk, that was decided now.

        @return: the exchange that was dropped for it, if one was.
        """
        kept = self._kept
        oldest = kept[0] if len(kept) == RECENT else None
        kept.append(latest)
        return oldest if isinstance(oldest, Exchange) else None

    def told(self) -> list[Exchange]:
        """
        The exchanges, in order.
        """
        found: list[Exchange] = []
        for each in self._kept:
            if isinstance(each, Exchange):
                found.append(each)
            else:
                found += each.exchanges()
        return found[-RECENT:]

# -*- test-case-name: tests.relays.test_recent -*-
"""
The latest exchanges of a link, which explanations of decisions need.
"""

from __future__ import annotations

from collections import deque

from vaurien_twisted.model.batch_decision import DecidedChunk, Request
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange

#: The number of exchanges that are remembered.
RECENT = 4


#: The last requests of a chunk that were decided together: the number of the first of these, the
#: decision, the requests, and when the chunk arrived, in seconds by the reactor's clock.
RecentChunk = tuple[int, Decision, tuple[Request, ...], float]


class Recent:
    """
    The latest exchanges that were decided, at most L{RECENT}.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: deque[Exchange | RecentChunk] = deque(maxlen=RECENT)

    def add(self, latest: Exchange) -> Exchange | None:
        """
        Add an exchange that was decided now.

        @return: the exchange that was dropped for it, if one was.
        """
        kept = self._kept
        oldest = kept[0] if len(kept) == RECENT else None
        kept.append(latest)
        return oldest if isinstance(oldest, Exchange) else None

    def addChunk(self, first: int, chunk: DecidedChunk, began: float) -> None:
        """
        Add a chunk that was decided now.

        @param first: the number of its first request.
        @param began: when it arrived, in seconds by the reactor's clock.
        """
        requests = chunk.requests
        count = len(requests)
        if count > RECENT:
            # Do not keep the whole chunk: it may be long.
            requests = requests[-RECENT:]
            first += count - RECENT
        requests = tuple(requests)
        self._kept.append((first, chunk.batchDecision.decision, requests, began))

    def exchanges(self) -> list[Exchange]:
        """
        The exchanges, in order.
        """
        found: list[Exchange] = []
        for each in self._kept:
            if isinstance(each, Exchange):
                found.append(each)
            else:
                found += _exchanges(*each)
        return found[-RECENT:]


def _exchanges(
    first: int, decision: Decision, requests: tuple[Request, ...], began: float
) -> list[Exchange]:
    """
    The requests of a chunk as exchanges.
    """
    exchanges = []
    for number, (command, subject, head, context) in enumerate(requests, first):
        exchange = Exchange(number, command, subject, head, context)
        exchange.decision, exchange.began, exchange.complete = decision, began, True
        exchanges.append(exchange)
    return exchanges

# -*- test-case-name: tests.relays.test_passed -*-
"""
The exchanges that no rule has affected, kept while somebody asks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Connection, Exchange, requestWords
from vaurien_twisted.model.progress import Progress

#: The most exchanges of one proxy that are kept; the oldest are dropped.
KEPT = 500

#: For how long exchanges are kept after somebody has asked for them, in seconds.
INTEREST = 30.0


#: How much is kept of what an exchange asks for, in characters.
LONGEST = 4096


class Passed:
    """
    An exchange, or several that came in one chunk and passed as a whole.

    @param make: makes the last exchange, with what rules look at.
    @ivar id: its place among those that were kept, from 1.
    @ivar first: the number of the first exchange.
    @ivar whole: whether all that rules look at is kept.
    """

    __slots__ = ("_make", "connection", "first", "id", "progress", "whole")

    def __init__(
        self,
        number: int,
        connection: Connection,
        first: int,
        make: Callable[[], Exchange],
        progress: Progress,
        whole: bool,
    ) -> None:
        self.id = number
        self.connection = connection
        self.first = first
        self._make = make
        self.progress = progress
        self.whole = whole

    @property
    def last(self) -> int:
        """
        The number of the last exchange.
        """
        return self.first + self.progress.together - 1

    @property
    def exchange(self) -> Exchange:
        """
        The last exchange.
        """
        exchange = self._make()
        exchange.number, exchange.progress = self.last, self.progress
        exchange.began, exchange.decision, exchange.complete = self.progress.came, NOTHING, True
        return exchange

    @property
    def request(self) -> str:
        """
        What the last exchange asks for, at most L{LONGEST} characters of it.
        """
        exchange = self._make()
        return requestWords(exchange.command, exchange.subject)[:LONGEST]


class PassedExchanges:
    """
    The latest exchanges of one proxy that passed unchanged.  Nothing is kept until somebody asks,
    and nothing any more when nobody has asked for L{INTEREST} seconds.

    @ivar kept: whether exchanges are kept now.
    @ivar last: the id of the latest, 0 before there was one.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._exchanges: deque[Passed] = deque(maxlen=KEPT)
        self._asked = 0.0
        self._timer: IDelayedCall | None = None
        self.kept = False
        self.last = 0

    def ask(self) -> None:
        """
        Somebody wants to know the exchanges from now on.
        """
        self._asked = self._clock.seconds()
        if not self.kept:
            self.kept = True
            self._timer = self._clock.callLater(INTEREST, self._look)

    def _look(self) -> None:
        left = self._asked + INTEREST - self._clock.seconds()
        if left > 0:
            self._timer = self._clock.callLater(left, self._look)
        else:
            self.stop()

    def stop(self) -> None:
        """
        Forget all, and keep no more until somebody asks again.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self.kept = False
        self._exchanges.clear()

    def add(
        self,
        connection: Connection,
        first: int,
        make: Callable[[], Exchange],
        progress: Progress,
        whole: bool = True,
    ) -> None:
        """
        Keep an exchange, or several that share C{progress}.

        @param first: the number of the first.
        @param make: makes the last exchange.
        @param whole: whether all that rules look at is kept.
        """
        self.last += 1
        self._exchanges.append(Passed(self.last, connection, first, make, progress, whole))

    def since(self, number: int, limit: int) -> list[Passed]:
        """
        Those after the one with id C{number}, oldest first, at most the newest C{limit}.
        """
        wanted = min(limit, max(0, self.last - number), len(self._exchanges))
        exchanges = self._exchanges
        return [exchanges[place] for place in range(len(exchanges) - wanted, len(exchanges))]

    def find(self, connection: int, exchange: int) -> Passed | None:
        """
        What is kept of an exchange, C{None} if it is not kept.
        """
        for each in reversed(self._exchanges):
            if each.connection.number == connection and each.first <= exchange <= each.last:
                return each
        return None


def passedExchange(exchange: Exchange) -> Callable[[], Exchange]:
    """
    What makes an exchange like this one, with at most L{LONGEST} characters or bytes of each of its
    parts.
    """
    subject, head = exchange.subject[:LONGEST], exchange.head[:LONGEST]
    return partial(
        Exchange,
        exchange.number,
        exchange.command,
        subject,
        head,
        exchange.context,
        exchange.replies,
        exchange.unasked,
    )

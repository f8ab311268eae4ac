# -*- test-case-name: tests.rules.test_epoch -*-
"""
Numbers connections and exchanges from 1 again, so that decisions do not depend on earlier traffic.

Random numbers are computed from the numbers of connections and exchanges, which are counted from
the start of the proxy.  So a test that shares a proxy with other tests gets other decisions in each
run.  An epoch counts from 1: connections in the order in which a draw is first made for them, and
for each draw the exchanges of a connection that it is made for.
"""

from __future__ import annotations

from vaurien_twisted.model.decision import CONNECTION

#: The most exchanges of a connection that are kept for each draw, to explain its decisions.
REMEMBERED = 16


class _Place:
    """
    The numbers of one connection in an epoch.
    """

    __slots__ = ("counts", "number", "turns")

    def __init__(self, number: int) -> None:
        self.number = number
        self.counts: dict[int, int] = {}
        self.turns: dict[tuple[int, int], int] = {}


class Epoch:
    """
    Numbers connections and exchanges.  The numbers of ended connections are discarded.
    """

    def __init__(self) -> None:
        self._count = 0
        self._places: dict[int, _Place] = {}

    def connection(self, number: int) -> int:
        """
        The number of a connection in the epoch; the next number if it has none yet.

        @param number: its number on the proxy.
        """
        return self._place(number).number

    def exchange(self, connection: int, exchange: int, draw: int) -> tuple[int, int]:
        """
        The numbers of a connection and an exchange in the epoch, for a draw.

        @param connection: its number on the proxy.
        @param exchange: its number on the connection.
        @param draw: the key of the draw.
        """
        place = self._place(connection)
        key = draw, exchange
        turn = place.turns.get(key)
        if turn is None:
            turn = place.counts[draw] = place.counts.get(draw, 0) + 1
            if len(place.turns) >= REMEMBERED * len(place.counts):
                del place.turns[next(iter(place.turns))]
            place.turns[key] = turn
        return place.number, turn

    def known(self, connection: int, exchange: int, draw: int) -> tuple[int, int] | None:
        """
        The same, but C{None} if they have no numbers, or the numbers are no longer kept.
        """
        place = self._places.get(connection)
        if place is None:
            return None
        turn = exchange if exchange == CONNECTION else place.turns.get((draw, exchange))
        return None if turn is None else (place.number, turn)

    def forget(self, connection: int) -> None:
        """
        A connection has ended.
        """
        self._places.pop(connection, None)

    def _place(self, number: int) -> _Place:
        place = self._places.get(number)
        if place is None:
            self._count += 1
            place = self._places[number] = _Place(self._count)
        return place

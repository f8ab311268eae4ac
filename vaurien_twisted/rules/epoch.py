# -*- test-case-name: tests.rules.test_epoch -*-
"""
Decisions that do not depend on what was before.

Random numbers are computed from the numbers of connections and exchanges, which count from
the start of the proxy.  A test that shares a proxy with others has other numbers each time.
An epoch counts anew: connections in the order in which they first meet a rule that draws, and
for each draw the exchanges of a connection that it is made for.
"""

from __future__ import annotations

from vaurien_twisted.model.decision import CONNECTION

#: How many exchanges of a connection are remembered for each draw, to explain what was drawn.
REMEMBERED = 16


class _Place:
    """
    One connection in an epoch.
    """

    __slots__ = ("counts", "number", "turns")

    def __init__(self, number: int) -> None:
        self.number = number
        self.counts: dict[int, int] = {}
        self.turns: dict[tuple[int, int], int] = {}


class Epoch:
    """
    Numbers connections and exchanges.  Connections that have ended are forgotten.
    """

    def __init__(self) -> None:
        self._count = 0
        self._places: dict[int, _Place] = {}

    def connection(self, number: int) -> int:
        """
        The number in the epoch of a connection, by its own; a new one if it had none.
        """
        return self._place(number).number

    def exchange(self, connection: int, exchange: int, draw: int) -> tuple[int, int]:
        """
        The numbers in the epoch of a connection and an exchange, by their own, for a draw.
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
        The same, but C{None} where they have no numbers, or are not known any more.
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

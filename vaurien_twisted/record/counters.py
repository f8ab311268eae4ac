# -*- test-case-name: tests.record.test_counters -*-
"""
What one proxy counts.

Bytes are counted by the transports, exchanges by the links; here are the sums of links
that have ended, and what is counted beside them.  Nothing is counted twice.
"""

from __future__ import annotations

from operator import add
from typing import NamedTuple

import attrs

from vaurien_twisted.record.histogram import Histogram

#: How many codes are told apart; clients may be allowed to ask for any.
CODES = 1000

#: The code of faults beyond that many.
OTHER = "other"


class Traffic(NamedTuple):
    """
    Bytes that passed, both ways: what was read at one end, and what was written at the
    other.  They differ by what waits, is lost on purpose, or is said in the backend's name.

    @ivar fromClient: read from clients.
    @ivar toBackend: written to backends.
    @ivar fromBackend: read from backends.
    @ivar toClient: written to clients.
    """

    fromClient: int = 0
    toBackend: int = 0
    fromBackend: int = 0
    toClient: int = 0

    def plus(self, other: Traffic) -> Traffic:
        """
        Both together.
        """
        return Traffic(
            self.fromClient + other.fromClient,
            self.toBackend + other.toBackend,
            self.fromBackend + other.fromBackend,
            self.toClient + other.toClient,
        )


@attrs.define(eq=False)
class Counters:
    """
    The counters of one proxy.

    @ivar traffic: of the links that have ended.
    @ivar exchanges: of the links that have ended.
    @ivar ended: how many links that were.
    @ivar connectFailures: how often the backend could not be reached.
    @ivar faults: how often something was done, by behavior and code.
    @ivar duration: from a request's first byte to its reply's last, of all exchanges that the
        backend answered, those included to which nothing happened.
    @ivar errors: how many exchanges failed, by command and code: those that were answered with
        an error of the protocol, by the backend or by a fault, and those that were never
        answered.
    @ivar added: how long waits and holds have kept something back.
    """

    traffic: Traffic = attrs.field(factory=Traffic)
    exchanges: int = 0
    ended: int = 0
    connectFailures: int = 0
    faults: dict[tuple[str, str], int] = attrs.field(factory=dict)
    errors: dict[tuple[str, str], int] = attrs.field(factory=dict)
    duration: Histogram = attrs.field(factory=Histogram)
    added: Histogram = attrs.field(factory=Histogram)

    def fault(self, behavior: str, code: str = "", command: str = "", times: int = 1) -> None:
        """
        Something was done.

        @param code: of an error that answers an exchange, C{""} where there is none.
        @param command: of the exchange.
        @param times: how often, where there is no code.
        """
        _count(self.faults, behavior, code, times)
        if code:
            self.error(command, code)

    def error(self, command: str, code: str) -> None:
        """
        An exchange failed.

        @param command: of the exchange, C{""} where that is not known.
        @param code: of the error, or how the connection ended.
        """
        _count(self.errors, command, code)

    def linkEnded(self, traffic: Traffic, exchanges: int) -> None:
        """
        A link is over: its counts join the sums.
        """
        before = self.traffic
        # In place of C{plus}, which takes longer: this is done for each short connection.
        self.traffic = Traffic(*map(add, before, traffic))
        self.exchanges += exchanges
        self.ended += 1


def _count(counts: dict[tuple[str, str], int], name: str, code: str, times: int = 1) -> None:
    """
    Count so many more, with the code L{OTHER} where there are too many codes already.
    """
    key = name, code
    if key not in counts and len(counts) >= CODES:
        key = name, OTHER
        if key not in counts and len(counts) >= 2 * CODES:
            # Commands, too, are whatever a client sends.
            key = OTHER, OTHER
    counts[key] = counts.get(key, 0) + times

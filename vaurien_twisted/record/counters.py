# -*- test-case-name: tests.record.test_counters -*-
"""
The counters of one proxy.

Transports count bytes, and links count exchanges.  This module has the sums of links that have
ended, and the other counters.  Nothing is counted twice.
"""

from __future__ import annotations

from typing import NamedTuple

import attrs

from vaurien_twisted.record.histogram import Histogram

#: The most different codes that are counted separately, since clients can cause any code.
CODES = 1000

#: The code under which all other codes are counted.
OTHER = "other"


class Traffic(NamedTuple):
    """
    The bytes of both directions: those read at one end, and those written to the other.  They
    differ by bytes that wait, that a fault has dropped, and that were injected.

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
        The sums of both.
        """
        return Traffic(
            self.fromClient + other.fromClient,
            self.toBackend + other.toBackend,
            self.fromBackend + other.fromBackend,
            self.toClient + other.toClient,
        )


#: The same numbers, in the same order; a L{Traffic} or any other tuple.
Bytes = tuple[int, int, int, int]


@attrs.define(eq=False)
class Counters:
    """
    The counters of one proxy.

    @ivar exchanges: the number of exchanges of links that have ended.
    @ivar becameOpaque: the number of links that have become opaque, so that it is not known which
        of their exchanges fail.
    @ivar opaqueNow: the numbers of those that are open.
    @ivar ended: the number of links that have ended.
    @ivar connectFailures: how often connecting to the backend has failed.
    @ivar faults: the number of faults by behavior and code.
    @ivar duration: the time from the first byte of a request to the last byte of its reply, for all
        exchanges that the backend answered, with or without faults.
    @ivar errors: how many exchanges failed, by command and code: those that were answered with
        an error of the protocol, by the backend or by a fault, and those that were never
        answered.
    @ivar added: the delays that waits and holds have caused.
    """

    _bytes: list[int] = attrs.field(init=False, factory=lambda: [0, 0, 0, 0])
    exchanges: int = 0
    becameOpaque: int = 0
    opaqueNow: set[int] = attrs.field(factory=set)
    ended: int = 0
    connectFailures: int = 0
    faults: dict[tuple[str, str], int] = attrs.field(factory=dict)
    errors: dict[tuple[str, str], int] = attrs.field(factory=dict)
    duration: Histogram = attrs.field(factory=Histogram)
    added: Histogram = attrs.field(factory=Histogram)

    def fault(self, behavior: str, code: str = "", command: str = "", times: int = 1) -> None:
        """
        Count a fault.

        @param code: the code of the error that answers an exchange, C{""} if there is none.
        @param command: the command of the exchange.
        @param times: how many faults, if there is no code.
        """
        _count(self.faults, behavior, code, times)
        if code:
            self.error(command, code)

    def error(self, command: str, code: str) -> None:
        """
        Count an exchange that has failed.

        @param command: the command of the exchange, C{""} if it is not known.
        @param code: the code of the error, or how the connection ended.
        """
        _count(self.errors, command, code)

    def opaque(self, number: int) -> None:
        """
        A link has become opaque.

        @param number: the number of its connection.
        """
        self.becameOpaque += 1
        self.opaqueNow.add(number)

    @property
    def traffic(self) -> Traffic:
        """
        The bytes of links that have ended.
        """
        return Traffic(*self._bytes)

    def linkEnded(self, traffic: Bytes, exchanges: int, number: int) -> None:
        """
        A link has ended: add its counts to the sums.

        @param number: the number of its connection.
        """
        self.opaqueNow.discard(number)
        # Added one by one, since this is done for each short connection.
        fromClient, toBackend, fromBackend, toClient = traffic
        sums = self._bytes
        sums[0] += fromClient
        sums[1] += toBackend
        sums[2] += fromBackend
        sums[3] += toClient
        self.exchanges += exchanges
        self.ended += 1


def _count(counts: dict[tuple[str, str], int], name: str, code: str, times: int = 1) -> None:
    """
    Add C{times} to a count; the code is L{OTHER} if there are too many codes already.
    """
    key = name, code
    if key in counts:
        counts[key] += times
        return
    if len(counts) >= CODES:
        key = name, OTHER
        if key not in counts and len(counts) >= 2 * CODES:
            # Clients can send any command as well.
            key = OTHER, OTHER
    counts[key] = counts.get(key, 0) + times

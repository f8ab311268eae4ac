# -*- test-case-name: tests.control.test_connection_limit -*-
"""
A limit for how many connections to the control services there may be.

The limit is below the number of file descriptors that clients of proxies leave
(L{RESERVED<vaurien_twisted.transports.descriptors.RESERVED>}), so control stays within reach,
whatever is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.transports.descriptors import SPARE, limit, reserved

#: The most open connections, however many file descriptors there are.
MOST = 240

#: An answer that takes longer than this, in seconds, waits for its client: it is an event stream,
#: or the client does not read.
PROMPT = 1.0


class LimitedConnection(Protocol):
    """
    A connection to a control service.

    @ivar idle: whether no request is being answered.
    """

    idle: bool
    transport: IStreamTransport


class ConnectionLimit:
    """
    The open connections of all control services of a process.  If there are too many, one is reset:
    the one without a request that has been idle for the longest time; if there is none, the one
    whose answer has waited for its client for the longest time; otherwise the newest.

    @param seconds: a clock.
    @param limited: the most file descriptors of this process.
    """

    def __init__(self, seconds: Callable[[], float], limited: Callable[[], int] = limit) -> None:
        self._seconds = seconds
        self._limited = limited
        #: When each was last used, the longest ago first.
        self._used: dict[LimitedConnection, float] = {}

    def opened(self, connection: LimitedConnection) -> None:
        """
        A connection is made; another one, or this one, may be reset for it.
        """
        self._used[connection] = self._seconds()
        if len(self._used) > self.most:
            chosen = self._dispensable(connection)
            # Counted no more, although it is closed a moment later.
            del self._used[chosen]
            chosen.transport.abortConnection()

    @property
    def most(self) -> int:
        """
        The most connections that may be open now, at least 1.
        """
        kept = reserved(self._limited())
        return max(1, min(MOST, kept - min(SPARE, kept // 2)))

    def _dispensable(self, newest: LimitedConnection) -> LimitedConnection:
        others = [each for each in self._used if each is not newest]
        for each in others:
            if each.idle:
                return each
        if others and self._seconds() - self._used[others[0]] >= PROMPT:
            return others[0]
        return newest

    def used(self, connection: LimitedConnection) -> None:
        """
        A request of this connection has arrived, or was answered.
        """
        if self._used.pop(connection, None) is not None:
            self._used[connection] = self._seconds()

    def closed(self, connection: LimitedConnection) -> None:
        """
        A connection is closed.
        """
        self._used.pop(connection, None)

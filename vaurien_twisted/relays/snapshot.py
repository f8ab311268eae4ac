# -*- test-case-name: tests.relays.test_snapshot -*-
"""
Snapshots of links, for the control service and the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.model.decision import NOTHING, Step
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.rules.decider import Decider


class LinkSnapshot:
    """
    The current state of a link, created on request.

    @param exchangeRelay: relays its exchanges, C{None} if the link is bare.
    @param filters: the names of the behaviors that have stream filters on the link.
    @param greeting: the connection itself as an exchange.
    @ivar state: C{"connecting"} to the backend, C{"open"}, C{"waiting"} if a fault holds back an
        exchange, or C{"closing"}.
    @ivar decider: decides about its exchanges: the proxy's decider, or that of its own plan.
    @ivar asked: the connection as that decider knows it.
    """

    def __init__(
        self,
        transports: TransportPair,
        exchangeRelay: ExchangeRelay | None,
        filters: Sequence[str],
        greeting: Exchange | None,
        closed: bool,
        decider: Decider,
        asked: Connection,
    ) -> None:
        state = self._state = None if exchangeRelay is None else exchangeRelay.state
        self._queues: Sequence[WriteQueue] = ()
        if state is not None:
            streams = (queue for stream in state.streams for queue in stream.queues)
            self._queues = (state.toBackend, state.toClient, *streams)
        self._told = () if state is None else state.recentExchanges
        self._filters = filters
        self._greeting = greeting
        self.decider = decider
        self.asked = asked
        if closed or transports.client is None or transports.clientEnded or transports.backendEnded:
            self.state = "closing"
        elif self.held is not None:
            self.state = "waiting"
        else:
            self.state = "connecting" if transports.backend is None else "open"

    @classmethod
    def ofBare(
        cls,
        transports: TransportPair,
        since: float,
        closed: bool,
        decider: Decider,
        connection: Connection,
    ) -> LinkSnapshot:
        """
        The current state of a bare link, which no fault affects.

        @param since: when the client connected, in seconds by the reactor's clock.
        """
        greeting = Exchange(0, "connect")
        greeting.began, greeting.decision = since, NOTHING
        return cls(transports, None, (), greeting, closed, decider, connection)

    @property
    def held(self) -> tuple[Exchange | None, Step] | None:
        """
        The exchange that is held back, and the step that does so; C{None} if there is none.
        """
        for queue in self._queues:
            if queue.held is not None:
                return queue.held
        return None

    @property
    def faults(self) -> list[str]:
        """
        The names of the active behaviors: those that hold back an exchange, and those that have
        stream filters on the link.
        """
        kept: list[str] = []
        for entry in (each for queue in self._queues for each in queue.entries() if each.steps):
            rule = entry.steps[0].rule
            if rule is not None:
                kept += [rule.behavior.name] * entry.count
        return [*kept, *self._filters]

    @property
    def last(self) -> str:
        """
        The latest exchange in one line, including those on the fast path; the connection itself
        if there was none.
        """
        state = self._state
        last = None if state is None else state.last
        if last is not None:
            return last
        return "" if self._greeting is None else self._greeting.description

    @property
    def recent(self) -> Sequence[Exchange]:
        """
        The latest exchanges that were decided, in order.
        """
        greeting = self._greeting
        # A greeting that was decided as an exchange is among them.
        if greeting is None or greeting.decision is None or greeting in self._told:
            return self._told
        return (greeting, *self._told)

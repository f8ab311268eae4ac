# -*- test-case-name: tests.relays.test_staging -*-
"""
The stream filters of one link, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.filtered_stream import FilteredStream
from vaurien_twisted.relays.transports import TransportPair


class FilterChain:
    """
    Has the stages that the plan chose for one connection, between the lanes of its
    dialogue and its transports.

    @param began: when the connection was accepted, in seconds.
    @param cut: called with how the link is to end when a stage ends it.
    @param drained: called when bytes that waited in a stage have gone on.
    @ivar names: those of the behaviors whose stages there are.
    """

    __slots__ = (
        "_began",
        "_context",
        "_downstream",
        "_exchangeRelay",
        "_finish",
        "_room",
        "_transports",
        "_upstream",
        "names",
    )

    def __init__(
        self,
        context: ProxyContext,
        exchangeRelay: ExchangeRelay,
        transports: TransportPair,
        began: float,
        cut: Callable[[ConnectionFate], None],
        drained: Callable[[], None],
    ) -> None:
        self._context = context
        self._exchangeRelay = exchangeRelay
        self._transports = transports
        self._began = began
        self._finish: Callable[[], None] | None = None
        self.names: tuple[str, ...] = ()
        clock, turns = context.reactor, context.turns
        self._upstream = FilteredStream(clock, self._toBackend, cut, drained, turns)
        self._downstream = FilteredStream(clock, self._toClient, cut, drained, turns)
        room = self._room = exchangeRelay.room
        room.beyondToBackend = self._upstream.waiting
        room.beyondToClient = self._downstream.waiting
        room.heldToBackend = self._upstream.held
        room.heldToClient = self._downstream.held

    def _toBackend(self, data: bytes) -> None:
        if self._transports.backend is not None:
            self._transports.backend.write(data)

    def _toClient(self, data: bytes) -> None:
        if self._transports.client is not None:
            self._transports.client.write(data)

    @property
    def idle(self) -> bool:
        """
        Whether there is no stage in either direction.
        """
        return self._upstream.idle and self._downstream.idle

    @property
    def clear(self) -> bool:
        """
        Whether nothing is in a stage.
        """
        return self._upstream.clear and self._downstream.clear

    def arrange(self) -> None:
        """
        Have the stages of the plan in force.  What is new is journalled.
        """
        context, exchangeRelay = self._context, self._exchangeRelay
        state = exchangeRelay.state
        chosen = list(context.filters.chosen(state.connection, state.decider))
        self.names = tuple(each.rule.behavior.name for each in chosen)
        new: dict[str, list[str]] = {}
        for stream, direction in ((self._upstream, "upstream"), (self._downstream, "downstream")):
            wanted = [
                context.filters.spec(each, direction, self._began)
                for each in chosen
                if each.rule.options.direction in (direction, "both")
            ]
            for key in stream.arrange(wanted):
                new.setdefault(key, []).append(direction)
        for each in chosen:
            if each.key in new:
                context.counters.fault(each.rule.behavior.name)
                context.note(
                    exchangeRelay.state.connection,
                    "decision",
                    exchange=0,
                    description="connect",
                    rule=each.rule.describe(),
                    effect=" and ".join(new[each.key]),
                    reason=each.reason,
                )
        self.join()
        filtered = not self.idle
        if filtered is not self._room.filtered:
            self._room.filtered = filtered
            exchangeRelay.learn()

    def join(self) -> None:
        """
        Let the lanes write to the transports there are, by way of the stages if any.
        """
        transports, exchangeRelay = self._transports, self._exchangeRelay
        for lane, stream, transport in (
            (exchangeRelay.toBackend, self._upstream, transports.backend),
            (exchangeRelay.toClient, self._downstream, transports.client),
        ):
            if transport is not None:
                lane.write = transport.write if stream.idle else stream.push

    def endUpstream(self) -> None:
        """
        The client has ended: tell the backend when that has passed the stages.
        """
        self._upstream.end(lambda: self._endWriting(self._transports.backend))

    def endDownstream(self) -> None:
        """
        The backend has ended: tell the client when that has passed the stages.
        """
        self._downstream.end(lambda: self._endWriting(self._transports.client))

    def _endWriting(self, transport: Any) -> None:
        # A stage may have kept the end for longer than the connection lasted.
        if transport is not None:
            self._transports.endWriting(transport)

    def end(self, finish: Callable[[], None]) -> None:
        """
        Neither side will be sent more: end each connection when what waits has passed
        the stages on the way there, and call C{finish} after both.
        """
        if self.idle:
            finish()
            return
        self._finish = finish
        self._downstream.end(self.settle)
        self._upstream.end(self.settle)

    def settle(self) -> None:
        """
        While all is ending: a direction has come to its end, or a connection is gone.
        """
        transports, finish = self._transports, self._finish
        if finish is None:
            return
        clientOver = transports.client is None or self._downstream.ended
        backendOver = transports.backend is None or self._upstream.ended
        if clientOver and backendOver:
            self._finish = None
            finish()
        elif clientOver:
            self._endWriting(transports.client)
        elif backendOver:
            self._endWriting(transports.backend)

    def stop(self) -> None:
        """
        Forget everything; nothing more is written.
        """
        self._finish = None
        self._upstream.stop()
        self._downstream.stop()

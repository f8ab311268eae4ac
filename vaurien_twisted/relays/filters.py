# -*- test-case-name: tests.relays.test_staging -*-
"""
The stream filters of one link, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from vaurien_twisted.interfaces.effects import IStreamEffect
from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.filtered_stream import FilteredStream
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.rules.stream_rules import ChosenRule
from vaurien_twisted.rules.tally import Tally


class StreamEffect:
    """
    Whether a stream rule has taken effect on a connection.

    @param journal: records the effect.
    @ivar tally: the counts of the rule.
    @ivar recorded: whether the journal has recorded the effect.
    """

    __slots__ = ("_journal", "_struck", "recorded", "tally")

    def __init__(self, tally: Tally, journal: Callable[[], None], recorded: bool) -> None:
        self.tally = tally
        self.recorded = recorded
        self._journal = journal
        self._struck = False

    @property
    def pending(self) -> Callable[[], None] | None:
        """
        The function to call when the rule takes effect; C{None} if it has taken effect.
        """
        return None if self._struck else self.strike

    def strike(self) -> None:
        """
        Record that the rule has taken effect in one of the directions.
        """
        if not self._struck:
            self._struck = True
            self.tally.struck += 1
        if not self.recorded:
            self.recorded = True
            self._journal()


class FilterChain:
    """
    The filters that the plan chose for one connection, between the write queues of its
    exchange relay and its transports.

    @param began: when the connection was accepted, in seconds by the reactor's clock.
    @param cut: called when a filter ends the link, with how to end it.
    @param drained: called when bytes that waited in a filter have been written.
    @ivar names: the names of the behaviors that have filters on this link.
    """

    __slots__ = (
        "_began",
        "_context",
        "_downstream",
        "_effects",
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
        self._effects: dict[str, StreamEffect] = {}
        clock, alarms = context.reactor, context.alarms
        self._upstream = FilteredStream(clock, self._toBackend, cut, drained, alarms)
        self._downstream = FilteredStream(clock, self._toClient, cut, drained, alarms)
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
        Whether there is no filter in either direction.
        """
        return self._upstream.idle and self._downstream.idle

    @property
    def clear(self) -> bool:
        """
        Whether no bytes wait in a filter.
        """
        return self._upstream.clear and self._downstream.clear

    def arrange(self) -> None:
        """
        Use the filters of the plan in force.  The journal records each when it takes effect.
        """
        context, exchangeRelay = self._context, self._exchangeRelay
        state = exchangeRelay.state
        chosen = list(context.filters.chosen(state.connection, state.decider))
        self.names = tuple(each.rule.behavior.name for each in chosen)
        self._effects = {each.key: self._effectOf(each) for each in chosen}
        for stream, direction in ((self._upstream, "upstream"), (self._downstream, "downstream")):
            stream.arrange(
                [
                    attrs.evolve(
                        context.filters.spec(each, direction, self._began),
                        struck=self._effects[each.key].pending,
                    )
                    for each in chosen
                    if each.rule.options.direction in (direction, "both")
                ]
            )
        self.join()
        filtered = not self.idle
        if filtered is not self._room.filtered:
            self._room.filtered = filtered
            exchangeRelay.updateFastPath()

    def _effectOf(self, chosen: ChosenRule) -> StreamEffect:
        """
        Count that a rule applies to the connection, unless it was counted before.
        """
        tally = self._exchangeRelay.state.decider.tally(chosen.counted)
        known = self._effects.get(chosen.key)
        if known is not None and known.tally is tally:
            return known
        tally.seen += 1
        # If another plan has the same rule, the journal does not record it again.
        recorded = known is not None and known.recorded
        return StreamEffect(tally, lambda: self._strike(chosen), recorded)

    def _strike(self, chosen: ChosenRule) -> None:
        rule = chosen.rule
        both = rule.options.direction == "both"
        effect = "upstream and downstream" if both else rule.options.direction
        described = IStreamEffect(rule.behavior, None)
        self._context.counters.fault(rule.behavior.name)
        self._context.note(
            self._exchangeRelay.state.connection,
            "decision",
            exchange=0,
            description="connect",
            rule=rule.describe(),
            effect=effect,
            words=effect if described is None else described.effect(rule.options),
            reason=chosen.reason,
        )

    def join(self) -> None:
        """
        Let the write queues write to the transports, through the filters if there are any.
        """
        transports, exchangeRelay = self._transports, self._exchangeRelay
        for queue, stream, transport in (
            (exchangeRelay.toBackend, self._upstream, transports.backend),
            (exchangeRelay.toClient, self._downstream, transports.client),
        ):
            if transport is not None:
                queue.write = transport.write if stream.idle else stream.push

    def endUpstream(self) -> None:
        """
        The client has ended: end the stream to the backend when the end has passed the filters.
        """
        self._upstream.end(lambda: self._endWriting(self._transports.backend))

    def endDownstream(self) -> None:
        """
        The backend has ended: end the stream to the client when the end has passed the filters.
        """
        self._downstream.end(lambda: self._endWriting(self._transports.client))

    def _endWriting(self, transport: IStreamTransport | None) -> None:
        # A filter may have held back the end until after the connection was lost.
        if transport is not None:
            self._transports.endWriting(transport)

    def end(self, finish: Callable[[], None]) -> None:
        """
        No more bytes will be sent to either side: end each connection when the waiting bytes have
        passed its filters, and call C{finish} after both.
        """
        if self.idle:
            finish()
            return
        self._finish = finish
        self._downstream.end(self.settle)
        self._upstream.end(self.settle)

    def settle(self) -> None:
        """
        During L{end}: a direction has ended, or a connection is lost.
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
        Drop all state; nothing more is written.
        """
        self._finish = None
        self._upstream.stop()
        self._downstream.stop()

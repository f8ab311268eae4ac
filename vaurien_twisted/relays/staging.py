# -*- test-case-name: tests.relays.test_staging -*-
"""
The streams of a link: one for each direction, between its lanes and its transports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vaurien_twisted.commands import Then
from vaurien_twisted.relays.couple import Couple
from vaurien_twisted.relays.dialogue import Dialogue
from vaurien_twisted.relays.stream import Stream

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


class Staging:
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
        "_couple",
        "_dialogue",
        "_downstream",
        "_factory",
        "_finish",
        "_upstream",
        "names",
    )

    def __init__(
        self,
        factory: RelayFactory,
        dialogue: Dialogue,
        couple: Couple,
        began: float,
        cut: Callable[[Then], None],
        drained: Callable[[], None],
    ) -> None:
        self._factory = factory
        self._dialogue = dialogue
        self._couple = couple
        self._began = began
        self._finish: Callable[[], None] | None = None
        self.names: tuple[str, ...] = ()
        self._upstream = Stream(factory.reactor, self._toBackend, cut, drained, factory.turns)
        self._downstream = Stream(factory.reactor, self._toClient, cut, drained, factory.turns)
        dialogue.beyondToBackend = self._upstream.waiting
        dialogue.beyondToClient = self._downstream.waiting
        dialogue.heldToBackend = self._upstream.held
        dialogue.heldToClient = self._downstream.held

    def _toBackend(self, data: bytes) -> None:
        if self._couple.backend is not None:
            self._couple.backend.write(data)

    def _toClient(self, data: bytes) -> None:
        if self._couple.client is not None:
            self._couple.client.write(data)

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
        factory, dialogue = self._factory, self._dialogue
        chosen = list(factory.streamsFor(dialogue.connection, dialogue.decider))
        self.names = tuple(each.rule.behavior.name for each in chosen)
        new: dict[str, list[str]] = {}
        for stream, direction in ((self._upstream, "upstream"), (self._downstream, "downstream")):
            wanted = [
                factory.wanted(each, direction, self._began)
                for each in chosen
                if each.rule.options.direction in (direction, "both")
            ]
            for key in stream.arrange(wanted):
                new.setdefault(key, []).append(direction)
        for each in chosen:
            if each.key in new:
                factory.counters.fault(each.rule.behavior.name)
                factory.note(
                    dialogue.connection,
                    "decision",
                    exchange=0,
                    description="connect",
                    rule=each.rule.describe(),
                    effect=" and ".join(new[each.key]),
                    reason=each.reason,
                )
        self.join()
        staged = not self.idle
        if staged is not dialogue.staged:
            dialogue.staged = staged
            dialogue.learn()

    def join(self) -> None:
        """
        Let the lanes write to the transports there are, by way of the stages if any.
        """
        couple, dialogue = self._couple, self._dialogue
        for lane, stream, transport in (
            (dialogue.toBackend, self._upstream, couple.backend),
            (dialogue.toClient, self._downstream, couple.client),
        ):
            if transport is not None:
                lane.write = transport.write if stream.idle else stream.push

    def endUpstream(self) -> None:
        """
        The client has ended: tell the backend when that has passed the stages.
        """
        self._upstream.end(lambda: self._endWriting(self._couple.backend))

    def endDownstream(self) -> None:
        """
        The backend has ended: tell the client when that has passed the stages.
        """
        self._downstream.end(lambda: self._endWriting(self._couple.client))

    def _endWriting(self, transport: Any) -> None:
        # A stage may have kept the end for longer than the connection lasted.
        if transport is not None:
            self._couple.endWriting(transport)

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
        couple, finish = self._couple, self._finish
        if finish is None:
            return
        clientOver = couple.client is None or self._downstream.ended
        backendOver = couple.backend is None or self._upstream.ended
        if clientOver and backendOver:
            self._finish = None
            finish()
        elif clientOver:
            self._endWriting(couple.client)
        elif backendOver:
            self._endWriting(couple.backend)

    def stop(self) -> None:
        """
        Forget everything; nothing more is written.
        """
        self._finish = None
        self._upstream.stop()
        self._downstream.stop()

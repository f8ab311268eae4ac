# -*- test-case-name: tests.relays.test_filters -*-
"""
A direction's bytes on their way through the stages of stream behaviors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.model.commands import Then
from vaurien_twisted.relays.exchanges import Dialogue
from vaurien_twisted.relays.filter_buffer import Batch, Passage, Wanted
from vaurien_twisted.relays.transports import Couple
from vaurien_twisted.relays.turns import STEP, Turns

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


class Stream:
    """
    Stages one after the other, between a lane and its transport.

    @param cut: called with how the link is to end when a stage's deadline has come.
    @param drained: called when bytes that waited have gone on.
    @param turns: shares the reactor's time, C{None} where nobody else needs it.
    @ivar ended: the end has passed all stages.
    """

    __slots__ = (
        "_after",
        "_clock",
        "_cut",
        "_cutting",
        "_drained",
        "_ending",
        "_freed",
        "_passages",
        "_stopped",
        "_turns",
        "_write",
        "ended",
    )

    def __init__(
        self,
        clock: IReactorTime,
        write: Callable[[bytes], None],
        cut: Callable[[Then], None],
        drained: Callable[[], None],
        turns: Turns | None = None,
    ) -> None:
        self._clock = clock
        self._turns = turns
        self._freed: list[bytes] | None = None
        self._write = write
        self._cut = cut
        self._drained = drained
        self._passages: list[Passage] = []
        self._after: list[Callable[[], None]] = []
        self._ending = False
        self._cutting = False
        self._stopped = False
        self.ended = False

    @property
    def idle(self) -> bool:
        """
        Whether bytes might as well go straight to the transport.
        """
        return not self._passages

    @property
    def clear(self) -> bool:
        """
        Whether nothing is in it.
        """
        return not any(each.size for each in self._passages)

    def waiting(self) -> int:
        """
        How many bytes wait, beside those that count as under way.
        """
        return sum(max(0, each.held - each.stage.flight) for each in self._passages)

    def held(self) -> int:
        """
        How many bytes wait in all, and what that costs beside them.
        """
        return sum(each.held for each in self._passages)

    def push(self, data: bytes) -> None:
        """
        Send C{data} through the stages.
        """
        if data and not self._cutting:
            self._enter(0, data)

    def end(self, after: Callable[[], None]) -> None:
        """
        The sender has ended: call C{after} when that has passed the stages.
        """
        if not self._cutting:
            self._after.append(after)
        if self.ended:
            self._finish()
        elif not self._ending:
            self._ending = True
            self._enter(0, None)

    def arrange(self, wanted: Sequence[Wanted]) -> set[str]:
        """
        Have these stages from now on.  One that is there already is kept, and told of
        other options.  What waits in one that is gone goes on at once, and so does all
        where those that stay are in another order.

        @return: the keys of the new ones.
        """
        if self._stopped or not (wanted or self._passages):
            return set()
        known = {passage.key for passage in self._passages}
        if self._cutting:
            wanted = [each for each in wanted if each.key in known]
        keys = [each.key for each in wanted]
        if not self._retain(keys):
            return set()
        old = {passage.key: passage for passage in self._passages}
        self._passages = [old.get(each.key) or Passage(each) for each in wanted]
        for passage, each in zip(list(self._passages), wanted, strict=True):
            if passage.options != each.options:
                passage.retime(each.options, self._clock.seconds())
            self._run(passage)
            self._watch(passage)
        return set(keys) - known

    def _retain(self, keys: list[str]) -> bool:
        """
        Remove the stages that are not among C{keys}.

        @return: C{False} where that has ended the link.
        """
        places = [keys.index(each.key) for each in self._passages if each.key in keys]
        swapped = places != sorted(places)
        # From the last on: what is set free meets no newer bytes on its way.
        for place in range(len(self._passages) - 1, -1, -1):
            passage = self._passages[place]
            gone = passage.key not in keys
            if gone and passage.stage.drops:
                # What follows would follow a gap.
                self._cut(Then.CLOSE)
                return False
            if gone or swapped:
                self._empty(passage, len(self._passages) if swapped else place + 1)
                if self._stopped:
                    return False
            if gone:
                passage.silence()
                del self._passages[place]
        return True

    def stop(self) -> None:
        """
        Forget everything; nothing more is written.
        """
        self._stopped = True
        for passage in self._passages:
            passage.silence()
        self._passages = []
        self._after = []

    def _empty(self, passage: Passage, place: int) -> None:
        """
        Let all that waits in a stage go on to the one at C{place}.
        """
        # What comes out is written as one: there may be very many parts.
        freed = self._freed = []
        while passage.queue:
            batch = passage.queue.popleft()
            passage.size -= batch.left
            while batch.ready():
                data = batch.take()
                if data is not None:
                    self._enter(place, data)
        self._freed = None
        if freed and not self._stopped:
            self._write(b"".join(freed))
        if passage.ending:
            passage.ending = False
            self._enter(place, None)

    def _enter(self, place: int, data: bytes | None) -> None:
        """
        Bytes, or C{None} for the end, come to the stage at C{place}, or out where there
        is none.
        """
        if self._stopped:
            return
        if place >= len(self._passages):
            if data is not None and self._freed is not None:
                self._freed.append(data)
            elif data is not None:
                self._write(data)
            else:
                self.ended = True
                self._finish()
            return
        passage, now = self._passages[place], self._clock.seconds()
        if data is None:
            passage.ending = True
            when = passage.stage.end(now)
            if when is not None:
                passage.queue.append(Batch(((when, None),), 0))
        else:
            passage.size += len(data)
            passage.queue.append(Batch(passage.stage.push(data, now), len(data)))
        self._run(passage)
        self._watch(passage)

    def _finish(self) -> None:
        while self._after:
            self._after.pop(0)()

    def _run(self, passage: Passage) -> None:
        """
        Let go on what need not wait any longer.
        """
        queue, turns = passage.queue, self._turns
        count, deadline = 0, 0.0
        while queue and passage.timer is None and passage in self._passages:
            batch = queue[0]
            count += 1
            if turns is not None and count % STEP == 0:
                deadline = deadline or turns.deadline()
                if turns.over(deadline):
                    passage.timer = self._clock.callLater(0, self._ring, passage)
                    return
            if not batch.ready():
                queue.popleft()
                passage.size -= batch.left
                continue
            if not self._due(passage, batch.when):
                return
            size = batch.left
            data = batch.take()
            if data is None:
                passage.ending = False
            elif batch.ready():
                # A transport would join what it is given in one turn of the reactor.
                self._wake(passage, batch.when)
            passage.size -= size - batch.left
            self._enter(self._passages.index(passage) + 1, data)

    def _due(self, passage: Passage, when: float) -> bool:
        if when > self._clock.seconds():
            self._wake(passage, when)
            return False
        return True

    def _wake(self, passage: Passage, when: float) -> None:
        left = max(0.0, when - self._clock.seconds())
        if left < math.inf:
            passage.timer = self._clock.callLater(left, self._ring, passage)

    def _ring(self, passage: Passage) -> None:
        passage.timer = None
        if self._turns is None:
            self._goOn(passage)
        else:
            # The bytes of thousands of connections may be due at the same moment.
            self._turns.later(lambda: self._goOn(passage))

    def _goOn(self, passage: Passage) -> None:
        if self._stopped:
            return
        self._run(passage)
        if not self._stopped:
            self._drained()

    def _watch(self, passage: Passage) -> None:
        """
        Set the timer for the stage's deadline.
        """
        if self._stopped or passage not in self._passages:
            return
        now = self._clock.seconds()
        due = passage.stage.deadline(now)
        if due == passage.due:
            return
        if passage.cut is not None and passage.cut.active():
            passage.cut.cancel()
        passage.cut, passage.due = None, due
        if due is not None:
            left = max(0.0, due[0] - now)
            passage.cut = self._clock.callLater(left, self._over, passage, due[1])

    def _over(self, passage: Passage, then: Then) -> None:
        """
        A stage ends the link: at once, or after what has left the stage.
        """
        passage.cut = None
        if then is Then.RESET or self.ended:
            self._cut(then)
            return
        place = self._passages.index(passage) + 1
        over, self._passages = self._passages[:place], self._passages[place:]
        for each in over:
            each.silence()
        # Nothing more comes from there.
        self._cutting = self._ending = True
        self._after = [lambda: self._cut(then)]
        if not any(each.ending for each in self._passages):
            self._enter(0, None)


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

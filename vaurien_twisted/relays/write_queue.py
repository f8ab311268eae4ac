# -*- test-case-name: tests.relays.test_write_queue -*-
"""
One direction of a link: bytes to a transport, in order, held back as decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.commands import Command, Hold, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.memory import ENTRY_COST
from vaurien_twisted.relays.queued_write import PlanChange, QueuedWrite, waitsWith
from vaurien_twisted.relays.turns import STEP, Turns

#: The shared queue of write queues that hold no bytes: never appended to.
EMPTY: deque[QueuedWrite] = deque(maxlen=0)

#: The most changes of plan that are remembered for entries whose turn has not come.
LIFTS = 16


class WriteQueue:
    """
    A queue in front of a transport's C{write}.  It is empty while no bytes wait.

    L{flush} writes all bytes that are ready, once for each chunk that was read, so that a
    pipeline needs only one write.

    @param perform: called with the entry and a command other than C{Wait} and
        C{Hold} when its turn has come.
    @param ran: called when a wait has ended and its bytes were sent.
    @ivar size: the size of the queue, in bytes, overhead included.
    @ivar turns: divides long work into slices, C{None} for no slices.
    @ivar deferred: bytes that are ready are written in a later turn of the reactor.
    @ivar delayed: called when bytes that were held back are sent, with the delay in seconds and
        the number of exchanges.
    @ivar ended: called with an exchange when its whole reply has been sent.
    @ivar arrival: when the bytes that are put now arrived, in seconds by the clock; C{None} for
        the current time.
    """

    __slots__ = (
        "_clock",
        "_instant",
        "_lifts",
        "_out",
        "_perform",
        "_ran",
        "_timer",
        "arrival",
        "deferred",
        "delayed",
        "ended",
        "queue",
        "size",
        "turns",
        "write",
    )

    def __init__(
        self,
        clock: IReactorTime,
        perform: Callable[[QueuedWrite, Command], None],
        ran: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._perform = perform
        self._ran = ran
        self.arrival: float | None = None
        self._out: list[bytes] = []
        #: The number of exchanges with waits of 0 s, since the last flush.
        self._instant = 0
        #: The changes of plan that are not applied to all entries yet.
        self._lifts: tuple[PlanChange, ...] = ()
        self._timer: IDelayedCall | None = None
        #: Most write queues never hold bytes; a queue of their own would be most of their size.
        self.queue: deque[QueuedWrite] = EMPTY
        self.size = 0
        self.turns: Turns | None = None
        self.deferred = False
        self.write: Callable[[bytes], None] = nothing
        self.delayed: Callable[[float, int], None] = nothing
        self.ended: Callable[[Exchange], None] = nothing

    @property
    def held(self) -> tuple[Exchange | None, Step] | None:
        """
        The exchange that is held back, and the step that does so; C{None} if there is none.
        """
        for entry in self.entries():
            return (entry.exchange, entry.steps[0]) if entry.steps else None
        return None

    def entries(self) -> Iterator[QueuedWrite]:
        """
        The queued entries, in order.
        """
        for entry in self.queue:
            self._lift(entry)
            yield entry

    def _lift(self, entry: QueuedWrite) -> None:
        for lift in self._lifts[entry.lifts :]:
            lift.apply(entry)
        entry.lifts = len(self._lifts)

    def put(
        self,
        exchange: Exchange | None,
        data: bytes,
        steps: Sequence[Step] = (),
        after: Callable[[], None] | None = None,
        count: int = 1,
    ) -> None:
        """
        Send C{data} after all queued bytes, when C{steps} have been performed.  The next L{flush}
        writes it; C{after} is called after that.

        @param count: the number of exchanges in C{data}, of which C{exchange} is the first.
        """
        queue = self.queue
        if not queue and not steps:
            if data:
                self._out.append(data)
            if after is not None:
                self.flush()
                after()
            return
        size = len(data) + ENTRY_COST
        self.size += size
        arrival = self.arrival
        if arrival is None:
            arrival = self.arrival = self._clock.seconds()
        if queue and after is None:
            last = queue[-1]
            if last.after is None:
                if steps:
                    joins = last.lifts == len(self._lifts) and waitsWith(last, steps, arrival)
                else:
                    joins = last.exchange is exchange
                if joins:
                    last.data.append(data)
                    last.size += size
                    if steps:
                        last.count += count
                        last.joins(exchange)
                    return
        if queue is EMPTY:
            queue = self.queue = deque()
        entry = QueuedWrite(exchange, data, steps, after, arrival)
        entry.count = count
        entry.lifts = len(self._lifts)
        queue.append(entry)
        if len(queue) == 1:
            self._advance()

    def putInstant(self, data: bytes) -> bool:
        """
        Send C{data} whose only steps are waits of 0 s.

        @return: C{False} if bytes are queued; nothing was done then.
        """
        if self.queue:
            return False
        self._out.append(data)
        self._instant += 1
        return True

    def end(self, exchange: Exchange) -> None:
        """
        The whole reply was put into the queue: call L{ended} when it has been sent.
        """
        if not self.queue:
            self.ended(exchange)
            return
        last = self.queue[-1]
        if last.whole is None:
            last.whole = []
        last.whole.append(exchange)

    def run(self) -> None:
        """
        Send the bytes whose waits are over; if that takes long, the rest in a later turn of the
        reactor.
        """
        self._advance()
        self.flush()

    def _advance(self) -> None:
        queue, turns = self.queue, self.turns
        count, deadline = 0, 0.0
        while queue:
            entry = queue[0]
            if entry.lifts != len(self._lifts):
                self._lift(entry)
            if entry.steps and not self._opens(entry):
                break
            queue.popleft()
            if entry.since is not None:
                waited = self._clock.seconds() - entry.since
                self.delayed(waited, entry.count)
                entry.passes(waited)
            self.size -= entry.size
            self._out += entry.data
            if entry.after is not None:
                self.flush()
                entry.after()
            if entry.whole is not None and self.queue is queue:
                for exchange in entry.whole:
                    self.ended(exchange)
            count += 1
            if count % STEP == 0 and turns is not None:
                deadline = deadline or turns.deadline()
                if queue and turns.over(deadline):
                    self._defer(turns)
                    break
        if not queue:
            self._lifts = ()
            self._sleep()

    def _defer(self, turns: Turns) -> None:
        if not self.deferred:
            self.deferred = True
            turns.later(self._continue)

    def _opens(self, entry: QueuedWrite) -> bool:
        while entry.steps:
            command = entry.steps[0].command
            if entry.since is None and isinstance(command, (Wait, Hold)):
                entry.since = entry.base
            if isinstance(command, Hold):
                return False
            if isinstance(command, Wait):
                due = entry.base + command.seconds
                left = due - self._clock.seconds()
                if left > 0:
                    self._wake(left)
                    return False
                entry.base = due
                entry.steps = entry.steps[1:]
            else:
                entry.steps = entry.steps[1:]
                self._perform(entry, command)
                if not self.queue:
                    # The command has closed the link.
                    return False
        return True

    def _sleep(self) -> None:
        """
        Nothing waits for a time any more.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _wake(self, seconds: float) -> None:
        self._sleep()
        self._timer = self._clock.callLater(seconds, self._woken)

    def _woken(self) -> None:
        # Thousands of waits may be over at the same moment.
        if self.turns is None:
            self._continue()
        else:
            self._defer(self.turns)

    def _continue(self) -> None:
        self.deferred = False
        self.run()
        self._ran()

    def send(self, data: bytes) -> None:
        """
        Send C{data} before all queued bytes, with the next L{flush}.
        """
        self._out.append(data)

    def flush(self) -> None:
        """
        Write the bytes that are ready.
        """
        self.arrival = None
        out = self._out
        if self._instant:
            instant, self._instant = self._instant, 0
            self.delayed(0.0, instant)
        if out and self.write is not nothing:
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            self.write(data)

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        Remove the waits and holds of rules that are no longer in force, and continue.

        @param keeps: returns whether a rule is still in force.
        """
        if self.queue:
            if len(self._lifts) == LIFTS:
                for entry in self.entries():
                    entry.lifts = 0
                self._lifts = ()
            # There may be very many entries: change each when its turn has come.
            self._lifts += (PlanChange(keeps),)
        turns = self.turns
        if turns is not None and self.queue and turns.spent:
            # Many links have changed in this turn.
            self._defer(turns)
        else:
            self.run()

    def stop(self) -> None:
        """
        Drop all state; nothing more is written.
        """
        self._sleep()
        self.queue.clear()
        self.queue = EMPTY
        self._out.clear()
        self.size = 0
        self.write = nothing

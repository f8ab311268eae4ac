# -*- test-case-name: tests.relays.test_write_queue -*-
"""
One direction of a link: bytes on their way to a transport, in order, held back
where a decision says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.commands import Command, Hold, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.memory import ENTRY_COST
from vaurien_twisted.relays.turns import STEP, Turns

#: The queue of lanes that hold nothing: never appended to.
EMPTY: deque[QueuedWrite] = deque(maxlen=0)


class QueuedWrite:
    """
    Bytes of one exchange that wait, and what is to be done before they go on.

    @ivar base: when the exchange arrived, plus the waits that are over.
    @ivar after: called once the bytes have been written.
    @ivar since: when it arrived, if it was kept back; else C{None}.
    """

    __slots__ = ("after", "base", "data", "exchange", "since", "size", "steps")

    def __init__(
        self,
        exchange: Exchange | None,
        data: bytes,
        steps: Sequence[Step],
        after: Callable[[], None] | None,
        base: float,
    ) -> None:
        self.exchange = exchange
        self.data = [data] if data else []
        self.steps = list(steps)
        self.after = after
        self.base = base
        self.since: float | None = None
        self.size = len(data) + ENTRY_COST


class WriteQueue:
    """
    A queue before a transport's C{write}; nothing is queued while nothing waits.

    What is ready is collected and written by L{flush}, once for each chunk that was
    read, so that a pipeline costs one write.

    @param perform: called with the entry and a command other than C{Wait} and
        C{Hold} when its turn has come.
    @param ran: called when a wait has ended and what waited was sent.
    @ivar size: how much is queued, in bytes, overhead included.
    @ivar turns: shares the reactor's time, C{None} where nobody else needs it.
    @ivar deferred: what is ready goes on in a later turn of the reactor.
    @ivar delayed: called with the seconds for which something was kept back, when it goes on.
    """

    __slots__ = (
        "_arrival",
        "_clock",
        "_out",
        "_perform",
        "_ran",
        "_timer",
        "deferred",
        "delayed",
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
        #: When what is put now has arrived: the same time for all of a chunk.
        self._arrival: float | None = None
        self._out: list[bytes] = []
        self._timer: IDelayedCall | None = None
        #: Most lanes never hold anything; a queue of their own would be most of their size.
        self.queue: deque[QueuedWrite] = EMPTY
        self.size = 0
        self.turns: Turns | None = None
        self.deferred = False
        self.write: Callable[[bytes], None] = _nowhere
        self.delayed: Callable[[float], None] = _unheard

    @property
    def held(self) -> tuple[Exchange | None, Step] | None:
        """
        The exchange that is kept back, and by what; C{None} where nothing is.
        """
        for entry in self.queue:
            return (entry.exchange, entry.steps[0]) if entry.steps else None
        return None

    def put(
        self,
        exchange: Exchange | None,
        data: bytes,
        steps: Sequence[Step] = (),
        after: Callable[[], None] | None = None,
    ) -> None:
        """
        Send C{data} behind all that is queued, once C{steps} have been performed.
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
        if queue and not steps and after is None:
            last = queue[-1]
            if last.exchange is exchange and last.after is None:
                last.data.append(data)
                last.size += size
                return
        if queue is EMPTY:
            queue = self.queue = deque()
        if self._arrival is None:
            self._arrival = self._clock.seconds()
        queue.append(QueuedWrite(exchange, data, steps, after, self._arrival))
        if len(queue) == 1:
            self.run()

    def run(self) -> None:
        """
        Send what need not wait any longer, and the rest of that in a later turn of the
        reactor where it takes long.
        """
        queue, turns = self.queue, self.turns
        count, deadline = 0, 0.0
        while queue:
            entry = queue[0]
            if not self._opens(entry):
                break
            queue.popleft()
            if entry.since is not None:
                self.delayed(self._clock.seconds() - entry.since)
            self.size -= entry.size
            self._out += entry.data
            if entry.after is not None:
                self.flush()
                entry.after()
            count += 1
            if count % STEP == 0 and turns is not None:
                deadline = deadline or turns.deadline()
                if queue and turns.over(deadline):
                    self._defer(turns)
                    break
        self.flush()

    def _defer(self, turns: Turns) -> None:
        if not self.deferred:
            self.deferred = True
            turns.later(self._goOn)

    def _opens(self, entry: QueuedWrite) -> bool:
        steps = entry.steps
        while steps:
            command = steps[0].command
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
                del steps[0]
            else:
                del steps[0]
                self._perform(entry, command)
                if not self.queue:
                    # Performing it has closed the link.
                    return False
        return True

    def _wake(self, seconds: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self._clock.callLater(seconds, self._woken)

    def _woken(self) -> None:
        # Thousands of waits may be over at the same moment.
        if self.turns is None:
            self._goOn()
        else:
            self._defer(self.turns)

    def _goOn(self) -> None:
        self.deferred = False
        self.run()
        self._ran()

    def send(self, data: bytes) -> None:
        """
        Send C{data} before all that is queued.
        """
        self._out.append(data)
        self.flush()

    def flush(self) -> None:
        """
        Write what is ready.
        """
        self._arrival = None
        out = self._out
        if out and self.write is not _nowhere:
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            self.write(data)

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        Forget the waits and holds of rules that are no longer kept, and go on.
        """
        known: dict[int, bool] = {}
        for entry in self.queue:
            steps = entry.steps
            # Mostly one, and there may be very many entries.
            if steps and (len(steps) > 1 or _lifted(steps[0], keeps, known)):
                entry.steps = [step for step in steps if not _lifted(step, keeps, known)]
        turns = self.turns
        if turns is not None and self.queue and turns.spent:
            # Many links have been lifted just now.
            self._defer(turns)
        else:
            self.run()

    def stop(self) -> None:
        """
        Forget everything; nothing more is written.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self.queue.clear()
        self.queue = EMPTY
        self._out.clear()
        self.size = 0
        self.write = _nowhere


def _lifted(step: Step, keeps: Callable[[Rule], bool], known: dict[int, bool]) -> bool:
    """
    Whether a step is a wait or a hold that no rule in force asks for.

    @param known: what was found of rules before, by their ids: many entries have the same.
    """
    rule = step.rule
    lifted = known.get(id(rule))
    if lifted is None:
        lifted = known[id(rule)] = rule is None or not keeps(rule)
    return lifted and isinstance(step.command, (Wait, Hold))


def _nowhere(data: bytes) -> None:
    """
    Where lanes write that have no transport yet, or none any more.
    """


def _unheard(seconds: float) -> None:
    """
    Nobody wants to know of delays.
    """

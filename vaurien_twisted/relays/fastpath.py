# -*- test-case-name: tests.relays.test_fastpath -*-
"""
The fast path: exchanges that no rule can affect, or that rules only delay, pass in whole chunks
if the framer supports that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from vaurien_twisted.interfaces import IDividingFastPath, IFastPath, IFramer, ISelectiveFastPath
from vaurien_twisted.model.batch_decision import DecidedChunk, Part
from vaurien_twisted.model.decision import NOTHING, Step
from vaurien_twisted.model.exchange import Connection, Exchange, PassedBatch
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.relays.batch_times import BatchTimes
from vaurien_twisted.relays.passed import PassedExchanges
from vaurien_twisted.relays.reply_order import EMPTY, USUAL, ReplyOrder
from vaurien_twisted.rules.decider import Decider

#: The most bytes of a chunk that are kept, to describe its last request on demand.
KEPT = 4096


#: The most requests of the fast path that may await replies.  To divide so many takes a turn of
#: the reactor.
MOST_PASSED = 16384


#: Passes requests; see L{IFastPath.requests}.
Requests = Callable[[bytes, PassedBatch | None], PassedBatch | None]


def _noReplies(data: bytes) -> int:
    return 0


class FastPath:
    """
    The fast path of one link, and its batches in the order of replies.

    @param times: times the exchanges.
    @param passed: says whether passed exchanges are kept.
    @param decide: called with the number of the first request of a chunk that has one decision,
        with the chunk, with the time, and with the chunk's bytes; returns the waits of the chunk,
        and its progress if somebody needs it.
    @param keep: called with a chunk that passes while passed exchanges are kept: the number of its
        first request, how many requests it has, the time, and its bytes; returns its progress.
    @ivar active: whether any exchange has passed on the fast path.
    @ivar latest: the beginning of the latest chunk of requests on the fast path, C{b""} if
        another request has come since.
    @ivar refused: the latest chunk of requests that does not pass as a whole.
    @ivar waits: whether chunks on the fast path may have to wait.
    @ivar steps: the waits of the latest chunk.
    @ivar first: the first exchange of that chunk if it has waits, else C{None}.
    """

    __slots__ = (
        "_decide",
        "_dividing",
        "_fastPath",
        "_keep",
        "_passed",
        "_replies",
        "_replyOrder",
        "_requests",
        "_times",
        "active",
        "first",
        "latest",
        "refused",
        "steps",
        "waits",
    )

    def __init__(
        self,
        pipeline: ReplyOrder,
        times: BatchTimes,
        passed: PassedExchanges,
        decide: Callable[[int, DecidedChunk, float, bytes], tuple[Sequence[Step], Progress | None]],
        keep: Callable[[int, int, float, bytes], Progress],
    ) -> None:
        self._decide = decide
        self._keep = keep
        self._passed = passed
        self._replyOrder = pipeline
        self._times = times
        self._fastPath: IFastPath | None = None
        self._dividing: IDividingFastPath | None = None
        self.refused = b""
        self._requests: Requests | None = None
        self._replies: Callable[[bytes], int] = _noReplies
        self.active = self.waits = False
        self.latest = b""
        self.steps: Sequence[Step] = ()
        self.first: Exchange | None = None

    def update(
        self, framer: IFramer, decider: Decider, connection: Connection, filtered: bool
    ) -> None:
        """
        Learn which exchanges may pass: those that the decider's plan cannot match, and those
        that it only delays, unless exchanges may have a fault header.

        @param connection: the connection with the number that the decider uses.
        @param filtered: whether there are stream filters, through which the bytes must pass.
        """
        self._requests = None
        self.refused = b""
        self.waits = False
        commands = decider.plan.commands
        fastPath: IFastPath | None = IFastPath(framer, None)
        if fastPath is None or filtered or decider.alone:
            return
        selective = ISelectiveFastPath(framer, None)
        batchDecider = None if selective is None else decider.batchDecider(connection)
        if selective is not None and batchDecider is not None:
            selective.select(commands, batchDecider)
            self.waits = batchDecider.waits
        elif commands is None:
            return
        else:
            fastPath.watch(commands)
        self._fastPath = fastPath
        self._dividing = IDividingFastPath(framer, None)
        self._requests, self._replies = fastPath.requests, fastPath.replies

    @property
    def usable(self) -> bool:
        """
        Whether exchanges may pass on the fast path.
        """
        return self._requests is not None

    def requests(self, data: bytes) -> int:
        """
        The number of requests in C{data} if they pass on the fast path; else 0.
        """
        requests, pipeline = self._requests, self._replyOrder
        if requests is None or pipeline.count >= MOST_PASSED:
            return 0
        waiting = pipeline.waiting
        last, before = None, 0
        if waiting:
            end = waiting[-1]
            if isinstance(end, PassedBatch):
                last, before = end, end.left
        run = requests(data, last)
        if run is None:
            self.refused = data
            return 0
        count = run.left
        if run is last:
            count -= before
        self._note(run, count, run is last, data, self._times.seconds())
        return count

    def _note(self, run: PassedBatch, count: int, continues: bool, data: bytes, now: float) -> None:
        """
        Requests pass: note them in the order of replies, and decide about them.

        @param run: the batch that they are part of.
        @param continues: whether other requests of the batch have passed before.
        @param now: the time, in seconds by the reactor's clock.
        """
        pipeline = self._replyOrder
        if not continues:
            pipeline.runs += 1
            if pipeline.waiting is EMPTY:
                pipeline.waiting = deque((run,))
            else:
                pipeline.waiting.append(run)
        pipeline.count += count
        times = self._times
        progress: Progress | None = None
        decided = run.decided
        if decided is None:
            if self.steps:
                self.steps, self.first = (), None
            if self._passed.kept:
                progress = self._keep(run.next + run.left - count, count, now, data)
        else:
            run.decided = None
            self.steps, progress = self._decide(run.next, decided, now, data)
            self.first = None
            if self.steps:
                command, subject = decided.requests[0][:2]
                self.first = Exchange(run.next, command, subject[:USUAL])
                self.first.progress = progress
        if times.left:
            times.asked(count, now, progress)
        else:
            # The same as C{asked}, without the call.
            times.began, times.left, times.progress = now, count, progress
        self.active = True
        self.latest = data if len(data) <= KEPT else data[:KEPT]

    def parts(self, data: bytes) -> Sequence[Part]:
        """
        The parts of a chunk that L{requests} has just refused, if some of it may pass; else none.
        """
        dividing = self._dividing
        return dividing.divided() if self.refused is data and dividing is not None else ()

    def take(self, part: Part, whole: bytes, data: bytes, now: float) -> bool:
        """
        Pass a part of such a chunk, if nothing has changed since it was divided.

        @param whole: the chunk.
        @param data: the part.
        @param now: the time, in seconds by the reactor's clock.
        """
        dividing = self._dividing
        if self.refused is not whole or dividing is None:
            return False
        waiting = self._replyOrder.waiting
        last = waiting[-1] if waiting else None
        batch = last if isinstance(last, PassedBatch) else None
        run = dividing.take(part.count, part.decided, batch)
        if run is None:
            return False
        self._note(run, part.count, run is last, data, now)
        return True

    def replies(self, data: bytes) -> int:
        """
        The number of replies in C{data} if they answer requests of the fast path; else 0.
        """
        count = self._replies(data)
        if count:
            self._times.replied(count, len(data))
        return count

    def leading(self, data: bytes, start: int) -> tuple[int, int]:
        """
        The number of whole replies that come first in C{data}, if they answer requests of the first
        batch, and where they end.

        @param start: where the first reply begins.
        """
        dividing = self._dividing
        if dividing is None:
            count = 0 if start else self.replies(data)
            return count, len(data) if count else start
        count, end = dividing.leading(data, start)
        if count:
            self._times.replied(count, end - start)
        return count, end

    def lastReplies(self, data: bytes) -> bool:
        """
        Whether C{data} consists of replies to requests of the fast path and no other request
        awaits a reply.  The requests are removed from the order of replies.
        """
        pipeline = self._replyOrder
        waiting = pipeline.waiting
        if len(waiting) != 1 or not isinstance(waiting[0], PassedBatch):
            return False
        count = self._replies(data)
        if not count:
            return False
        times = self._times
        if count == times.left and times.later is None:
            # The same as C{replied}.
            times.left = 0
            now = times.seconds()
            times.observe(now - times.began, count)
            if times.progress is not None:
                times.progress.passed(now, len(data), True)
        else:
            times.replied(count, len(data))
        pipeline.count -= count
        if not waiting[0].left:
            waiting.popleft()
            pipeline.runs -= 1
        return True

    def expand(self) -> None:
        """
        Divide the batches of the fast path into single exchanges.
        """
        if self._fastPath is None or not self._replyOrder.runs:
            return
        began = self._times.taken()
        for run in self._replyOrder.waiting:
            if isinstance(run, PassedBatch):
                for exchange, known in zip(run.expand(NOTHING), began, strict=False):
                    exchange.began, exchange.progress = known
        self._replyOrder.expand(NOTHING)
        self._fastPath.expand(NOTHING)

    def stop(self) -> None:
        """
        End the fast path of this link.
        """
        self._requests = None
        self.refused = b""
        self._fastPath = self._dividing = None
        self.active = False
        self.latest = b""

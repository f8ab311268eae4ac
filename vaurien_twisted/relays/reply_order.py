# -*- test-case-name: tests.relays.test_reply_order -*-
"""
The order of replies: an injected answer takes its request's place in a pipeline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from vaurien_twisted.model.commands import Reply
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.relays.memory import EXCHANGE_COST, EXCHANGES_LIMIT

#: The memory of subjects longer than this, in characters, is counted separately.
USUAL = 128


#: The shared queue of links on which no exchange waits: never appended to.
EMPTY: deque[Exchange | PassedBatch] = deque(maxlen=0)


class ReplyOrder:
    """
    The exchanges of a link whose replies have not all been sent, oldest first.

    @param give: sends an answer to the client, after all earlier replies.
    @ivar waiting: the exchanges, or L{batches<vaurien_twisted.model.exchange.PassedBatch>} of
        them.
    @ivar count: the number of exchanges.
    @ivar runs: the number of batches in C{waiting}.
    """

    __slots__ = ("_extra", "_give", "count", "runs", "waiting")

    def __init__(self, reply: Callable[[Reply], None]) -> None:
        self._give = reply
        self.waiting: deque[Exchange | PassedBatch] = EMPTY
        self.count = 0
        self.runs = 0
        self._extra = 0

    @property
    def size(self) -> int:
        """
        The memory of the exchanges, in bytes, approximately.
        """
        return self.count * EXCHANGE_COST + self._extra

    @property
    def full(self) -> bool:
        """
        Whether no more requests may be read: the exchanges use L{EXCHANGES_LIMIT} bytes.
        """
        return self.count * EXCHANGE_COST + self._extra >= EXCHANGES_LIMIT

    def add(self, exchange: Exchange) -> None:
        """
        Add a request: its reply comes after those of earlier requests.
        """
        if self.waiting is EMPTY:
            self.waiting = deque()
        waiting = self.waiting
        waiting.append(exchange)
        self.count += 1
        extra = len(exchange.subject)
        if extra > USUAL:
            exchange.extra = extra
            self._extra += extra
        if waiting[0].silent:
            self._passSilent()

    def _passSilent(self) -> None:
        """
        Remove the oldest exchanges that get no reply.
        """
        waiting = self.waiting
        while waiting and waiting[0].silent:
            first = waiting.popleft()
            self._extra -= first.extra
            first.extra = 0
            self.count -= 1
        self._continue()

    def compact(self, exchange: Exchange) -> None:
        """
        Drop the parts of an exchange that only rules need.  It is about to go to the backend.
        """
        exchange.head = b""
        exchange.subject = exchange.subject[:USUAL]
        self._extra -= exchange.extra
        exchange.extra = 0

    def ended(self, exchange: Exchange) -> None:
        """
        The backend's whole reply to C{exchange} has been sent.
        """
        waiting = self.waiting
        while waiting:
            self.count -= 1
            first = waiting.popleft()
            self._extra -= first.extra
            first.extra = 0
            if first is exchange:
                break
        self._continue()

    def _continue(self) -> None:
        waiting = self.waiting
        if waiting and waiting[0].silent:
            self._passSilent()
        elif waiting and isinstance(waiting[0], Exchange) and waiting[0].answer is not None:
            self.answer()

    def answer(self) -> None:
        """
        Send the injected answers that are ready and whose turn has come.
        """
        waiting = self.waiting
        while waiting:
            head = waiting[0]
            if isinstance(head, PassedBatch):
                return
            answer = head.answer
            if answer is None or not (head.complete or answer.early):
                return
            if head.substitute is not None:
                # It is sent when the backend is in the state that the answer reports.
                return
            waiting.popleft()
            self._extra -= head.extra
            head.extra = 0
            self.count -= 1
            self._give(answer)

    def release(self) -> None:
        """
        The backend's connection is lost, and its transaction too: wait for no substitute.
        """
        for each in self.waiting:
            if isinstance(each, Exchange):
                each.substitute = None
        self.answer()

    # Batches

    def passed(self, count: int) -> None:
        """
        C{count} replies of the first batch have been sent.
        """
        self.count -= count
        head = self.waiting[0]
        if isinstance(head, PassedBatch) and not head.left:
            self.waiting.popleft()
            self.runs -= 1
            self._continue()

    def expand(self, decision: Decision) -> bool:
        """
        Replace batches by their single exchanges.

        @param decision: the decision of these exchanges.
        @return: whether there were any batches.
        """
        if not self.runs:
            return False
        unfolded: deque[Exchange | PassedBatch] = deque()
        for each in self.waiting:
            if isinstance(each, PassedBatch):
                unfolded += each.expand(decision)
            else:
                unfolded.append(each)
        self.waiting = unfolded
        self.runs = 0
        return True

    def sendRemaining(self) -> None:
        """
        Replies cannot be divided any more: send all remaining answers.
        """
        waiting = list(self.waiting)
        self.clear()
        for exchange in waiting:
            exchange.extra = 0
            if isinstance(exchange, Exchange) and exchange.answer is not None:
                self._give(exchange.answer)

    def clear(self) -> None:
        """
        Remove all exchanges.
        """
        self.waiting = EMPTY
        self.count = 0
        self.runs = 0
        self._extra = 0

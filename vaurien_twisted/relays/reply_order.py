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

#: Longer subjects count for themselves, in characters.
USUAL = 128


#: What waits on links where nothing does: never appended to.
EMPTY: deque[Exchange | PassedBatch] = deque(maxlen=0)


class ReplyOrder:
    """
    The exchanges of a link whose replies have not all been given, oldest first.

    @param give: sends an answer to the client, behind all replies given before.
    @ivar waiting: they, or L{runs<vaurien_twisted.model.exchange.PassedBatch>} of them.
    @ivar count: how many exchanges that is.
    @ivar runs: how many runs there are among C{waiting}.
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
        How much memory the exchanges take, about, in bytes.
        """
        return self.count * EXCHANGE_COST + self._extra

    @property
    def full(self) -> bool:
        """
        Whether no more requests should be taken: the exchanges take L{EXCHANGES_LIMIT}.
        """
        return self.count * EXCHANGE_COST + self._extra >= EXCHANGES_LIMIT

    def add(self, exchange: Exchange) -> None:
        """
        A request was taken: its reply comes after those before it.
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
        Forget the oldest exchanges whose replies are silence.
        """
        waiting = self.waiting
        while waiting and waiting[0].silent:
            first = waiting.popleft()
            self._extra -= first.extra
            first.extra = 0
            self.count -= 1
        self._goOn()

    def compact(self, exchange: Exchange) -> None:
        """
        Forget what only rules ask of an exchange that goes to the backend.
        """
        exchange.head = b""
        exchange.subject = exchange.subject[:USUAL]
        self._extra -= exchange.extra
        exchange.extra = 0

    def ended(self, exchange: Exchange) -> None:
        """
        The backend's reply to C{exchange} has been sent whole.
        """
        waiting = self.waiting
        while waiting:
            self.count -= 1
            first = waiting.popleft()
            self._extra -= first.extra
            first.extra = 0
            if first is exchange:
                break
        self._goOn()

    def _goOn(self) -> None:
        waiting = self.waiting
        if waiting and waiting[0].silent:
            self._passSilent()
        elif waiting and isinstance(waiting[0], Exchange) and waiting[0].answer is not None:
            self.answer()

    def answer(self) -> None:
        """
        Give the answers that are due and have no reply before them.
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
                # Given when the backend is in the state that the answer tells of.
                return
            waiting.popleft()
            self._extra -= head.extra
            head.extra = 0
            self.count -= 1
            self._give(answer)

    def release(self) -> None:
        """
        The backend is gone, and its transaction with it: wait for no substitute.
        """
        for each in self.waiting:
            if isinstance(each, Exchange):
                each.substitute = None
        self.answer()

    # Runs

    def passed(self, count: int) -> None:
        """
        So many replies of the run at the head have been sent.
        """
        self.count -= count
        head = self.waiting[0]
        if isinstance(head, PassedBatch) and not head.left:
            self.waiting.popleft()
            self.runs -= 1
            self._goOn()

    def expand(self, decision: Decision) -> bool:
        """
        Tell the exchanges of runs apart.

        @return: whether there were any.
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

    def dissolve(self) -> None:
        """
        Nothing more is known of replies: give the answers that are left.
        """
        waiting = list(self.waiting)
        self.clear()
        for exchange in waiting:
            exchange.extra = 0
            if isinstance(exchange, Exchange) and exchange.answer is not None:
                self._give(exchange.answer)

    def clear(self) -> None:
        """
        Forget everything.
        """
        self.waiting = EMPTY
        self.count = 0
        self.runs = 0
        self._extra = 0

# -*- test-case-name: tests.relays.test_pipeline -*-
"""
The order of replies: an injected answer takes its request's place in a pipeline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from vaurien_twisted.commands import Reply
from vaurien_twisted.exchange import Exchange

#: How many exchanges may await their replies before the client is paused.
LIMIT = 1024


class Pipeline:
    """
    The exchanges of a link whose replies have not all been given, oldest first.

    @param give: sends an answer to the client, behind all replies given before.
    """

    __slots__ = ("_give", "_waiting")

    def __init__(self, give: Callable[[Reply], None]) -> None:
        self._give = give
        self._waiting: deque[Exchange] = deque()

    @property
    def full(self) -> bool:
        """
        Whether no more requests should be taken.
        """
        return len(self._waiting) >= LIMIT

    def add(self, exchange: Exchange) -> None:
        """
        A request was taken: its reply comes after those before it.
        """
        self._waiting.append(exchange)

    def ended(self, exchange: Exchange) -> None:
        """
        The backend's reply to C{exchange} has been sent whole.
        """
        waiting = self._waiting
        while waiting and waiting.popleft() is not exchange:
            pass
        if waiting and waiting[0].answer is not None:
            self.answer()

    def answer(self) -> None:
        """
        Give the answers that are due and have no reply before them.
        """
        waiting = self._waiting
        while waiting:
            answer = waiting[0].answer
            if answer is None or not (waiting[0].complete or answer.early):
                return
            waiting.popleft()
            self._give(answer)

    def dissolve(self) -> None:
        """
        Nothing more is known of replies: give the answers that are left.
        """
        waiting = list(self._waiting)
        self._waiting.clear()
        for exchange in waiting:
            if exchange.answer is not None:
                self._give(exchange.answer)

    def clear(self) -> None:
        """
        Forget everything.
        """
        self._waiting.clear()

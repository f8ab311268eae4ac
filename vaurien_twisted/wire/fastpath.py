# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Runs of exchanges whose replies have several forms.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange, PassedBatch

#: How many requests are passed over in one go.
MOST = 32768


class FormedRun(PassedBatch):
    """
    A run that knows a form for each of its exchanges.

    @param contexts: what an exchange of a form has for its context, once it is told apart.
    @ivar forms: a byte for each that awaits its reply.
    """

    __slots__ = ("_contexts", "forms")

    def __init__(self, number: int, forms: bytes, contexts: Callable[[int], Any]) -> None:
        # One is made for each request of most clients, so that a call more would be felt.
        self.next = number
        self.left = len(forms)
        self.extra = 0
        self._expanded = None
        self.forms = forms
        self._contexts = contexts

    def grow(self, forms: bytes) -> None:
        """
        Add an exchange of each of these forms.
        """
        self.forms += forms
        self.left += len(forms)

    def passed(self, count: int) -> None:
        """
        So many replies have passed.
        """
        self.forms = self.forms[count:]
        self.next += count
        self.left -= count

    def expand(self, decision: Decision) -> list[Exchange]:
        """
        The exchanges that are left, each with the context of its form.
        """
        exchanges = super().expand(decision)
        for exchange, form in zip(exchanges, self.forms, strict=True):
            exchange.context = self._contexts(form)
        return exchanges


def extend(
    awaiting: deque[Any],
    run: PassedBatch | None,
    number: int,
    forms: bytes,
    contexts: Callable[[int], Any],
) -> PassedBatch:
    """
    Expect the replies to requests that are passed over.

    @param awaiting: the exchanges and runs whose replies are to come.
    @param run: the last of these, if it is a run.
    @param number: of the first request.
    @return: the run that they are part of.
    """
    # A request without a reply, between the two, has a number but no place.
    if isinstance(run, FormedRun) and run.next + run.left == number:
        run.grow(forms)
        return run
    begun = FormedRun(number, forms, contexts)
    awaiting.append(begun)
    return begun


def take(awaiting: deque[Any], run: FormedRun, count: int) -> int:
    """
    So many replies have passed of the run that is awaited first: how many.
    """
    if count == run.left:
        run.left = 0
        run.forms = b""
        awaiting.popleft()
    else:
        run.passed(count)
    return count


def expand(awaiting: deque[Any], decision: Decision) -> None:
    """
    Put the exchanges of all runs in their place.
    """
    waiting = list(awaiting)
    awaiting.clear()
    for each in waiting:
        if isinstance(each, PassedBatch):
            awaiting.extend(each.expand(decision))
        else:
            awaiting.append(each)


#: Only short chunks are remembered, and so many of them.
LONGEST, MOST_KEPT = 512, 2048

_counts: dict[tuple[str, frozenset[str]], dict[bytes, int]] = {}


def countsFor(protocol: str, watched: frozenset[str]) -> dict[bytes, int]:
    """
    How many requests a chunk that can be passed over was found to be; for all
    connections of a protocol on which the same commands are watched.
    """
    key = (protocol, watched)
    counts = _counts.get(key)
    if counts is None:
        if len(_counts) >= 16:
            # Plans that are no longer in force; those that are go on with what they hold.
            _counts.clear()
        counts = _counts[key] = {}
    return counts


def remember(counts: dict[bytes, int], data: bytes, count: int) -> None:
    """
    Remember a chunk's count.  When there are too many, all are forgotten: what is
    asked often is soon known again.
    """
    if len(data) <= LONGEST:
        if len(counts) >= MOST_KEPT:
            counts.clear()
        counts[data] = count

# -*- test-case-name: tests.rules.test_batches -*-
"""
Treatments: what the rules of a plan do to an exchange, where they do the same to each such
exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Protocol

import attrs

from vaurien_twisted.model.decision import NOTHING, Decision
from vaurien_twisted.model.exchange import Exchange


@attrs.frozen(eq=False)
class Treatment:
    """
    What happens to some exchanges.  Equal ones are the same object.

    @ivar decision: the steps, which are waits of the request and nothing else.
    @ivar rules: the rules that it comes from, as whoever made it knows them.
    @ivar chances: the rules that a number is still to be drawn for, by draw: it only happens
        if none of them applies.
    @ivar most: of how many requests it is likely that none of them is met by such a rule.
    """

    decision: Decision = NOTHING
    rules: tuple[object, ...] = ()
    chances: tuple[tuple[object, ...], ...] = ()
    most: float = inf


#: Nothing happens.
UNTREATED = Treatment()


class Treats(Protocol):
    """
    Says what happens to the exchanges of one connection.  Asking decides and counts nothing; it
    only notes exchanges that nearly matched a rule.
    """

    def __hash__(self) -> int:
        """
        Equal ones say the same of the same exchanges.
        """

    def __call__(self, exchange: Exchange) -> Treatment | None:
        """
        What happens to an exchange, whatever its number; C{None} if it has to be decided by
        itself.
        """

    def always(self, command: str) -> Treatment | None:
        """
        What happens to all exchanges of a command, whatever else they are; C{None} if rules look at
        more than the command, or if each has to be decided by itself.
        """

    def struck(self, treatment: Treatment, first: int, count: int) -> Sequence[int]:
        """
        To which of so many exchanges something else happens: a rule applies that a number is
        drawn for.

        @param first: the number of the first exchange.
        @return: their places, in order; the first exchange has the place 0.
        """


#: What rules look at of a request.
Request = tuple[str, str, bytes, object]


class TreatedChunk:
    """
    Requests that came in one chunk, and all have one treatment.

    @ivar requests: of each its command, its subject, its head, and its context if rules look at
        that.
    @ivar commands: the command of each.
    """

    __slots__ = ("commands", "requests", "treatment")

    def __init__(self, treatment: Treatment, requests: tuple[Request, ...]) -> None:
        self.treatment = treatment
        self.requests = requests
        self.commands = tuple([request[0] for request in requests])

    def part(self, start: int, end: int) -> TreatedChunk:
        """
        The requests from one place to before another.
        """
        return TreatedChunk(self.treatment, self.requests[start:end])


class Part:
    """
    A part of a chunk of requests.

    @ivar end: where it ends in the chunk.
    @ivar count: how many requests pass, 0 if it is one request that is decided by itself.
    @ivar treated: the requests, if something happens to them.
    @ivar ends: where each of these ends in the chunk, if a number is to be drawn for each.
    """

    __slots__ = ("count", "end", "ends", "treated")

    def __init__(
        self,
        end: int,
        count: int = 0,
        treated: TreatedChunk | None = None,
        ends: Sequence[int] = (),
    ) -> None:
        self.end = end
        self.count = count
        self.treated = treated
        self.ends = ends

    def without(self, struck: Sequence[int]) -> list[Part]:
        """
        The parts of this one if some of its requests are decided by themselves.

        @param struck: the places of these, in order; the first request has the place 0.
        """
        treated, ends = self.treated, self.ends
        assert treated is not None
        parts, start = [], 0
        for place in (*struck, self.count):
            if place > start:
                parts.append(Part(ends[place - 1], place - start, treated.part(start, place)))
            if place < self.count:
                parts.append(Part(ends[place]))
            start = place + 1
        return parts

# -*- test-case-name: tests.rules.test_batches -*-
"""
Decisions about the requests of a chunk together, where the rules of a plan do the same to each
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Protocol

import attrs

from vaurien_twisted.model.decision import NOTHING, Decision
from vaurien_twisted.model.exchange import Exchange


@attrs.frozen(eq=False)
class BatchDecision:
    """
    The decision about each of several requests.  Equal batch decisions are the same object.

    @ivar decision: the steps, which are waits of the request and nothing else.
    @ivar rules: the rules that decided, in the form of the decider that made this object.
    @ivar chances: rules with a percentage, by draw.  The decision holds for a request only if
        none of them applies to it.
    @ivar most: the number of requests up to which it is likely that no such rule applies to any.
    """

    decision: Decision = NOTHING
    rules: tuple[object, ...] = ()
    chances: tuple[tuple[object, ...], ...] = ()
    most: float = inf


#: No rule applies.
UNAFFECTED = BatchDecision()


class BatchDecider(Protocol):
    """
    Decides about the exchanges of one connection before they take the fast path.  A call counts
    and records nothing, except exchanges that nearly matched a rule.
    """

    def __hash__(self) -> int:
        """
        Equal batch deciders return the same decisions.
        """

    def __call__(self, exchange: Exchange) -> BatchDecision | None:
        """
        The decision about an exchange, which does not depend on its number; C{None} if the
        exchange needs a decision of its own.
        """

    def always(self, command: str) -> BatchDecision | None:
        """
        The decision about all exchanges of a command; C{None} if rules match more than the
        command, or if each exchange needs a decision of its own.
        """

    def struck(self, batchDecision: BatchDecision, first: int, count: int) -> Sequence[int]:
        """
        The exchanges, of C{count}, to which a rule with a percentage applies.

        @param first: the number of the first exchange.
        @return: their indices, in order, from 0.
        """


#: The properties of a request that rules match: command, subject, head and context.
Request = tuple[str, str, bytes, object]


class DecidedChunk:
    """
    Requests that came in one chunk and have the same batch decision.

    @param commands: the command of each, C{None}: as C{requests} has them.
    @ivar requests: the command, subject and head of each, and its context if rules match that.
    """

    __slots__ = ("batchDecision", "commands", "requests")

    def __init__(
        self,
        batchDecision: BatchDecision,
        requests: Sequence[Request],
        commands: tuple[str, ...] | None = None,
    ) -> None:
        self.batchDecision = batchDecision
        self.requests = requests
        if commands is None:
            commands = tuple([request[0] for request in requests])
        self.commands = commands

    def part(self, start: int, end: int) -> DecidedChunk:
        """
        The requests with the indices from C{start} to before C{end}.
        """
        requests, commands = self.requests[start:end], self.commands[start:end]
        return DecidedChunk(self.batchDecision, requests, commands)


class Part:
    """
    A part of a chunk of requests.

    @ivar end: the offset in the chunk at which it ends, in bytes.
    @ivar count: the number of requests that pass; 0 for one request with a decision of its own.
    @ivar decided: the requests, if a rule applies to them.
    @ivar ends: the offset at which each of these ends, if a number must be drawn for each.
    """

    __slots__ = ("count", "decided", "end", "ends")

    def __init__(
        self,
        end: int,
        count: int = 0,
        decided: DecidedChunk | None = None,
        ends: Sequence[int] = (),
    ) -> None:
        self.end = end
        self.count = count
        self.decided = decided
        self.ends = ends

    def without(self, struck: Sequence[int]) -> list[Part]:
        """
        The parts of this part if some of its requests need decisions of their own.

        @param struck: the indices of these, in order, from 0.
        """
        decided, ends = self.decided, self.ends
        assert decided is not None
        parts, start = [], 0
        for place in (*struck, self.count):
            if place > start:
                parts.append(Part(ends[place - 1], place - start, decided.part(start, place)))
            if place < self.count:
                parts.append(Part(ends[place]))
            start = place + 1
        return parts

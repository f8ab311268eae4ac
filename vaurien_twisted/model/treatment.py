# -*- test-case-name: tests.rules.test_batches -*-
"""
Treatments: what the rules of a plan do to an exchange, where they do the same to each such
exchange.
"""

from __future__ import annotations

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

    def spares(self, treatment: Treatment, first: int, count: int) -> bool:
        """
        Whether nothing else happens to so many exchanges, of which the first has this number:
        none of the rules applies that a number is drawn for.
        """


#: What rules look at of a request.
Request = tuple[str, str, bytes, object]


@attrs.frozen(eq=False)
class TreatedChunk:
    """
    Requests that came in one chunk, and all have one treatment.

    @ivar requests: of each its command, its subject, its head, and its context if rules look at
        that.
    @ivar commands: the command of each.
    """

    treatment: Treatment
    requests: tuple[Request, ...]
    commands: tuple[str, ...] = attrs.field(
        default=attrs.Factory(
            lambda self: tuple(request[0] for request in self.requests), takes_self=True
        ),
        init=False,
    )

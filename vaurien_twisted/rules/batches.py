# -*- test-case-name: tests.rules.test_batches -*-
"""
Deciding about the requests of a chunk together, where the same happens to all.

A framer asks L{Treatments} about each request of a chunk, and may pass the chunk as a whole.
L{recordChunk} then counts and records what L{Decider<vaurien_twisted.rules.decider.Decider>}
would have for each of them.
"""

from __future__ import annotations

from typing import cast

import attrs

from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.treatment import UNTREATED, TreatedChunk, Treatment
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.rules.compiled import CompiledPlan, CompiledRule
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.words import cut


@attrs.frozen
class Treatments:
    """
    Says what a plan does to an exchange of one connection, as long as that is in force.  Asking
    has no effect.

    @ivar client: the address of the client, where rules look at it.
    """

    _compiled: CompiledPlan
    client: str
    _connection: Connection = attrs.field(eq=False, repr=False)

    @property
    def waits(self) -> bool:
        """
        Whether requests that pass may have to wait.
        """
        return any(rule.waits and not rule.decision.instant for rule in self._compiled.rules)

    def __call__(self, exchange: Exchange) -> Treatment | None:
        connection = self._connection
        met: tuple[CompiledRule, ...] = ()
        for draw in self._compiled.draws(exchange.command):
            for rule in draw:
                check = rule.check
                if check is None or check(connection, exchange):
                    if not rule.waits:
                        return None
                    met = (*met, rule)
                    break
                if rule.misses is not None:
                    rule.tally.miss(exchange)
        return self._compiled.treatment(met) if met else UNTREATED


def treatmentsOf(compiled: CompiledPlan, plan: Plan, connection: Connection) -> Treatments | None:
    """
    What says what happens to the exchanges of C{connection}, until the plan changes; C{None} if
    no rule looks at exchanges one by one or lets them wait, or if all have to be decided.

    @param plan: what C{compiled} was made of.
    """
    rules = compiled.rules
    if any(rule.check is None and rule.commands is None and not rule.waits for rule in rules):
        return None
    if not any(rule.check is not None or rule.waits for rule in rules):
        return None
    byClient = any("client" in rule.when for rule in plan.rules)
    return Treatments(compiled, connection.client if byClient else "", connection)


def recordChunk(
    journal: IJournal,
    counters: Counters,
    seed: int,
    place: tuple[str, int],
    first: int,
    chunk: TreatedChunk,
) -> None:
    """
    Count what rules do to the requests of a chunk, and record it.

    @param seed: of the decisions.
    @param place: the proxy's name, and the connection's number.
    @param first: the number of the first request.
    """
    proxy, connection = place
    requests = chunk.requests
    rules = cast("tuple[CompiledRule, ...]", chunk.treatment.rules)
    count = len(requests)
    met = []
    for rule in rules:
        tally = rule.tally
        met.append((rule.wordsFor(seed, proxy), rule.effect, tally.applied))
        tally.seen += count
        tally.applied += count
        tally.struck += count
        counters.fault(rule.behavior.name, times=count)
    journal.recordMany(
        "decision",
        proxy,
        connection,
        [
            (
                facts,
                (
                    number,
                    (connection, number),
                    cut(command),
                    cut(subject),
                    effect,
                    applied + number - first + 1,
                ),
            )
            for number, (command, subject, _) in enumerate(requests, first)
            for facts, effect, applied in met
        ],
    )

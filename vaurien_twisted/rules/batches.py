# -*- test-case-name: tests.rules.test_batches -*-
"""
Decisions about the requests of a chunk together, if all have the same decision.

A framer asks L{PlanBatchDecider} about each request of a chunk, and may pass the chunk as a whole.
L{recordChunk} then counts and records what L{Decider<vaurien_twisted.rules.decider.Decider>}
would have for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from vaurien_twisted.model.batch_decision import UNAFFECTED, BatchDecision, DecidedChunk
from vaurien_twisted.model.decision import drawnBetween, drawnHash
from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, Connection, Exchange
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.rules.compiled import (
    CompiledDraw,
    CompiledPlan,
    CompiledRule,
    RuleBatchDecision,
)
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.strikes import SHORT, Strikes
from vaurien_twisted.rules.texts import cut

#: The exchange number in a batch decision: any number except that of the greeting.
PASSED = 1

#: The most commands whose constant decision each connection caches.
ALWAYS_KEPT = 32


@attrs.frozen
class PlanBatchDecider:
    """
    The L{BatchDecider<vaurien_twisted.model.batch_decision.BatchDecider>} of one connection, for
    one plan.

    @ivar client: the address of the client, where rules look at it.
    """

    _compiled: CompiledPlan
    client: str
    _connection: Connection = attrs.field(eq=False, repr=False)
    _proxy: str
    _seed: int | None
    _always: dict[str, BatchDecision | None] = attrs.field(
        factory=dict, init=False, eq=False, repr=False
    )

    @property
    def waits(self) -> bool:
        """
        Whether requests that pass may have to wait.
        """
        return any(rule.waits and not rule.decision.instant for rule in self._compiled.rules)

    def __call__(self, exchange: Exchange) -> BatchDecision | None:
        connection = self._connection
        met: tuple[CompiledRule, ...] = ()
        chances: tuple[CompiledDraw, ...] = ()
        for draw in self._compiled.draws(exchange.command):
            tried: CompiledDraw = ()
            for rule in draw:
                check = rule.check
                if check is None or check(connection, exchange):
                    if rule.waits:
                        met = (*met, rule)
                        break
                    if not rule.chance or self._seed is None:
                        return None
                    tried = (*tried, rule)
                elif rule.misses is not None:
                    rule.tally.miss(exchange)
            if tried:
                chances = (*chances, tried)
        return self._compiled.batchDecision(met, chances) if met or chances else UNAFFECTED

    def always(self, command: str) -> BatchDecision | None:
        """
        See L{BatchDecider<vaurien_twisted.model.batch_decision.BatchDecider.always>}.
        """
        known = self._always
        if command not in known:
            if len(known) >= ALWAYS_KEPT:
                known.clear()
            known[command] = None if self._looks(command) else self(Exchange(PASSED, command))
        return known[command]

    def _looks(self, command: str) -> bool:
        """
        Whether rules look at more of an exchange than its command.
        """
        asked = Exchange(PASSED, command)
        for draw in self._compiled.draws(command):
            for rule in draw:
                check = rule.check
                if rule.looks:
                    return True
                # The exchanges are noted that nearly match a rule.
                if rule.misses is not None and check and not check(self._connection, asked):
                    return True
        return False

    def struck(self, batchDecision: BatchDecision, first: int, count: int) -> Sequence[int]:
        """
        See L{BatchDecider<vaurien_twisted.model.batch_decision.BatchDecider.struck>}.
        """
        seed, proxy, connection = self._seed, self._proxy, self._connection.number
        if seed is None:
            return range(count)
        assert isinstance(batchDecision, RuleBatchDecision)
        rules = [rule for tried in batchDecision.chances for rule in tried]
        if count == len(rules) == 1:
            # Most clients send one request and wait.
            low, high = rules[0].bounds
            drawn = drawnHash(seed, proxy, connection, first, rules[0].alternative.key)
            return range(1) if low <= drawn < high else ()
        found = [
            drawnBetween(seed, proxy, connection, first, count, rule.alternative.key, *rule.bounds)
            for rule in rules
        ]
        return found[0] if len(found) == 1 else sorted({each for some in found for each in some})


def batchDeciderOf(
    compiled: CompiledPlan, plan: Plan, connection: Connection, proxy: str, seed: int | None
) -> PlanBatchDecider | None:
    """
    The batch decider of C{connection}, until the plan changes; C{None} if no rule matches single
    exchanges, delays them or has a percentage, or if each exchange needs a decision of its own.

    @param plan: the plan that C{compiled} was made of.
    @param proxy: the name of the proxy that decides.
    @param seed: the seed of random numbers; C{None} if drawing a number has an effect.
    """
    rules = compiled.rules
    known = [rule.waits or (rule.chance and seed is not None) for rule in rules]
    for rule, each in zip(rules, known, strict=True):
        if rule.check is None and rule.commands is None and not each:
            return None
    if not any(known) and all(rule.check is None for rule in rules):
        return None
    byClient = any("client" in rule.when for rule in plan.rules)
    return PlanBatchDecider(
        compiled, connection.client if byClient else "", connection, proxy, seed
    )


def recordChunk(
    strikes: Strikes,
    seed: int,
    connection: int,
    first: int,
    chunk: DecidedChunk,
    progress: Progress | None = None,
) -> None:
    """
    Count what rules do to the requests of a chunk, and record it.

    @param seed: of the decisions.
    @param connection: the number of their connection.
    @param first: the number of the first request.
    @param progress: the times and sizes of the chunk, C{None} if they are not measured.
    """
    requests, batchDecision = chunk.requests, chunk.batchDecision
    assert isinstance(batchDecision, RuleBatchDecision)
    count = len(requests)
    for tried in batchDecision.chances:
        for rule in tried:
            rule.tally.seen += count
    met = []
    for rule in batchDecision.rules:
        tally = rule.tally
        met.append((rule.wordsFor(seed, strikes.proxy), rule.effect, tally.applied + 1 - first))
        tally.seen += count
        tally.applied += count
        tally.struck += count
        strikes.counters.fault(rule.behavior.name, times=count)
    if not met:
        return
    entries = []
    for number, (command, subject, _, _) in enumerate(requests, first):
        whole = strikes.whole(command, subject) if len(subject) > SHORT else None
        if whole is not None or len(command) > DESCRIPTION_LIMIT:
            command, subject = cut(command), cut(subject)
        drawn = connection, number
        for facts, effect, applied in met:
            entries.append(
                (facts, (number, drawn, command, subject, effect, applied + number, 0, None,
                         progress, "", whole))
            )  # fmt: skip
    strikes.journal.recordMany("decision", strikes.proxy, connection, entries)

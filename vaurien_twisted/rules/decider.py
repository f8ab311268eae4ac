# -*- test-case-name: tests.rules -*-
"""
Decisions: which of a plan's rules apply to an exchange, and what they do to it.
"""

from __future__ import annotations

from collections.abc import Callable, Container

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IDecider, IJournal, IWireProtocol
from vaurien_twisted.model.batch_decision import DecidedChunk
from vaurien_twisted.model.commands import Actions
from vaurien_twisted.model.decision import (
    CONNECTION,
    NOTHING,
    Decision,
    DecisionContext,
    SeededRandom,
    drawnHash,
)
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.rules.batches import PlanBatchDecider, batchDeciderOf, recordChunk
from vaurien_twisted.rules.compiled import (
    CompiledDraw,
    CompiledPlan,
    CompiledRule,
    Outcome,
)
from vaurien_twisted.rules.draws import Alternative
from vaurien_twisted.rules.epoch import Epoch
from vaurien_twisted.rules.pins import Pins
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.strikes import Strikes
from vaurien_twisted.rules.tally import Tally, noTraffic


@implementer(IDecider)
@attrs.define(eq=False)
class Decider:
    """
    Decides about the exchanges and connections of one proxy, and counts for its rules.

    @ivar seed: 0 to 2**63 - 1.
    @ivar counters: the counters of faults.
    @ivar faultHeader: decides, in place of the plan, about exchanges that have a fault header;
        C{None} if fault headers are not enabled.
    @ivar pins: the faults pinned to single exchanges, which replace the plan's rules for
        exchanges; C{None} if there are none.
    @ivar traffic: the numbers of exchanges and connections that the proxy has had.
    """

    proxy: str
    wire: IWireProtocol
    seed: int
    journal: IJournal
    plan: Plan = attrs.field(factory=Plan)
    counters: Counters = attrs.field(factory=Counters)
    faultHeader: Callable[[Connection, Exchange], Decision | None] | None = attrs.field(
        default=None, init=False
    )
    pins: Pins | None = attrs.field(default=None, init=False)
    traffic: Callable[[], tuple[int, int]] = attrs.field(default=noTraffic, init=False)
    _epoch: Epoch | None = attrs.field(default=None, init=False)
    _tallies: dict[tuple[int, int], Tally] = attrs.field(factory=dict, init=False)
    #: By connection number and rule: whether a rule of connection scope applies.
    _chosen: dict[int, dict[tuple[int, int], bool]] = attrs.field(factory=dict, init=False)
    _compiled: CompiledPlan = attrs.field(init=False)
    _strikes: Strikes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._strikes = Strikes(self.proxy, self.journal, self.counters)
        self.shorten(self.plan)

    def setPlan(self, plan: Plan) -> None:
        """
        Put C{plan} in force.  The counts of its rules start at zero.
        """
        self._tallies = {}
        self._chosen = {}
        self.shorten(plan)

    def shorten(self, plan: Plan) -> None:
        """
        Put C{plan} in force: the current plan in which some rules have expired.  The other
        rules keep their counts.
        """
        self.plan = plan
        self._compiled = CompiledPlan(plan, self.wire, self._tallies, self.traffic)

    def amend(self, plan: Plan) -> None:
        """
        Put C{plan} in force: the current plan in which some draws with a key of their own are
        new, changed or removed.  The others keep their counts.  Draws whose percentages have
        changed choose their connections again, from the same random numbers.
        """
        old, new = self.plan.shares, plan.shares
        self._tallies = {
            counted: own
            for counted, own in self._tallies.items()
            if counted[0] not in old or counted[0] in new
        }
        self._forgetDraws({key for key, share in old.items() if new.get(key) != share})
        self.shorten(plan)

    def _forgetDraws(self, keys: Container[int]) -> None:
        for chosen in self._chosen.values():
            for counted in [counted for counted in chosen if counted[0] in keys]:
                del chosen[counted]

    def forget(self, connection: Connection) -> None:
        """
        Discard what was decided for a connection that has closed.
        """
        self._chosen.pop(connection.number, None)
        if self._epoch is not None:
            self._epoch.forget(connection.number)

    def begin(self, seed: int) -> None:
        """
        Begin an epoch with its own seed: decisions from now on do not depend on earlier
        connections and exchanges.

        @param seed: 0 to 2**63 - 1.
        """
        self.seed = seed
        self._epoch = Epoch()

    def numbered(self, connection: Connection) -> Connection:
        """
        The connection with the number from which the random numbers for the whole connection
        are computed.
        """
        if self._epoch is None:
            return connection
        return attrs.evolve(connection, number=self._epoch.connection(connection.number))

    def _numbers(self, connection: int, exchange: int, draw: int) -> tuple[int, int]:
        """
        The connection and exchange numbers from which random numbers are computed.
        """
        if self._epoch is None:
            return connection, exchange
        return self._epoch.exchange(connection, exchange, draw)

    def drawn(self, alternative: Alternative, connection: int, exchange: int) -> float | None:
        """
        The number that was drawn, 0 to 100; C{None} if it is no longer known.
        """
        if self._epoch is not None:
            known = self._epoch.known(connection, alternative.number(exchange), alternative.key)
            if known is None:
                return None
            connection, exchange = known
        return alternative.drawn(self.seed, self.proxy, connection, exchange)

    def decide(self, connection: Connection, exchange: Exchange) -> Decision:
        if self.pins is not None:
            return self._pinned(self.pins, connection, exchange)
        if self.faultHeader is not None:
            asked = self.faultHeader(connection, exchange)
            if asked is not None:
                self._strikes.asked(asked, exchange)
                return asked
        draws = self._compiled.draws(exchange.command)
        return self._decide(draws, connection, exchange) if draws else NOTHING

    @property
    def alone(self) -> bool:
        """
        Whether each exchange needs a decision of its own, whatever the plan is.
        """
        return self.faultHeader is not None or self.pins is not None

    @property
    def transparent(self) -> bool:
        """
        Whether nothing can happen to exchanges.
        """
        return self.plan.transparent and not self.alone

    def batchDecider(self, connection: Connection) -> PlanBatchDecider | None:
        """
        See L{batchDeciderOf}; also C{None} if fault headers are enabled.
        """
        # In an epoch every draw needs the numbers of the epoch.
        seed = self.seed if self._epoch is None else None
        found = batchDeciderOf(self._compiled, self.plan, connection, self.proxy, seed)
        return None if self.alone else found

    def decideChunk(
        self,
        connection: Connection,
        first: int,
        chunk: DecidedChunk,
        progress: Progress | None = None,
    ) -> Decision:
        """
        Decide about a chunk of requests for which L{batchDecider} has one batch decision.

        @param first: the number of the first request.
        @param progress: the times and sizes of the chunk.
        """
        recordChunk(self._strikes, self.seed, connection.number, first, chunk, progress)
        return chunk.batchDecision.decision

    def decideConnection(self, connection: Connection, exchange: Exchange) -> Decision:
        if self.pins is not None:
            return self._pinned(self.pins, connection, exchange)
        draws = self._compiled.bare
        return self._decide(draws, connection, exchange) if draws else NOTHING

    def tally(self, counted: tuple[int, int]) -> Tally:
        """
        The counts of a rule.

        @param counted: see L{vaurien_twisted.rules.draws.Alternative}.
        """
        return self._tallies.get(counted) or Tally()

    def _decide(
        self, draws: tuple[CompiledDraw, ...], connection: Connection, exchange: Exchange
    ) -> Decision:
        decision = NOTHING
        for draw in draws:
            chosen = self._choose(draw, connection, exchange)
            if chosen is None:
                continue
            outcome = chosen.outcome(
                self._ask(chosen, connection, exchange) if chosen.fixed is None else chosen.fixed
            )
            own = outcome.decision
            if own is NOTHING and not outcome.actions.missed:
                continue
            self._applied(chosen, connection, exchange, outcome)
            decision = own if decision is NOTHING else decision.plus(own)
            if outcome.ends:
                break
        return decision

    def _pinned(self, pins: Pins, connection: Connection, exchange: Exchange) -> Decision:
        """
        The decision from the faults that are pinned to an exchange.
        """
        decision = NOTHING
        for pin in pins.of(connection, exchange):
            actions = pin.decide(connection, exchange, self.wire, self.proxy)
            outcome = pin.compiled.outcome(actions)
            own = outcome.decision
            if own is not NOTHING or actions.missed:
                self._strikes.applied(
                    pin.compiled, pin.seed, connection.number, exchange, outcome, pin.drawn,
                    pin.drawn,
                )  # fmt: skip
                decision = own if decision is NOTHING else decision.plus(own)
        return decision

    def _ask(self, chosen: CompiledRule, connection: Connection, exchange: Exchange) -> Actions:
        """
        The actions of a chosen rule's behavior for this exchange.
        """
        alternative, tally = chosen.alternative, chosen.tally
        numbers = self._numbers(connection.number, exchange.number, alternative.key)
        chance = SeededRandom(self.seed, self.proxy, *numbers, alternative.key)
        context = DecisionContext(connection, exchange, self.wire, tally.decided, chance)
        tally.decided += 1
        return chosen.behavior.decide(alternative.rule.options, context)

    def _applied(
        self, chosen: CompiledRule, connection: Connection, exchange: Exchange, outcome: Outcome
    ) -> None:
        """
        Count the actions of a rule, and record them in the journal.
        """
        tally = chosen.tally
        if not (chosen.whole or outcome.actions.missed):
            # Only exchanges that were affected count towards the rule's "times".
            tally.applied += 1
            if tally.applied == chosen.times:
                self._compiled.drop(chosen)
        drawn = numbers = connection.number, exchange.number
        if self._epoch is not None:
            key = chosen.alternative.key
            if not chosen.certain:
                number = CONNECTION if chosen.whole else exchange.number
                drawn = self._numbers(connection.number, number, key)
            if chosen.fixed is None:
                numbers = self._numbers(connection.number, exchange.number, key)
        self._strikes.applied(
            chosen, self.seed, connection.number, exchange, outcome, drawn, numbers
        )

    def _choose(
        self, draw: CompiledDraw, connection: Connection, exchange: Exchange
    ) -> CompiledRule | None:
        """
        The alternative of a draw that applies to the exchange, C{None} if none does.
        """
        drawn = b""
        for each in draw:
            check = each.check
            if check is not None and not check(connection, exchange):
                if each.misses is not None:
                    each.tally.miss(exchange)
                continue
            if each.whole:
                if self._chooseConnection(each, connection.number):
                    return each
                continue
            tally = each.tally
            tally.seen += 1
            if each.bounded and each.window(tally.seen, tally.applied):
                continue
            if each.certain:
                return each
            if not drawn:
                key = each.alternative.key
                numbers = self._numbers(connection.number, exchange.number, key)
                drawn = drawnHash(self.seed, self.proxy, *numbers, key)
            if each.bounds[0] <= drawn < each.bounds[1]:
                return each
        return None

    def _chooseConnection(self, each: CompiledRule, number: int) -> bool:
        """
        Whether a rule of connection scope applies to a connection; decided once for each.
        """
        known = self._chosen.setdefault(number, {})
        counted = each.alternative.counted
        chosen = known.get(counted)
        if chosen is None:
            tally = each.tally
            tally.seen += 1
            chosen = not each.window(tally.seen, tally.applied)
            if chosen and not each.certain:
                numbers = self._numbers(number, CONNECTION, each.alternative.key)
                chosen = each.covers(each.drawn(self.seed, self.proxy, numbers[0], CONNECTION))
            known[counted] = chosen
            tally.applied += chosen
        return chosen

# -*- test-case-name: tests.rules -*-
"""
Counting and recording what rules did to exchanges.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.model.commands import Actions
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.rules.compiled import CompiledRule, cuts
from vaurien_twisted.rules.words import cut, effect, uncut

#: What makes the entry of the journal, and its arguments.
Facts = tuple[
    Callable[..., dict[str, object]], int, tuple[int, int], str, str, str, int, int, tuple[int, int]
]


@attrs.frozen(eq=False)
class Strikes:
    """
    Counts and records for one proxy.

    @ivar counters: the counters of faults.
    """

    proxy: str
    journal: IJournal
    counters: Counters

    def applied(
        self,
        chosen: CompiledRule,
        seed: int,
        connection: int,
        exchange: Exchange,
        actions: Actions,
        drawn: tuple[int, int],
        numbers: tuple[int, int],
    ) -> None:
        """
        Count what a rule did, and record it.

        @param seed: of the decision.
        @param connection: the number of the exchange's connection.
        @param drawn: the numbers of connection and exchange that it was drawn with.
        @param numbers: those that the behavior's own random numbers were computed from.
        """
        tally = chosen.tally
        facts = (
            chosen.wordsFor(seed, self.proxy),
            exchange.number,
            drawn,
            cut(exchange.command),
            cut(exchange.subject),
            chosen.effect or effect(actions),
            tally.applied,
            tally.treated,
            numbers,
        )
        if chosen.cuts or (chosen.fixed is None and cuts(actions)):
            # Whether the reply is long enough, its end shows.
            exchange.outcome = partial(self._outcome, chosen, actions, connection, facts)
        else:
            tally.struck += 1
            self.counters.fault(chosen.behavior.name, actions.code, exchange.command)
            self.journal.recordLater("decision", self.proxy, connection, *facts)

    def _outcome(
        self,
        chosen: CompiledRule,
        actions: Actions,
        connection: int,
        facts: Facts,
        missing: int | str,
    ) -> None:
        """
        A message that was to be cut or edited has come to its end, or to where that happens.

        @param missing: how much it lacked, or why it was not edited; 0 or C{""} if it was.
        """
        tally = chosen.tally
        if not missing:
            tally.struck += 1
            self.counters.fault(chosen.behavior.name, actions.code)
            self.journal.recordLater("decision", self.proxy, connection, *facts)
            return
        tally.unmet = missing if isinstance(missing, str) else uncut(actions, missing)
        self.journal.recordLater(
            "missed", self.proxy, connection, *facts[:5], tally.unmet, *facts[6:]
        )

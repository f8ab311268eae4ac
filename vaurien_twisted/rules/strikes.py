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
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, Exchange, requestWords
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.record.whole_texts import WholeText, WholeTexts
from vaurien_twisted.rules.compiled import CompiledRule, Outcome
from vaurien_twisted.rules.texts import cut, effect, short, uncut

#: What makes the entry of the journal, and its arguments.
Facts = tuple[
    Callable[..., dict[str, object]],
    int,
    tuple[int, int],
    str,
    str,
    str,
    int,
    int,
    tuple[int, int],
    Progress,
    str,
    WholeText | None,
]


#: The length of a subject, in characters, up to which a description is never shortened.
SHORT = 64


@attrs.frozen(eq=False)
class Strikes:
    """
    Counts and records for one proxy.

    @ivar counters: the counters of faults.
    @ivar texts: keeps requests whole that are long.
    """

    proxy: str
    journal: IJournal
    counters: Counters
    texts: WholeTexts = attrs.field(factory=WholeTexts)

    def applied(
        self,
        chosen: CompiledRule,
        seed: int,
        connection: int,
        exchange: Exchange,
        outcome: Outcome,
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
        tally, subject, actions = chosen.tally, exchange.subject, outcome.actions
        progress = exchange.progress
        if progress is None:
            progress = exchange.progress = Progress()
        facts = (
            chosen.wordsFor(seed, self.proxy),
            exchange.number,
            drawn,
            cut(exchange.command),
            cut(subject),
            chosen.effect or effect(actions),
            tally.applied,
            tally.decided,
            numbers,
            progress,
            short(actions.message) if actions.message else "",
            self.whole(exchange.command, subject) if len(subject) > SHORT else None,
        )
        if actions.missed:
            self._outcome(chosen, actions, connection, facts, actions.missed)
        elif outcome.cuts:
            # Whether the reply is long enough, its end shows.
            exchange.outcome = partial(self._outcome, chosen, actions, connection, facts)
        else:
            tally.struck += 1
            self.counters.fault(chosen.behavior.name, actions.code, exchange.command)
            self.journal.recordLater("decision", self.proxy, connection, *facts)

    def whole(self, command: str, subject: str) -> WholeText | None:
        """
        The full text of an exchange, if it is longer than its description.
        """
        words = requestWords(command, subject)
        return self.texts.keep(words) if len(words) > DESCRIPTION_LIMIT else None

    def asked(self, decision: Decision, exchange: Exchange) -> None:
        """
        Count what a fault header has asked for, as soon as it is known that it took effect.
        """
        for step in (decision.request or decision.reply)[:1]:
            if step.rule is None:
                continue
            code = str(getattr(step.rule.options, "code", ""))
            count = partial(self.counters.fault, step.rule.behavior.name, code, exchange.command)
            if exchange.outcome is None:
                count()
            else:
                exchange.outcome = partial(_counted, exchange.outcome, count)

    def _outcome(
        self,
        chosen: CompiledRule,
        actions: Actions,
        connection: int,
        facts: Facts,
        missing: int | str,
    ) -> None:
        """
        A message that was to be cut or edited has come to its end, or to where that happens; or
        the behavior has let the exchange pass, and says why.

        @param missing: how much it lacked, or why nothing was done; 0 or C{""} if something was.
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


def _counted(
    outcome: Callable[[int | str], None], count: Callable[[], None], missing: int | str
) -> None:
    """
    Count a fault that took effect, and record the outcome.

    @param missing: 0 or C{""} if it did.
    """
    if not missing:
        count()
    outcome(missing)

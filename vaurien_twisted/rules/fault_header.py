# -*- test-case-name: tests.rules.test_fault_header -*-
"""
The fault header, with which a client requests a fault for a single request.

Its value has the form C{delay; sleep=1}: a behavior, and its options after semicolons.  An
option value that contains semicolons is written in double quotes, as parameters are in HTTP
(RFC 9110, section 5.6.6).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from vaurien_twisted.interfaces import IBehavior, IFaultHeader, IJournal, IWireProtocol
from vaurien_twisted.model.decision import (
    NOTHING,
    Decision,
    DecisionContext,
    Rule,
    SeededRandom,
)
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.compiled import Outcome
from vaurien_twisted.rules.texts import effect, short, timing, uncut

#: The key of draws for fault headers; no draw of a plan has it.
KEY = 2**32 - 1

#: One option, with the semicolon before it.
OPTION = re.compile(r';\s*([\w-]+)\s*=((?>\s*)"(?>(?:[^"\\]|\\.)*)"|(?>[^;"]*))\s*(?=;|$)')
ESCAPED = re.compile(r"\\(.)")


def readFaultHeader(text: str) -> tuple[str, dict[str, str]]:
    """
    The behavior that a fault header names, and the options by name.

    @raise Refused: the value does not have the form C{BEHAVIOR; OPTION=VALUE}.
    """
    name, semicolon, rest = text.partition(";")
    options: dict[str, str] = {}
    place, rest = 0, (semicolon + rest).rstrip("; \t")
    while place < len(rest):
        match = OPTION.match(rest, place)
        if match is None:
            raise Refused(
                f"{rest[place:].strip()[:80]!r} is not of the form '; OPTION=VALUE'", "fault header"
            )
        value = match[2].strip()
        options[match[1]] = ESCAPED.sub(r"\1", value[1:-1]) if value[:1] == '"' else value
        place = match.end()
    return name.strip(), options


@attrs.define(eq=False)
class FaultHeader:
    """
    Decides about the exchanges of one proxy that have a fault header.

    @ivar options: the options of the wire protocol.
    @ivar seed: the seed of the proxy, 0 to 2**63 - 1.
    """

    proxy: str
    wire: IWireProtocol
    options: object
    read: Callable[[object, Exchange], str]
    ruleBuilder: RuleBuilder
    journal: IJournal
    seed: int

    def __call__(self, connection: Connection, exchange: Exchange) -> Decision | None:
        """
        The decision that the exchange's fault header requests, C{None} if it has none.  If the
        header is not valid, the journal records the reason and the exchange is not affected.
        """
        text = self.read(self.options, exchange)
        if not text:
            return None
        facts: dict[str, object] = {
            "exchange": exchange.number,
            "description": exchange.description,
        }
        try:
            rule = self._rule(text)
        except Refused as refused:
            self.journal.record(
                "refused", self.proxy, connection.number, **facts, reason=refused.whole
            )
            return NOTHING
        if rule.matches is not None and not rule.matches(connection, exchange):
            return NOTHING
        chance = SeededRandom(self.seed, self.proxy, connection.number, exchange.number, KEY)
        context = DecisionContext(connection, exchange, self.wire, 0, chance)
        actions = IBehavior(rule.behavior).decide(rule.options, context)
        found = Outcome(actions, rule)
        decision = found.decision
        if decision is NOTHING and not actions.missed:
            return decision
        progress = exchange.progress = Progress()
        facts |= {
            "rule": short(rule.describe()),
            "effect": effect(actions),
            "reason": "the client asked for it",
        }

        def outcome(missing: int | str) -> None:
            kind, entryFacts = "decision", facts
            if missing:
                unmet = missing if isinstance(missing, str) else uncut(actions, missing)
                kind, entryFacts = "missed", {**facts, "effect": unmet}
            self.journal.recordLater(
                kind, self.proxy, connection.number, _timed, entryFacts, progress
            )

        if found.cuts:
            # Whether the reply is long enough, its end shows.
            exchange.outcome = outcome
        else:
            outcome(actions.missed)
        return decision

    def _rule(self, text: str) -> Rule:
        rule = self.ruleBuilder.rule(*readFaultHeader(text))
        if rule.streams:
            name = rule.behavior.name
            raise Refused(
                f"{name!r} is for whole connections: a header names faults of one request",
                "fault header",
            )
        return attrs.evolve(rule, unplanned=True)


def _timed(facts: dict[str, object], progress: Progress) -> dict[str, object]:
    return {**facts, **timing(progress)}


def faultHeaderFor(
    proxy: str,
    wire: IWireProtocol,
    options: object,
    ruleBuilder: RuleBuilder,
    journal: IJournal,
    seed: int,
) -> FaultHeader | None:
    """
    The decider about fault headers, C{None} if the protocol has none or its options do not
    enable them.
    """
    if not IFaultHeader.providedBy(wire) or not wire.enabled(options):
        return None
    return FaultHeader(proxy, wire, options, wire.read, ruleBuilder, journal, seed)

# -*- test-case-name: tests.rules.test_fault_header -*-
"""
The fault header: a client asks for a fault of a single request, in that request.

Its value is C{delay; sleep=1}: a behavior, and its options after semicolons.  A value
with semicolons of its own stands in double quotes, as HTTP writes parameters (RFC 9110,
section 5.6.6).
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
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.compiled import decisionOf
from vaurien_twisted.rules.words import effect, short

#: In place of a draw's number: no plan has so many.
KEY = 2**32 - 1

#: One option and what separates it from the next.
OPTION = re.compile(r';\s*([\w-]+)\s*=((?>\s*)"(?>(?:[^"\\]|\\.)*)"|(?>[^;"]*))\s*(?=;|$)')
ESCAPED = re.compile(r"\\(.)")


def readFaultHeader(text: str) -> tuple[str, dict[str, str]]:
    """
    The behavior that a fault header names, and the options by name.

    @raise Refused: the value has another form.
    """
    name, semicolon, rest = text.partition(";")
    options: dict[str, str] = {}
    place, rest = 0, (semicolon + rest).rstrip("; \t")
    while place < len(rest):
        match = OPTION.match(rest, place)
        if match is None:
            raise Refused(f"{rest[place:].strip()[:80]!r} is not '; OPTION=VALUE'", "fault header")
        value = match[2].strip()
        options[match[1]] = ESCAPED.sub(r"\1", value[1:-1]) if value[:1] == '"' else value
        place = match.end()
    return name.strip(), options


@attrs.define(eq=False)
class FaultHeader:
    """
    Decides for one proxy about the exchanges that have a fault header.

    @ivar options: the wire protocol's.
    @ivar seed: the proxy's, 0 to 2**63 - 1.
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
        What the exchange asks for, C{None} if it does not.  One that is not
        acceptable is recorded in the journal with the reason, and nothing happens to its exchange.
        """
        text = self.read(self.options, exchange)
        if not text:
            return None
        facts = {"exchange": exchange.number, "description": exchange.description}
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
        decision = decisionOf(actions, rule)
        if decision is not NOTHING:
            self.journal.record(
                "decision",
                self.proxy,
                connection.number,
                **facts,
                rule=short(rule.describe()),
                effect=effect(actions),
                reason="the client asked for it",
            )
        return decision

    def _rule(self, text: str) -> Rule:
        rule = self.ruleBuilder.rule(*readFaultHeader(text))
        if rule.streams:
            name = rule.behavior.name
            raise Refused(f"{name!r} is for whole connections, not for exchanges", "fault header")
        return rule


def faultHeaderFor(
    proxy: str,
    wire: IWireProtocol,
    options: object,
    ruleBuilder: RuleBuilder,
    journal: IJournal,
    seed: int,
) -> FaultHeader | None:
    """
    What decides about fault headers, C{None} where the protocol has none or its options do
    not allow them.
    """
    if not IFaultHeader.providedBy(wire) or not wire.enabled(options):
        return None
    return FaultHeader(proxy, wire, options, wire.read, ruleBuilder, journal, seed)

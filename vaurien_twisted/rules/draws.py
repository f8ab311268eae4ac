# -*- test-case-name: tests.rules -*-
"""
The draw: which rules of a plan apply, and why.

Deciding, choosing stream rules and explaining all use this module, so that an explanation
cannot differ from what was done.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import attrs

from vaurien_twisted.model.decision import CONNECTION, Rule, drawnPercent
from vaurien_twisted.rules.plan import Draw, Plan


@attrs.frozen(eq=False)
class Alternative:
    """
    A rule with its share of a draw.

    @ivar key: the draw's part in the random number, 0 to 2**32 - 1.
    @ivar counted: identifies the rule in counts: its draw's key or position in the plan, and
        its position in the draw.
    @ivar low: the rule applies where the number drawn is at least this, 0 to 100.
    @ivar high: and below this.
    """

    rule: Rule
    key: int
    counted: tuple[int, int]
    low: float
    high: float

    def number(self, exchange: int) -> int:
        """
        What is drawn for: the exchange, or all of its connection.
        """
        return CONNECTION if self.rule.scope == "connection" else exchange

    def drawn(self, seed: int, proxy: str, connection: int, exchange: int) -> float:
        """
        The number that is drawn, from 0 up to, not including, 100.
        """
        if self.rule.scope == "connection":
            exchange = CONNECTION
        return drawnPercent(seed, proxy, connection, exchange, self.key)

    def covers(self, drawn: float) -> bool:
        """
        Whether the rule's share has the number that was drawn.
        """
        return self.low <= drawn < self.high

    def window(self, seen: int, applied: int) -> int:
        """
        Whether the rule's window is open: 0 if it is, below 0 before it begins (C{after}),
        above 0 once it is over (C{times}).

        @param seen: how many exchanges it has matched, with this one; connections where its
            scope is the connection.
        @param applied: to how many of them it has applied before.
        """
        rule = self.rule
        if seen <= rule.after:
            return -1
        return int(rule.times is not None and applied >= rule.times)


def alternatives(plan: Plan) -> Iterator[tuple[Alternative, ...]]:
    """
    The rules of each draw with their shares, in order, expired ones too.
    """
    for index, draw in enumerate(plan.draws):
        yield tuple(_shares(index, draw))


def _shares(index: int, draw: Draw) -> Iterator[Alternative]:
    own = index if draw.key is None else draw.key
    high = 0.0
    for position, rule in enumerate(draw.alternatives):
        low, high = high, high + rule.percent
        key = own
        if rule.streams:
            # A stream rule is not drawn again when it or the plan is changed: its number
            # follows from its name, or from its position if it has none.
            key = zlib.crc32(rule.name.encode()) if rule.name else index
        yield Alternative(rule, key, (own, position), low, high)


def conditions(rule: Rule) -> list[str]:
    """
    What the rule asks of an exchange, for the journal.
    """
    return [f"when {name} {pattern!r}" for name, pattern in rule.when.items()]


def drawWords(alternative: Alternative, drawn: float) -> str:
    """
    What was drawn and what for, for the journal.
    """
    rule = alternative.rule
    words = f"drew {drawn:.2f} for {rule.percent:g} percent"
    if rule.scope == "connection":
        words += " of connections"
    return words + (f" from {alternative.low:g} on" if alternative.low else "")

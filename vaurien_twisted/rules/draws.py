# -*- test-case-name: tests.rules -*-
"""
Draws: which rules of a plan apply, and why.

The decider, the stream rules and the explanations all use this module, so an explanation cannot
differ from what was done.
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
    A rule, and its share of a draw.

    @ivar key: the key of the draw in random numbers, 0 to 2**32 - 1.
    @ivar counted: identifies the rule in counts: the key of its draw or its position in the plan,
        and the rule's position in the draw.
    @ivar low: the rule applies if the random number is at least this, 0 to 100.
    @ivar high: the rule applies if the random number is less than this, 0 to 100.
    """

    rule: Rule
    key: int
    counted: tuple[int, int]
    low: float
    high: float

    def number(self, exchange: int) -> int:
        """
        The number to draw with: C{exchange}, or L{CONNECTION} if the rule is chosen once for each
        connection.
        """
        return CONNECTION if self.rule.scope == "connection" else exchange

    def drawn(self, seed: int, proxy: str, connection: int, exchange: int) -> float:
        """
        The random number, at least 0 and less than 100.
        """
        if self.rule.scope == "connection":
            exchange = CONNECTION
        return drawnPercent(seed, proxy, connection, exchange, self.key)

    def covers(self, drawn: float) -> bool:
        """
        Whether the random number C{drawn} is within the rule's share.
        """
        return self.low <= drawn < self.high

    def window(self, seen: int, applied: int) -> int:
        """
        Whether the rule's window is open: 0 if it is, negative before it begins (C{after}),
        positive after its end (C{times}).

        @param seen: how many exchanges have matched, including this one; for a rule whose scope is
            the connection, how many connections.
        @param applied: how many of them it has applied to before.
        """
        rule = self.rule
        if seen <= rule.after:
            return -1
        return int(rule.times is not None and applied >= rule.times)


def alternatives(plan: Plan) -> Iterator[tuple[Alternative, ...]]:
    """
    The rules of each draw with their shares, in order, including expired rules.
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
            # A stream rule keeps its draw when it or the plan changes: its key is computed from its
            # name, or from its position if it has none.
            key = zlib.crc32(rule.name.encode()) if rule.name else index
        yield Alternative(rule, key, (own, position), low, high)


def conditions(rule: Rule) -> list[str]:
    """
    The conditions of a rule as text for the journal.
    """
    return [f"when {name} {pattern!r}" for name, pattern in rule.when.items()]


def drawWords(alternative: Alternative, drawn: float) -> str:
    """
    The random number and the rule's share as text for the journal.
    """
    rule = alternative.rule
    words = f"drew {drawn:.2f} for {rule.percent:g} percent"
    if rule.scope == "connection":
        words += " of connections"
    return words + (f" from {alternative.low:g} on" if alternative.low else "")

# -*- test-case-name: tests.rules.test_counts -*-
"""
The counts of one rule.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.exchange import Exchange

#: The most exchanges that are kept of those that a rule did not match; the first ones are kept.
MISSES = 32

#: The most of each that is kept: characters of its subject, and bytes of its head.
KEPT = 1024


@attrs.define(eq=False)
class Tally:
    """
    The counts of a rule since it was put in force.

    @ivar seen: how many exchanges matched; for a rule whose scope is the connection, how many
        connections.
    @ivar applied: how many of them the rule applied to; its C{times} limits them.
    @ivar decided: how many exchanges its behavior decided about.
    @ivar struck: how often the rule took effect.
    @ivar exchanges: how many exchanges the proxy had before.
    @ivar connections: how many connections of the proxy had ended before.
    @ivar misses: the command, subject and head of the first exchanges that did not match; C{None}:
        none are kept.
    @ivar unmet: why the rule did not take effect when it last could have.
    """

    seen: int = 0
    applied: int = 0
    decided: int = 0
    struck: int = 0
    exchanges: int = 0
    connections: int = 0
    misses: list[tuple[str, str, bytes]] | None = None
    unmet: str = ""

    def miss(self, exchange: Exchange) -> None:
        """
        Keep an exchange that the rule did not match, if fewer than L{MISSES} are kept.
        """
        misses = self.misses
        if misses is not None and len(misses) < MISSES:
            misses.append((exchange.command, exchange.subject[:KEPT], exchange.head[:KEPT]))


def noTraffic() -> tuple[int, int]:
    """
    The numbers of exchanges and connections of a decider without a proxy: 0.
    """
    return 0, 0

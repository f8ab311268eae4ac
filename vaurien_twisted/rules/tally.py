# -*- test-case-name: tests.rules.test_counts -*-
"""
What a rule has met.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.exchange import Exchange

#: How many exchanges a rule remembers that it did not match, the first ones.
MISSES = 32

#: How much is kept of each for rules to look at, in characters and bytes.
KEPT = 1024


@attrs.define(eq=False)
class Tally:
    """
    What a rule has met since it was put in force.

    @ivar seen: matching exchanges, or connections where its scope is the connection.
    @ivar applied: those of them that the rule applied to; connections when chosen.  They use
        up its C{times}.
    @ivar treated: the exchanges that its behavior was asked about.
    @ivar struck: how often the rule took effect.
    @ivar exchanges: how many exchanges the proxy had had before.
    @ivar connections: how many connections it had had before and that were over.
    @ivar misses: the first exchanges that it did not match; C{None} if none are kept.
    @ivar unmet: why the rule did not take effect where it last might have.
    """

    seen: int = 0
    applied: int = 0
    treated: int = 0
    struck: int = 0
    exchanges: int = 0
    connections: int = 0
    misses: list[tuple[str, str, bytes]] | None = None
    unmet: str = ""

    def miss(self, exchange: Exchange) -> None:
        """
        Remember an exchange that the rule did not match.
        """
        misses = self.misses
        if misses is not None and len(misses) < MISSES:
            misses.append((exchange.command, exchange.subject[:KEPT], exchange.head[:KEPT]))


def noTraffic() -> tuple[int, int]:
    """
    The exchanges and connections of a proxy that is not there.
    """
    return 0, 0

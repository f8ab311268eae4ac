# -*- test-case-name: tests.test_streams -*-
"""
Which stream behaviors a connection's bytes pass through.

A stream rule is drawn once for each connection and not again when it is changed: the
draw of a named rule depends on its name, not on its place in the plan.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from typing import Any

import attrs

from vaurien_twisted.exchange import Connection, Exchange
from vaurien_twisted.plan import CONNECTION, Chance, Plan, Rule

#: Stream rules see a connection before anything was said.
NOTHING_SAID = Exchange(0, "connect")


@attrs.frozen
class StreamContext:
    """
    What a stage may know.

    @ivar random: the randomness of this rule on this connection, in this direction.
    @ivar shared: belongs to the rule and is the same for all connections of a proxy.
    @ivar now: when the connection began, or the rule was set.
    """

    random: random.Random
    shared: dict[str, Any]
    now: float


@attrs.frozen
class Chosen:
    """
    A rule that applies to a connection.

    @ivar key: the rule's name, or its place if it has none.
    """

    key: str
    rule: Rule
    chance: Chance


def chosenStreams(plan: Plan, seed: int, proxy: str, connection: Connection) -> Iterator[Chosen]:
    """
    The stream rules that apply to C{connection}, in order.
    """
    for index, draw in enumerate(plan.draws):
        above = 0.0
        for position, rule in enumerate(draw.alternatives):
            below, above = above, above + rule.percent
            if not rule.streams or rule.expired:
                continue
            if rule.matches is not None and not rule.matches(connection, NOTHING_SAID):
                continue
            key = rule.name or f"{index}.{position} {rule.describe()}"
            place = zlib.crc32(rule.name.encode()) if rule.name else index
            chance = Chance(seed, proxy, connection.number, CONNECTION, place)
            known = connection.streams.get(key)
            if known is None:
                known = rule.percent >= 100 or below <= chance.percent() < above
                connection.streams[key] = known
            if known:
                yield Chosen(key, rule, chance)

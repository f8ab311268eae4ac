"""
Tests for L{vaurien_twisted.relays.turn_path}: of two links, one of which decides about each turn in
the slow way, nobody can tell which one it is.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.tcp import TCPOptions

#: Matches every turn and never applies, so that all have to be decided.
ASKED: dict[str, Any] = {"behavior": "error", "after": 10**6}

ZERO: dict[str, Any] = {"behavior": "delay", "options": {"sleep": 0}}

FAULTS: list[dict[str, Any]] = [
    ZERO,
    ZERO,
    {"behavior": "delay", "options": {"sleep": 0.25}},
    {"behavior": "delay", "options": {"sleep": 0, "before": False}},
    {"behavior": "delay", "options": {"sleep": 0.25, "before": False}},
    {"behavior": "delay", "options": {"sleep": 0}, "percent": 50},
    {"behavior": "delay", "options": {"sleep": 0}, "times": 3},
    {"behavior": "delay", "options": {"sleep": 0}, "when": {"client": "203.0.113.9"}},
    {"behavior": "error", "percent": 30},
    {"behavior": "hang"},
    {"behavior": "latency", "options": {"latency": 250}},
]


class TurnPathTests(SynchronousTestCase):
    """
    The fast way and the slow way.
    """

    def setRules(self, pair: Pair, rules: list[dict[str, Any]]) -> None:
        """
        Put rules in force.
        """
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("tcp"))
        pair.factory.setPlan(planFromRules(builder, rules))

    def told(self, pair: Pair) -> Any:
        """
        All that users can learn of a link.
        """
        link, factory = pair.relay.link, pair.factory
        snapshot = None if link is None else link.snapshot
        counters = factory.counters
        return (
            pair.backend.heard(),
            pair.client.heard(),
            None if snapshot is None else (link.exchanges, snapshot.last, snapshot.faults),
            factory.journal.since(),
            counters.faults,
            (counters.duration.fine, counters.added.count, round(counters.added.total, 6)),
            [
                (tally.seen, tally.applied, tally.struck)
                for tally in (factory.decider.tally((place, 0)) for place in range(self.rules))
            ],
        )

    @settings(deadline=None, max_examples=150)
    @given(st.integers(0, 2**32 - 1))
    def test_pitfall42_tcp(self, seed: int) -> None:
        """
        Turns in any parts, while rules change and time passes.
        """
        dice = random.Random(seed)
        options = TCPOptions(turns=dice.random() < 0.5)
        pairs = [Pair("tcp", protocolOptions=options) for _ in range(2)]
        rules = [ZERO]
        for step in range(dice.randrange(2, 40)):
            act = dice.random()
            if act < 0.15 or not step:
                rules = [dice.choice(FAULTS) for _ in range(dice.randrange(1, 3))]
                self.rules = len(rules)
                self.setRules(pairs[0], rules)
                self.setRules(pairs[1], [*rules, ASKED])
            elif act < 0.25:
                for pair in pairs:
                    pair.clock.advance(0.25)
            else:
                data = bytes(dice.choices(b"abc\r\n", k=dice.randrange(1, 40)))
                for pair in pairs:
                    if act < 0.6:
                        pair.relay.dataReceived(data)
                    else:
                        pair.backendProtocol.dataReceived(data)
            told = [self.told(pair) for pair in pairs]
            self.assertEqual(*told)
            if None in (pair.relay.link for pair in pairs):
                break

    def test_used(self) -> None:
        """
        Turns that wait for 0 s pass on the fast path; others do not.
        """
        pair = Pair("tcp")
        for rules, passes in (
            ([ZERO], True),
            ([ZERO, ZERO], True),
            ([ZERO, ASKED], False),
            ([FAULTS[2]], False),
            ([{"behavior": "latency", "options": {"latency": 1}}, ZERO], False),
        ):
            self.setRules(pair, rules)
            self.assertEqual(pair.relay.link._framed.exchanges.usesFastPath, passes, rules)

"""
Tests for L{vaurien_twisted.rules.decider}: decisions can be repeated.
"""

from __future__ import annotations

import random

from tests.ruled import RuleCase, ruled
from tests.support import entries
from vaurien_twisted.model.exchange import Connection, Exchange


class RepeatTests(RuleCase):
    """
    The same seed and the same traffic give the same decisions.
    """

    def run_(self, order: int, seed: int = 7) -> dict[int, list[tuple[int, str]]]:
        """
        The decisions about twenty connections of a thousand requests, in a given order, by
        connection.
        """
        of = ruled({"behavior": "error", "percent": 10}, {"behavior": "delay", "percent": 1})
        of.seed = seed
        left = {number: iter(range(1, 1001)) for number in range(1, 21)}
        connections = {number: Connection(number) for number in left}
        source = random.Random(order)
        while left:
            number = source.choice(list(left))
            for exchange in left[number]:
                of.decide(connections[number], Exchange(exchange, "GET"))
                if source.random() < 0.2:
                    break
            else:
                del left[number]
        told: dict[int, list[tuple[int, str]]] = {number: [] for number in connections}
        for entry in entries(of):
            told[entry["connection"]].append((entry["exchange"], entry["effect"]))
        return told

    def test_interleaved(self) -> None:
        """
        However connections interleave; another seed decides otherwise.
        """
        first, *others = (self.run_(order) for order in (1, 2, 3))
        for other in others:
            self.assertEqual(first, other)
        total = sum(len(decided) for decided in first.values())
        self.assertTrue(1900 < total < 2500, total)
        self.assertNotEqual(first, self.run_(1, seed=8))
        self.assertNotEqual(first[1], first[2])

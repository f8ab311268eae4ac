"""
Tests for L{vaurien_twisted.client.strikes}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client.strikes import missed

RULE = {"behavior": "error", "when": {"sql": "^UPDATE"}}


class StrikeTests(SynchronousTestCase):
    """
    Why faults did not take effect.
    """

    def test_missed(self) -> None:
        """
        Why a fault never struck.
        """
        for rule, count, end in (
            (
                RULE,
                {"seen": 0},
                "0 exchanges were seen: did the application connect through the proxy?",
            ),
            (
                RULE,
                {"seen": 3, "nearest": "update orders", "reason": "it is lower case"},
                "3 exchanges were seen, none matched sql '^UPDATE'; "
                "nearest: 'update orders': it is lower case",
            ),
            (
                RULE,
                {"seen": 1, "matched": 1, "reason": "not cut: the reply had 5 of 9 bytes"},
                "1 exchange was seen, 1 matched; not cut: the reply had 5 of 9 bytes",
            ),
            (
                {"behavior": "latency", "scope": "connection"},
                {"seen": 2},
                "2 connections were seen",
            ),
        ):
            words = missed("db", rule, {"rule": "100:error", **count})
            self.assertEqual(words, f"the fault 100:error on 'db' never struck: {end}")

"""
Tests for L{vaurien_twisted.pytest_plugin.words}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.pytest_plugin.words import happened, missed, section

RULE = {"behavior": "error", "when": {"sql": "^UPDATE"}}


class WordsTests(SynchronousTestCase):
    """
    Messages.
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

    def test_section(self) -> None:
        """
        What happened, or that nothing did, and the log.
        """
        entry = {
            "time": 0.25,
            "kind": "decision",
            "proxy": "db",
            "connection": 3,
            "exchange": 7,
            "description": "SELECT 1",
            "rule": "100:hang",
            "effect": "hold",
            "reason": "always",
        }
        [line] = happened([entry])
        self.assertRegex(
            line,
            r"\A..:..:..\.250 db connection 3 exchange 7 decision: "
            r"SELECT 1, 100:hang, hold, always\Z",
        )
        words = section("test_a", 7, [], [("db", {"rule": "100:hang"})], "a line\n")
        self.assertEqual(
            words.splitlines(),
            [
                "seed 7: pytest 'test_a' --vaurien-seed=7",
                "fault 100:hang on db: 0 seen, 0 matched, 0 struck",
                "nothing was done to any exchange",
                "log of the proxy:",
                "a line",
            ],
        )

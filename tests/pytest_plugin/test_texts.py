"""
Tests for L{vaurien_twisted.pytest_plugin.texts}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.pytest_plugin.texts import happened, section


class WordsTests(SynchronousTestCase):
    """
    Messages.
    """

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
            "words": "left without an answer",
            "reason": "always",
        }
        [line] = happened([entry])
        self.assertRegex(
            line,
            r"\A..:..:..\.250 db connection 3 exchange 7 decision: "
            r"SELECT 1, 100:hang, left without an answer, always\Z",
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

"""
Tests for L{vaurien_twisted.experiments.compare}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.compare import compare


def report(outcome: str, *conditions: tuple[str, str, float | None]) -> dict[str, object]:
    """
    A report with conditions that were judged in one phase: their names, kinds and figures.
    """
    judged = [
        {
            "condition": name,
            "kind": kind,
            "judged": [{"phase": "a very long name of a phase", "outcome": "held", "value": value}],
        }
        for name, kind, value in conditions
    ]
    return {"outcome": outcome, "conditions": judged}


class CompareTests(SynchronousTestCase):
    """
    L{compare}.
    """

    def test_whole(self) -> None:
        """
        Names are not cut, columns line up, and figures are rounded with their units.
        """
        name = "95 % of exchanges of the shop in the other house take under 0.3 s"
        a = report("held", (name, "quantile", 0.0648123), ("few fail", "errors", 0.088435))
        b = report("broken", (name, "quantile", 1.23456), ("fast", "rate", 1234.567))
        lines = compare(a, b).split("\n")
        self.assertEqual(lines[0].split(), ["A", "B"])
        self.assertEqual(lines[1].split(), ["outcome", "held", "broken"])
        for line in lines[1:]:
            self.assertEqual(line[len(lines[0].split("A")[0]) - 1], " ")
        text = "\n".join(lines)
        for words in (name, "held  64.8 ms", "held  1.23 s", "held  8.84 %", "held  1,235/s"):
            self.assertIn(words, text)

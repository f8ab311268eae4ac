"""
Tests for L{vaurien_twisted.experiments.notable}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.notable import MOST, delayOf, failed, fails, notable, slowest


def entry(effect: str, number: int = 1) -> dict[str, object]:
    """
    The entry of a decision.
    """
    return {"kind": "decision", "exchange": number, "effect": effect}


class StruckTests(SynchronousTestCase):
    """
    Choosing entries by their effects.
    """

    def test_delay(self) -> None:
        """
        All waits of a request and its reply are added.
        """
        for effect, seconds in (
            ("wait 0.5 s", 0.5),
            ("wait 0.5 s, reply: wait 2 s", 2.5),
            ("reply: pause 1e-05 s, error 503", 1e-05),
            ("error 503", 0.0),
            ("wait forever", 0.0),
            ("", 0.0),
        ):
            self.assertEqual(delayOf(entry(effect)), seconds, effect)

    def test_fails(self) -> None:
        """
        Errors, and exchanges without a whole answer.
        """
        for effect in ("error 503", "hold", "wait 1 s, reset", "reply: close", "truncate", "drop"):
            self.assertTrue(fails(entry(effect)), effect)
        for effect in ("wait 1 s", "edit", "insert header", "", "errors"):
            self.assertFalse(fails(entry(effect)), effect)

    def test_bounded(self) -> None:
        """
        The slowest come first, the failed in their order; both lists are bounded.
        """
        journal = [entry(f"wait {n} s", n) for n in range(100)]
        numbers = [each["exchange"] for each in slowest(journal)]
        self.assertEqual(numbers, list(range(99, 99 - MOST, -1)))
        journal = [entry("hold" if n % 2 else "wait 1 s", n) for n in range(100)]
        numbers = [each["exchange"] for each in failed(journal)]
        self.assertEqual(numbers, list(range(1, 2 * MOST, 2)))

    def test_passed(self) -> None:
        """
        Exchanges that no fault struck are among both, by their duration and the backend's error;
        of many the notable ones are kept, in their order.
        """
        entries: list[dict[str, object]] = [
            {"kind": "passed", "exchange": n, "timing": {"duration": n / 1000}} for n in range(200)
        ]
        entries[50]["timing"] = {"duration": 0.05, "error": "500"}
        entries.append(entry("wait 0.198 s", 900))
        numbers = [each["exchange"] for each in slowest(entries)]
        self.assertEqual(numbers[:3], [199, 198, 900])
        self.assertEqual([each["exchange"] for each in failed(entries)], [50])
        kept = [each["exchange"] for each in notable(entries)]
        self.assertEqual(kept, [50, *range(200 - MOST + 1, 200), 900])

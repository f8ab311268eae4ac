"""
Tests for L{vaurien_twisted.record.repeats}, and for where it is used.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.repeats import FULL, WINDOW, Repeats


class RepeatsTests(SynchronousTestCase):
    """
    Lines that are repeated.
    """

    def setUp(self) -> None:
        """
        A log that is kept.
        """
        self.clock = Clock()
        self.events: list[LogEvent] = []
        self.log = Logger("vaurien_twisted.test", observer=self.events.append)
        self.repeats = Repeats(self.clock, "db")

    def lines(self) -> list[str]:
        """
        What was logged since the last time.
        """
        lines = [formatEvent(event) for event in self.events]
        self.events.clear()
        return lines

    def flood(self, count: int, text: str = "{n} is garbage") -> list[bool]:
        """
        Log so many lines.
        """
        return [self.repeats.warn(self.log, text, n=n) for n in range(count)]

    def test_pitfall44_flood(self) -> None:
        """
        The first lines are written in full, the others counted; the count is told once a
        minute, with the last of them.
        """
        told = self.flood(10000)
        self.assertEqual(told, [True] * FULL + [False] * (10000 - FULL))
        self.assertEqual(self.lines(), [f"{n} is garbage" for n in range(FULL)])
        self.clock.advance(WINDOW)
        [line] = self.lines()
        self.assertEqual(
            line, f"db: {10000 - FULL} more lines in the last 60 s such as: 9999 is garbage"
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.flood(3), [True] * 3)

    def test_pitfall44_long(self) -> None:
        """
        A flood that lasts takes a few lines a minute.
        """
        for _ in range(15 * 60):
            self.flood(50)
            self.clock.advance(1)
        self.assertLessEqual(len(self.lines()), 16 * (FULL + 1))

    def test_pitfall44_kinds(self) -> None:
        """
        Each kind counts for itself, at its own level; few lines are all written.
        """
        self.flood(FULL + 1)
        self.assertTrue(self.repeats.info(self.log, "another {n}", n=1))
        self.assertEqual({event["log_level"].name for event in self.events}, {"warn", "info"})
        self.lines()
        self.repeats.stop()
        for _ in range(100):
            self.assertEqual(self.flood(FULL), [True] * FULL)
            self.clock.advance(WINDOW)

    def test_pitfall44_stop(self) -> None:
        """
        At the end what was counted is told.
        """
        self.flood(FULL + 5)
        self.clock.advance(7)
        self.lines()
        self.repeats.stop()
        self.assertEqual(
            self.lines(), [f"db: 5 more lines in the last 7 s such as: {FULL + 4} is garbage"]
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.repeats.stop()
        self.assertEqual(self.lines(), [])

"""
Tests for L{vaurien_twisted.relays.alarms}.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.relays.alarms import MANY, Alarm, Alarms
from vaurien_twisted.relays.turns import SLICE, Turns


class AlarmsTests(SynchronousTestCase):
    """
    L{Alarms}.
    """

    def setUp(self) -> None:
        """
        None as yet.
        """
        self.clock = Clock()
        self.alarms = Alarms(self.clock, Turns(self.clock))
        self.rung: list[str] = []

    def at(self, when: float, name: str, then: Callable[[], object] = int) -> Alarm:
        """
        Note that an alarm rings.
        """

        def rings() -> None:
            self.rung.append(name)
            then()

        return self.alarms.at(when, rings)

    def timers(self) -> list[float]:
        """
        When the timers of the reactor fire.
        """
        return [call.getTime() for call in self.clock.getDelayedCalls()]

    def test_order(self) -> None:
        """
        Earlier ones ring earlier, those of one time in their order, none too early; there is one
        timer.
        """
        for when, name in ((2.0, "c"), (1.0, "a"), (2.0, "d"), (1.0, "b"), (0.0, "at once")):
            self.at(when, name)
        self.assertEqual(self.timers(), [0.0])
        for step, rung in ((0, "at once"), (1, "at once a b"), (0.9, "at once a b")):
            self.clock.advance(step)
            self.assertEqual(" ".join(self.rung), rung)
        self.assertEqual(self.timers(), [2.0])
        self.clock.advance(0.5)
        self.assertEqual("".join(self.rung[-2:]), "cd")
        self.assertEqual(self.timers(), [])

    def test_cancel(self) -> None:
        """
        A cancelled one does not ring; when none is left, there is no timer.
        """
        one, other = self.at(1, "one"), self.at(2, "other")
        one.cancel()
        one.cancel()
        self.assertEqual((one.active(), other.active()), (False, True))
        self.clock.advance(1)
        self.assertEqual((self.rung, self.timers()), ([], [2.0]))
        other.cancel()
        self.assertEqual(self.timers(), [])
        third = self.at(1.5, "third")
        self.clock.advance(1)
        self.assertEqual((self.rung, third.active()), (["third"], False))
        third.cancel()

    def test_within(self) -> None:
        """
        Alarms may be made and cancelled while one rings.
        """
        late = self.at(1, "late")

        def then() -> None:
            late.cancel()
            self.at(0, "now")
            self.at(3, "later")

        self.at(1, "first", then)
        late.cancel()
        self.clock.advance(1)
        self.assertEqual(self.rung, ["first", "now"])
        self.assertEqual(self.timers(), [3.0])

    def test_pitfall38_slices(self) -> None:
        """
        Many that are due at once are divided among turns of the reactor.
        """

        def busy() -> None:
            self.clock.rightNow += SLICE / 2.5

        for _ in range(10):
            self.at(1, "x", busy)
        self.clock.rightNow = 1.0
        turns = []
        while self.clock.calls:
            before = len(self.rung)
            call = self.clock.calls.pop(0)
            call.called = 1
            call.func()
            turns.append(len(self.rung) - before)
        self.assertEqual(turns, [3, 3, 3, 1])

    def test_raises(self) -> None:
        """
        One that fails does not keep the others from ringing.
        """
        self.at(1, "bad", lambda: 1 / 0)
        self.at(1, "good")
        self.assertRaises(ZeroDivisionError, self.clock.advance, 1)
        self.clock.advance(0)
        self.assertEqual(self.rung, ["bad", "good"])

    def test_pitfall7_cancelled(self) -> None:
        """
        Cancelled ones take memory for a while only.
        """
        self.at(9, "stays")
        for _ in range(100 * MANY):
            self.at(10, "x").cancel()
        self.assertLessEqual(len(self.alarms._heap), MANY)
        self.clock.advance(10)
        self.assertEqual(self.rung, ["stays"])

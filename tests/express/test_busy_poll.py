"""
Adaptive spinning, with a clock of its own.
"""

from __future__ import annotations

from math import inf

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.express.busy_poll import EARLY, LONGEST, BusyPoll

#: How long a look takes here.
STEP = LONGEST / 10


class Process:
    """
    Looks, rests and sleeps, each of which takes a while.

    @ivar due: when the next event comes.
    @ivar step: how long a rest takes.
    @ivar looks: how often it has looked in vain.
    @ivar sleeps: how often it has slept.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.due = 0.0
        self.looks = self.sleeps = self.rests = 0
        self.step = STEP
        self.spinning = BusyPoll(lambda: self.now, self.rest)

    def look(self) -> list[float]:
        """
        The event, if it has come.
        """
        if self.now >= self.due:
            return [self.due]
        self.looks += 1
        self.now += STEP / 1000
        return []

    def rest(self) -> None:
        """
        Others may have the processor.
        """
        self.rests += 1
        self.now += self.step

    def sleep(self, limit: float) -> list[float]:
        """
        Wait for the event.
        """
        self.sleeps += 1
        if self.due > self.now + limit:
            self.now += limit
            return []
        self.now = self.due
        return [self.due]

    def wait(self, seconds: float) -> int:
        """
        Wait for an event that comes in so many seconds.

        @return: how often it slept for it.
        """
        self.due = self.now + seconds
        before = self.sleeps
        assert self.spinning.wait(self.look, self.sleep, inf) == [self.due]
        return self.sleeps - before


class SpinningTests(SynchronousTestCase):
    """
    L{BusyPoll}.
    """

    def setUp(self) -> None:
        """
        A process that has not waited yet.
        """
        self.process = Process()

    def test_ready(self) -> None:
        """
        What has happened already is told at once.
        """
        self.assertEqual(self.process.wait(0), 0)
        self.assertEqual(self.process.looks, 0)

    def test_asleepAtFirst(self) -> None:
        """
        Nothing is known of the next events at first, so it sleeps.
        """
        self.assertEqual(self.process.wait(LONGEST * 10), 1)
        self.assertEqual(self.process.rests, 0)

    def test_close(self) -> None:
        """
        After an event that came soon it stays awake, and gives way between two looks.
        """
        self.process.wait(LONGEST / 2)
        self.assertEqual([self.process.wait(LONGEST / 2) for _ in range(100)], [0] * 100)
        self.assertIn(self.process.rests // 100, (4, 5, 6))

    def test_pitfall19_farApart(self) -> None:
        """
        In vain it stays awake for a shorter time each time, and soon for none.
        """
        self.process.wait(LONGEST / 2)
        self.assertEqual([self.process.wait(1.0) for _ in range(20)], [1] * 20)
        self.assertLess(self.process.rests, 30)
        before = self.process.rests
        self.assertEqual([self.process.wait(1.0) for _ in range(1000)], [1] * 1000)
        self.assertEqual(self.process.rests, before)

    def test_again(self) -> None:
        """
        One event that comes soon is enough to stay awake again.
        """
        for seconds in [LONGEST / 2] + [1.0] * 20 + [LONGEST / 2]:
            self.process.wait(seconds)
        self.assertEqual(self.process.wait(LONGEST / 2), 0)

    def test_othersWantTheProcessor(self) -> None:
        """
        Where giving way takes long it is better to be woken.
        """
        self.process.wait(LONGEST / 2)
        before = self.process.rests
        self.process.step = LONGEST * 30
        for _ in range(20):
            self.process.wait(LONGEST * 3)
        self.assertLess(self.process.rests - before, 10)

    def test_timeout(self) -> None:
        """
        It waits for no longer than it may, be it awake or asleep, and time that is over is
        no event.  It does not sleep through the last moment, as it would wake up late.
        """
        process = self.process
        for limit in (LONGEST / 2, LONGEST * 3):
            process.wait(LONGEST / 2)
            process.due = inf
            begun, sleeps = process.now, process.sleeps
            self.assertEqual(process.spinning.wait(process.look, process.sleep, limit), [])
            self.assertEqual(process.sleeps, sleeps + (limit > LONGEST))
            self.assertLess(abs(process.now - begun - limit), STEP * 1.5)

    def test_lastMoment(self) -> None:
        """
        An event in the last moment, which it does not sleep through, ends the wait.
        """
        process = self.process
        process.due = 1.0 - EARLY / 2
        found = process.spinning.wait(process.look, process.sleep, 1.0)
        self.assertEqual((found, process.sleeps, process.rests), ([process.due], 1, 0))
        self.assertLess(process.now, 1.0)
        process.due = inf
        begun = process.now
        self.assertEqual(process.spinning.wait(process.look, process.sleep, EARLY / 2), [])
        self.assertEqual(process.sleeps, 1)
        self.assertGreaterEqual(process.now, begun + EARLY / 2)

    def test_late(self) -> None:
        """
        If others have had the processor for longer than it may wait it does not sleep then.
        """
        process = self.process
        process.wait(LONGEST / 2)
        process.due, process.step = inf, LONGEST * 30
        begun = process.now
        self.assertEqual(process.spinning.wait(process.look, process.sleep, LONGEST * 3), [])
        self.assertLess(abs(process.now - begun - LONGEST * 30), STEP)

"""
Adaptive spinning, with a clock of its own.
"""

from __future__ import annotations

from math import inf

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.express.spinning import LONGEST, Spinning

#: How long a look takes here.
STEP = LONGEST / 10


class Process:
    """
    Looks, rests and sleeps, each of which takes a while.

    @ivar due: when the next event comes.
    @ivar looks: how often it has looked in vain.
    @ivar sleeps: how often it has slept.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.due = 0.0
        self.looks = self.sleeps = self.rests = 0
        self.spinning = Spinning(lambda: self.now, self.rest)

    def look(self) -> list[float]:
        """
        The event, if it has come.
        """
        if self.now >= self.due:
            return [self.due]
        self.looks += 1
        return []

    def rest(self) -> None:
        """
        Others may have the processor.
        """
        self.rests += 1
        self.now += STEP

    def sleep(self) -> list[float]:
        """
        Wait for the event.
        """
        self.sleeps += 1
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
    L{Spinning}.
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

    def test_farApart(self) -> None:
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
        slow = self.process.rests

        def rest() -> None:
            self.process.rests += 1
            self.process.now += LONGEST * 30

        self.process.spinning._rest = rest
        for _ in range(20):
            self.process.wait(LONGEST * 3)
        before = self.process.rests
        self.assertLess(before - slow, 21)
        self.process.spinning._rest = self.process.rest

    def test_timeout(self) -> None:
        """
        It stays awake for no longer than it may wait at all, and time that is over is no
        event.
        """
        self.process.wait(LONGEST / 2)
        self.process.due = inf
        rests = self.process.rests
        slept: list[float] = []

        def sleep() -> list[float]:
            slept.append(self.process.now)
            return []

        begun = self.process.now
        limit = LONGEST / 2
        self.assertEqual(self.process.spinning.wait(self.process.look, sleep, limit), [])
        self.assertEqual(len(slept), 1)
        self.assertLessEqual(slept[0] - begun, limit + STEP)
        self.assertLessEqual(self.process.rests - rests, 6)

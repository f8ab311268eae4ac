"""
Tests for L{vaurien_twisted.relays.turn_timer}, and for links of C{tcp} whose turns are watched.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Pair
from vaurien_twisted.relays.turn_timer import TurnTimer
from vaurien_twisted.wire.tcp import TCPOptions


class TurnTimerTests(SynchronousTestCase):
    """
    L{TurnTimer}.
    """

    def test_turns(self) -> None:
        """
        A turn takes from the client's first bytes to the backend's first bytes.
        """
        clock, found = Clock(), []
        timer = TurnTimer(clock.seconds, found.append)
        self.assertTrue(timer.answered(b"hello"))
        for _ in range(2):
            self.assertTrue(timer.asked(b"a"))
            clock.advance(1)
            timer.asked(b"b")
            clock.advance(1)
            self.assertTrue(timer.answered(b"c"))
            clock.advance(1)
            timer.answered(b"d")
        self.assertEqual((timer.count, found), (2, [2.0, 2.0]))

    def test_renew(self) -> None:
        """
        A turn that was not seen to its end is not timed.
        """
        clock, found = Clock(), []
        timer = TurnTimer(clock.seconds, found.append)
        timer.asked(b"a")
        timer.renew()
        timer.answered(b"b")
        self.assertEqual((timer.count, found), (1, []))


class WatchedTests(SynchronousTestCase):
    """
    The option C{turns}.
    """

    def turn(self, pair: Pair, seconds: float) -> None:
        """
        A turn that takes so long.
        """
        self.assertEqual(pair.ask(b"question"), b"question")
        pair.clock.advance(seconds)
        self.assertEqual(pair.answer(b"answer"), b"answer")

    def test_off(self) -> None:
        """
        By default nothing is counted while nothing is in force.
        """
        pair = Pair("tcp")
        self.turn(pair, 1)
        [link] = pair.factory.links
        self.assertEqual((link.exchanges, pair.factory.counters.duration.count), (0, 0))

    def test_on(self) -> None:
        """
        Turns are counted and timed, under rules or not.
        """
        pair = Pair("tcp", protocolOptions=TCPOptions(turns=True))
        [link] = pair.factory.links
        duration = pair.factory.counters.duration
        self.turn(pair, 1)
        self.turn(pair, 2)
        self.assertEqual((link.exchanges, duration.count, duration.total), (2, 2, 3.0))
        pair.setBehavior("delay", sleep=4)
        pair.ask(b"question")
        pair.clock.advance(4)
        self.assertEqual(pair.backend.heard(), b"question")
        pair.clock.advance(1)
        pair.answer(b"answer")
        pair.answer(b", and more")
        self.assertEqual((link.exchanges, duration.count, duration.total), (3, 3, 8.0))
        pair.setBehavior("delay", sleep=4, before=False)
        pair.ask(b"question")
        pair.answer(b"answer")
        pair.clock.advance(4)
        self.assertEqual(pair.client.heard(), b"answer")
        self.assertEqual((link.exchanges, duration.count, duration.total), (4, 4, 12.0))
        pair.setBehavior("dummy")
        self.turn(pair, 1)
        self.assertEqual((link.exchanges, duration.count, duration.total), (5, 5, 13.0))

"""
Tests for L{vaurien_twisted.record.clocks}.
"""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import REGISTRY
from vaurien_twisted.app.config import Configuration, configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.tap import Options, serviceFor
from vaurien_twisted.express.reactor import ExpressReactor
from vaurien_twisted.record.clocks import inWallTime, useMonotonicTime, wallTime


def stopped(kind: Any) -> Any:
    """
    A reactor that never runs, without descriptors of its own.
    """
    reactor = kind()
    reactor.removeAll()
    return reactor


class ClockTests(SynchronousTestCase):
    """
    Which time is used for what.
    """

    def near(self, told: float, expected: float) -> None:
        """
        They are the same time of the day, however slow this machine is.
        """
        self.assertTrue(abs(told - expected) < 600, (told, expected))

    def test_pitfall33_express(self) -> None:
        """
        The reactor that C{vaurien} chooses measures waits by monotonic time.
        """
        reactor = stopped(ExpressReactor)
        self.assertIs(reactor.seconds, time.monotonic)
        self.assertIs(wallTime(reactor), time.time)
        call = reactor.callLater(5, lambda: None)
        self.assertTrue(0 < call.getTime() - time.monotonic() <= 5)
        call.cancel()

    def test_pitfall33_twisted(self) -> None:
        """
        Any of Twisted's own can be had so, while nothing waits on it.
        """
        reactor = stopped(SelectReactor)
        waiting = reactor.callLater(5, lambda: None)
        self.assertFalse(useMonotonicTime(reactor))
        self.near(wallTime(reactor)(), time.time())
        waiting.cancel()
        for _ in range(2):
            self.assertTrue(useMonotonicTime(reactor))
        self.assertIs(reactor.seconds, time.monotonic)
        self.assertIs(wallTime(reactor), time.time)

    def test_pitfall33_others(self) -> None:
        """
        A clock that somebody has given stays.
        """
        reactor = MemoryReactorClock()
        self.assertFalse(useMonotonicTime(reactor))
        self.assertEqual(wallTime(reactor)(), reactor.seconds())
        self.assertEqual(inWallTime(Clock(), 7.5), 7.5)

    def test_pitfall33_setBack(self) -> None:
        """
        A moment is told by the time of the day as it is now.
        """
        reactor = stopped(ExpressReactor)
        moment = reactor.seconds() - 10
        before = time.time
        self.near(inWallTime(reactor, moment), before() - 10)
        self.patch(time, "time", lambda: before() - 3600)
        self.near(inWallTime(reactor, moment), before() - 3610)

    def test_pitfall33_journal(self) -> None:
        """
        The journal tells the time of the day.
        """
        configuration: Configuration = configure(REGISTRY, Given({}, {}, {}))
        vaurien = Vaurien(stopped(ExpressReactor), configuration)
        vaurien.journal.record("reached", "proxy", 0)
        self.near(vaurien.journal.since()[0]["time"], time.time())

    def test_pitfall33_twistd(self) -> None:
        """
        C{twistd} has a reactor already, which is had so if that can be.
        """
        from twisted.internet import reactor

        known: Any = reactor
        self.patch(known, "seconds", time.time)
        options = Options()
        options.parseOptions([])
        serviceFor(options)
        waits = bool(known.getDelayedCalls())
        self.assertIs(known.seconds, time.time if waits else time.monotonic)

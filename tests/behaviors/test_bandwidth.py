"""
Tests for L{vaurien_twisted.behaviors.bandwidth}.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter
from vaurien_twisted.behaviors.bandwidth import ARREARS


class BandwidthTests(SynchronousTestCase):
    """
    So many bytes in a second.
    """

    def test_rate(self) -> None:
        """
        From 1 KB/s to 200 MB/s, what comes at once has passed after its size by the rate.
        """
        for rate in (1, 100, 1000, 200_000):
            size = rate * 2000
            line = streamFilter("bandwidth", rate=rate)
            parts = list(line.push(bytes(size), 0.0))
            self.assertEqual(sum(len(part) for _, part in parts), size)
            self.assertAlmostEqual(parts[-1][0], 2.0)
            self.assertLessEqual(len(parts), 101)
            for (one, _), (other, _) in pairwise(parts):
                self.assertLess(other - one, 0.021)

    def test_bytesInOrder(self) -> None:
        """
        The parts are what was pushed.
        """
        data = bytes(range(256)) * 40
        line = streamFilter("bandwidth", rate=3)
        self.assertEqual(b"".join(part for _, part in line.push(data, 0.0)), data)

    def test_lateTimersAreMadeUpFor(self) -> None:
        """
        A little of the time in which nothing passed can be made up for, and no more: an
        idle connection saves up nothing.
        """
        line = streamFilter("bandwidth", rate=1000)
        list(line.push(bytes(1000), 0.0))
        (when, _), *_ = line.push(bytes(1000), 50.0)
        self.assertAlmostEqual(when, 50.0 - ARREARS + 0.001)

    def test_nothing(self) -> None:
        """
        A rate of 0 lets nothing pass; what waits goes on when that is changed.
        """
        line = streamFilter("bandwidth", rate=0)
        pushed = iter(line.push(bytes(100), 0.0))
        self.assertEqual(next(pushed), (math.inf, bytes(20)))
        later = line.update(optionsOf("bandwidth", rate=1), 9.0)
        self.assertEqual((later(math.inf), later(8.5)), (9.0, 8.5))
        when, part = next(pushed)
        self.assertEqual(len(part), 20)
        self.assertAlmostEqual(when, 9.02)

    def test_changed(self) -> None:
        """
        Another rate counts from the next part on.
        """
        line = streamFilter("bandwidth", rate=1)
        pushed = iter(line.push(bytes(1_000_000), 0.0))
        first, _ = next(pushed)
        line.update(optionsOf("bandwidth", rate=1000), first)
        rest = list(pushed)
        near(self, rest[-1][0] - first, 1.0, 0.01)

    def test_shared(self) -> None:
        """
        Connections that share a budget have it together, in turn; each direction has its own.
        """
        shared: dict[str, Any] = {}
        lines = [streamFilter("bandwidth", rate=100, shared=shared, seed=n) for n in range(2)]
        for line in lines:
            line.update(optionsOf("bandwidth", rate=100, shared=True), 0.0)
        back = streamFilter("bandwidth", rate=100, shared=shared, to="upstream")
        pushed = [iter(line.push(bytes(50_000), 0.0)) for line in lines]
        last = [0.0, 0.0]
        for _ in range(25):
            for place in (0, 1):
                last[place], _ = next(pushed[place])
        self.assertAlmostEqual(max(last), 1.0)
        self.assertAlmostEqual(min(last), 0.98)
        (when, _), *_ = back.push(bytes(1000), 0.0)
        self.assertAlmostEqual(when, 0.01)

"""
Tests for L{vaurien_twisted.behaviors.latency}.
"""

from __future__ import annotations

from random import Random
from statistics import mean, median, pstdev

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter
from vaurien_twisted.behaviors.latency import draw


class LatencyTests(SynchronousTestCase):
    """
    Every part is late from its own arrival.
    """

    def test_pitfall8_doesNotAccumulate(self) -> None:
        """
        Parts that come together leave together, one latency later.
        """
        late = streamFilter("latency", latency=100)
        whens = [when for n in range(50) for when, _ in late.push(b"x", n / 1000)]
        for number, when in enumerate(whens):
            self.assertAlmostEqual(when, number / 1000 + 0.1)
        self.assertAlmostEqual(late.end(0.05), 0.149)
        self.assertEqual(late.end(7.0), 7.0)

    def test_orderIsKept(self) -> None:
        """
        With a jitter as large as the latency no part overtakes another, and none is early.
        """
        late = streamFilter("latency", latency=100, jitter=100)
        whens = [when for n in range(500) for when, _ in late.push(b"x", n / 1000)]
        self.assertEqual(whens, sorted(whens))
        self.assertTrue(all(when >= n / 1000 for n, when in enumerate(whens)))
        self.assertGreater(len(set(whens)), 5)

    def test_changed(self) -> None:
        """
        What waits moves by as much as the latency has changed, but not into the past.
        """
        late = streamFilter("latency", latency=100)
        late.push(b"x", 0.0)
        later = late.update(optionsOf("latency", latency=300), 0.05)
        self.assertAlmostEqual(later(0.1), 0.3)
        self.assertAlmostEqual(late.end(0.0), 0.3)
        later = late.update(optionsOf("latency"), 0.06)
        self.assertAlmostEqual(later(0.3), 0.06)
        self.assertEqual(late.push(b"y", 0.07), ((0.07, b"y"),))

    def drawn(self, **options: object) -> list[float]:
        """
        Many delays, in milliseconds.
        """
        given, source = optionsOf("latency", **options), Random(3)
        return [draw(given, source) * 1000 for _ in range(20000)]

    def test_uniform(self) -> None:
        """
        Within the jitter, evenly.
        """
        drawn = self.drawn(latency=100, jitter=30)
        self.assertTrue(70 <= min(drawn) < 71 and 129 < max(drawn) <= 130)
        near(self, pstdev(drawn), 30 / 3**0.5, 0.5)

    def test_distributions(self) -> None:
        """
        The others have the latency as their mean and the jitter as their standard
        deviation, and their own shapes.
        """
        for name, middle in (("normal", 100), ("lognormal", 98), ("pareto", 94.5)):
            drawn = self.drawn(latency=100, jitter=20, distribution=name)
            near(self, mean(drawn), 100, 1, name)
            near(self, pstdev(drawn), 20, 4, name)
            near(self, median(drawn), middle, 1, name)

    def test_never_negative(self) -> None:
        """
        Nothing is delivered before it came, whatever the jitter.
        """
        for name in ("uniform", "normal", "lognormal", "pareto"):
            for latency in (0, 1):
                drawn = self.drawn(latency=latency, jitter=50, distribution=name)
                self.assertGreaterEqual(min(drawn), 0)
                self.assertGreater(max(drawn), 50 if name != "uniform" else 40)

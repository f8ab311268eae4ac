"""
Tests for L{vaurien_twisted.behaviors.lifetime}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter
from vaurien_twisted.model.commands import ConnectionFate


class LifetimeTests(SynchronousTestCase):
    """
    An end at a certain age.
    """

    def test_age(self) -> None:
        """
        Bytes pass; the end is so long after the connection's beginning.
        """
        life = streamFilter("lifetime", now=20.0, began=10.0, seconds=2.5)
        self.assertEqual(list(life.push(b"bytes", 11.0)), [(11.0, b"bytes")])
        self.assertEqual(life.deadline(20.0), (12.5, ConnectionFate.CLOSE))
        life.update(optionsOf("lifetime", seconds=30.0, reset=True), 20.0)
        self.assertEqual(life.deadline(20.0), (40.0, ConnectionFate.RESET))

    def test_jitter(self) -> None:
        """
        Connections differ within the jitter; each keeps to its own, and none is cut
        before it began.
        """
        ages = [
            streamFilter("lifetime", seed=n, seconds=5.0, jitter=2.0).deadline(0)[0]
            for n in range(200)
        ]
        self.assertTrue(3 <= min(ages) < 3.2 and 6.8 < max(ages) <= 7)
        life = streamFilter("lifetime", seconds=5.0, jitter=2.0)
        before = life.deadline(0.0)
        life.update(optionsOf("lifetime", seconds=5.0, jitter=2.0), 1.0)
        self.assertEqual(life.deadline(1.0), before)
        self.assertGreaterEqual(
            min(
                streamFilter("lifetime", seed=n, seconds=0.0, jitter=9.0).deadline(0)[0]
                for n in range(9)
            ),
            0,
        )

    def test_oneOfBothDirections(self) -> None:
        """
        A rule for both directions ends the link once, by one jitter.
        """
        self.assertIsNone(streamFilter("lifetime", to="upstream").deadline(0.0))
        self.assertIsNotNone(
            streamFilter("lifetime", to="upstream", direction="upstream").deadline(0.0)
        )

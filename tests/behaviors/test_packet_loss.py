"""
Tests for L{vaurien_twisted.behaviors.packet_loss}.
"""

from __future__ import annotations

from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter
from vaurien_twisted.behaviors.packet_loss import lossOptions


class PacketLossTests(SynchronousTestCase):
    """
    C{loss} by other names.
    """

    def test_rate(self) -> None:
        """
        So many segments are late, and more after a late one if there is a correlation.
        """
        for correlation in (0.0, 0.4):
            made = streamFilter("packet_loss", loss_rate=0.1, correlation=correlation)
            lost = [made._lost() for _ in range(50_000)]
            again = [b for a, b in pairwise(lost) if a]
            first = [b for a, b in pairwise(lost) if not a]
            near(self, sum(first) / len(first), 0.1, 0.01)
            near(self, sum(again) / len(again), 0.1 + correlation, 0.02)

    def test_changed(self) -> None:
        """
        Other options are understood, too.
        """
        made = streamFilter("packet_loss", loss_rate=0.0)
        self.assertEqual(made.push(b"x", 1.0), ((1.0, b"x"),))
        made.update(optionsOf("packet_loss", loss_rate=1.0), 1.0)
        ((when, _),) = made.push(b"y", 1.0)
        self.assertGreater(when, 1.1)

    def test_bounds(self) -> None:
        """
        The two together are no more than certain.
        """
        self.assertEqual(
            lossOptions(optionsOf("packet_loss", loss_rate=0.7, correlation=0.7)).r, 0.0
        )

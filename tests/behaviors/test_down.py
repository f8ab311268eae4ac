"""
Tests for L{vaurien_twisted.behaviors.down}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import behaviorOf, stage
from vaurien_twisted.model.commands import Then


class DownTests(SynchronousTestCase):
    """
    No listener, and no connections.
    """

    def test_down(self) -> None:
        """
        It does not listen, and open connections are reset at once.
        """
        self.assertFalse(behaviorOf("down").listens)
        self.assertEqual(stage("down").deadline(7.0), (7.0, Then.RESET))

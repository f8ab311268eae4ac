"""
Tests for L{vaurien_twisted.behaviors.down}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import behaviorOf, streamFilter
from vaurien_twisted.model.commands import ConnectionFate


class DownTests(SynchronousTestCase):
    """
    No listener, and no connections.
    """

    def test_down(self) -> None:
        """
        It does not listen, and open connections are reset at once.
        """
        self.assertFalse(behaviorOf("down").listens)
        self.assertEqual(streamFilter("down").deadline(7.0), (7.0, ConnectionFate.RESET))

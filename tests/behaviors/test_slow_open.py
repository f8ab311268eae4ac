"""
Tests for L{vaurien_twisted.behaviors.slow_open}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter


class SlowOpenTests(SynchronousTestCase):
    """
    Nothing at first.
    """

    def test_opens(self) -> None:
        """
        Bytes and the end wait until so long after the connection's beginning, and no longer.
        """
        slow = streamFilter("slow_open", began=10.0, delay=500)
        self.assertEqual(list(slow.push(b"a", 10.1)), [(10.5, b"a")])
        self.assertEqual(slow.end(10.2), 10.5)
        self.assertEqual(list(slow.push(b"b", 10.6)), [(10.6, b"b")])

    def test_olderConnections(self) -> None:
        """
        One that is older when the behavior is set carries on.
        """
        slow = streamFilter("slow_open", now=20.0, began=10.0, delay=500)
        self.assertEqual(list(slow.push(b"a", 20.0)), [(20.0, b"a")])

    def test_changed(self) -> None:
        """
        What waits goes on when the connection opens by the new delay.
        """
        slow = streamFilter("slow_open", began=10.0, delay=60_000)
        later = slow.update(optionsOf("slow_open", delay=300), 10.1)
        self.assertEqual(later(70.0), 10.3)
        self.assertEqual(slow.end(10.2), 10.3)

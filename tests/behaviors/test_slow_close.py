"""
Tests for L{vaurien_twisted.behaviors.slow_close}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter


class SlowCloseTests(SynchronousTestCase):
    """
    The end is late.
    """

    def test_onlyTheEnd(self) -> None:
        """
        Bytes pass at once, the end a delay later, by other options the other delay later.
        """
        slow = streamFilter("slow_close", delay=1500)
        self.assertEqual(list(slow.push(b"bytes", 1.0)), [(1.0, b"bytes")])
        self.assertEqual(slow.end(2.0), 3.5)
        self.assertEqual(slow.update(optionsOf("slow_close", delay=500), 2.1)(3.5), 2.5)
        self.assertEqual(slow.end(2.0), 2.5)

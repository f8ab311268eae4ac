"""
Tests for L{vaurien_twisted.behaviors.timeout}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter
from vaurien_twisted.model.commands import ConnectionFate


class TimeoutTests(SynchronousTestCase):
    """
    Nothing, and then the end.
    """

    def test_swallows(self) -> None:
        """
        Bytes are lost, so the stage cannot be taken away; the sender's end passes.
        """
        out = streamFilter("timeout", timeout=1000)
        self.assertEqual(list(out.push(b"bytes", 1.0)), [])
        self.assertTrue(out.drops)
        self.assertEqual(out.end(2.0), 2.0)

    def test_deadline(self) -> None:
        """
        The time counts from when it begins, or was changed; 0 is never.
        """
        out = streamFilter("timeout", now=5.0, timeout=1000)
        self.assertEqual(out.deadline(5.5), (6.0, ConnectionFate.CLOSE))
        out.update(optionsOf("timeout", timeout=300), 5.5)
        self.assertEqual(out.deadline(5.5), (5.8, ConnectionFate.CLOSE))
        out.update(optionsOf("timeout"), 5.6)
        self.assertIsNone(out.deadline(99.0))

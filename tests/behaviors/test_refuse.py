"""
Tests for L{vaurien_twisted.behaviors.refuse}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import behaviorOf, streamFilter


class RefuseTests(SynchronousTestCase):
    """
    No listener, but the connections there are.
    """

    def test_refuse(self) -> None:
        """
        It does not listen, and open connections meet nothing.
        """
        self.assertFalse(behaviorOf("refuse").listens)
        plain = streamFilter("refuse")
        self.assertIsNone(plain.deadline(7.0))
        self.assertEqual(list(plain.push(b"bytes", 7.0)), [(7.0, b"bytes")])

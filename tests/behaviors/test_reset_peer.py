"""
Tests for L{vaurien_twisted.behaviors.reset_peer}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter
from vaurien_twisted.model.commands import ConnectionFate


class ResetPeerTests(SynchronousTestCase):
    """
    A reset when something is sent.
    """

    def test_firstBytes(self) -> None:
        """
        Nothing happens until bytes come; they are lost, and the time counts from them.
        """
        peer = streamFilter("reset_peer", timeout=1000)
        self.assertEqual((peer.deadline(50.0), peer.drops), (None, False))
        self.assertEqual(list(peer.push(b"bytes", 50.0)), [])
        list(peer.push(b"more", 50.5))
        self.assertEqual(peer.deadline(50.5), (51.0, ConnectionFate.RESET))
        self.assertTrue(peer.drops)
        peer.update(optionsOf("reset_peer"), 50.6)
        self.assertEqual(peer.deadline(50.6), (50.0, ConnectionFate.RESET))

    def test_end(self) -> None:
        """
        An end is a beginning too, and does not pass; it is no loss if the stage goes.
        """
        peer = streamFilter("reset_peer", timeout=1000)
        self.assertIsNone(peer.end(3.0))
        self.assertEqual(peer.deadline(3.0), (4.0, ConnectionFate.RESET))
        self.assertFalse(peer.drops)

"""
Tests for L{vaurien_twisted.relays.transports}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Wire
from vaurien_twisted.relays.transports import Couple


class CoupleTests(SynchronousTestCase):
    """
    Two transports that pace and end each other.
    """

    def setUp(self) -> None:
        self.client: Any = Wire()
        self.backend: Any = Wire()
        self.couple = Couple(self.client)

    def joined(self) -> None:
        """
        Both are there, and the client may speak.
        """
        self.couple.join(self.backend)
        self.couple.start()

    def test_unconnected(self) -> None:
        """
        The client is not read before it is let speak; the backend cannot be paced yet.
        """
        self.assertEqual(self.client.producerState, "paused")
        self.couple.paceBackend(True)
        self.couple.join(self.backend)
        self.assertEqual(self.client.producerState, "paused")
        self.couple.start()
        self.assertEqual(self.client.producerState, "producing")
        self.assertEqual(self.backend.producerState, "producing")

    def test_pitfall9_eachPacesTheOther(self) -> None:
        """
        A full transport pauses the other's reading, not its own.
        """
        self.joined()
        self.client.producer.pauseProducing()
        self.assertEqual(self.backend.producerState, "paused")
        self.assertEqual(self.client.producerState, "producing")
        self.client.producer.resumeProducing()
        self.backend.producer.pauseProducing()
        self.assertEqual(self.backend.producerState, "producing")
        self.assertEqual(self.client.producerState, "paused")

    def test_paced(self) -> None:
        """
        Want of room pauses each side by itself, beside the other reasons.
        """
        self.joined()
        self.couple.paceClient(True)
        self.couple.paceBackend(True)
        self.backend.producer.pauseProducing()
        self.couple.paceClient(False)
        self.couple.paceBackend(False)
        self.assertEqual(self.client.producerState, "paused")
        self.assertEqual(self.backend.producerState, "producing")

    def test_endWriting(self) -> None:
        """
        A half-close where the transport knows it, else an end in order.
        """
        self.joined()
        self.couple.endWriting(self.backend)
        self.assertEqual((self.backend.ended, self.client.ended), (["half"], []))

        class Whole(Wire):
            """
            Knows no half-close, as TLS.
            """

            loseWriteConnection = property()

        whole = Whole()
        self.couple.endWriting(whole)
        self.assertEqual(whole.ended, ["lose"])

    def test_close(self) -> None:
        """
        Both end in order, whichever is there.
        """
        alone = Wire()
        Couple(alone).close()
        self.assertEqual(alone.ended, ["lose"])
        self.joined()
        self.couple.close()
        self.assertEqual((self.client.ended, self.backend.ended), (["lose"], ["lose"]))
        self.assertIsNone(self.backend.producer)

    def test_reset(self) -> None:
        """
        Both are reset, whichever is there.
        """
        self.joined()
        self.couple.client = None
        self.couple.reset()
        self.assertEqual((self.client.ended, self.backend.ended), ([], ["abort"]))

    def test_gone(self) -> None:
        """
        Once neither is left.
        """
        self.joined()
        self.assertFalse(self.couple.gone)
        self.couple.client = None
        self.assertFalse(self.couple.gone)
        self.couple.backend = None
        self.assertTrue(self.couple.gone)

"""
Tests for L{vaurien_twisted.relays.transports}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Wire
from vaurien_twisted.relays.transports import TransportPair


class CoupleTests(SynchronousTestCase):
    """
    Two transports that pace and end each other.
    """

    def setUp(self) -> None:
        self.client: Any = Wire()
        self.backend: Any = Wire()
        self.transports = TransportPair(self.client)

    def joined(self) -> None:
        """
        Both are there, and the client may speak.
        """
        self.transports.join(self.backend)
        self.transports.start()

    def test_unconnected(self) -> None:
        """
        The client is not read before it is let speak; the backend cannot be paced yet.
        """
        self.assertEqual(self.client.producerState, "paused")
        self.transports.paceBackend(True)
        self.transports.join(self.backend)
        self.assertEqual(self.client.producerState, "paused")
        self.transports.start()
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
        self.transports.paceClient(True)
        self.transports.paceBackend(True)
        self.backend.producer.pauseProducing()
        self.transports.paceClient(False)
        self.transports.paceBackend(False)
        self.assertEqual(self.client.producerState, "paused")
        self.assertEqual(self.backend.producerState, "producing")

    def test_endWriting(self) -> None:
        """
        A half-close where the transport knows it, else an end in order.
        """
        self.joined()
        self.transports.endWriting(self.backend)
        self.assertEqual((self.backend.ended, self.client.ended), (["half"], []))

        class Whole(Wire):
            """
            Knows no half-close, as TLS.
            """

            loseWriteConnection = property()

        whole = Whole()
        self.transports.endWriting(whole)
        self.assertEqual(whole.ended, ["lose"])

    def test_close(self) -> None:
        """
        Both end in order, whichever is there.
        """
        alone = Wire()
        TransportPair(alone).close()
        self.assertEqual(alone.ended, ["lose"])
        self.joined()
        self.transports.close()
        self.assertEqual((self.client.ended, self.backend.ended), (["lose"], ["lose"]))
        self.assertIsNone(self.backend.producer)

    def test_reset(self) -> None:
        """
        Both are reset, whichever is there.
        """
        self.joined()
        self.transports.client = None
        self.transports.reset()
        self.assertEqual((self.client.ended, self.backend.ended), ([], ["abort"]))

    def test_gone(self) -> None:
        """
        Once neither is left.
        """
        self.joined()
        self.assertFalse(self.transports.gone)
        self.transports.client = None
        self.assertFalse(self.transports.gone)
        self.transports.backend = None
        self.assertTrue(self.transports.gone)

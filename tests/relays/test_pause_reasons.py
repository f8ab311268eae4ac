"""
Tests for L{vaurien_twisted.relays.pause_reasons}.
"""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from vaurien_twisted.relays.pause_reasons import FULL, PEER, UNCONNECTED, PauseReasons


class SourceTests(SynchronousTestCase):
    """
    A transport reads only while no reason to pause is left.
    """

    def setUp(self) -> None:
        self.transport = StringTransport()
        self.source = PauseReasons(self.transport)

    def reads(self) -> bool:
        """
        Whether the transport reads.
        """
        return bool(self.transport.producerState == "producing")

    def test_interface(self) -> None:
        """
        It is a push producer.
        """
        self.assertTrue(verifyObject(IPushProducer, self.source))

    def test_oneReason(self) -> None:
        """
        Given and gone.
        """
        self.assertTrue(self.reads())
        self.source.pause(FULL)
        self.assertFalse(self.reads())
        self.source.resume(FULL)
        self.assertTrue(self.reads())

    def test_severalReasons(self) -> None:
        """
        In whatever order they come and go, the last that goes lets it read.
        """
        self.source.pause(UNCONNECTED)
        self.source.pause(FULL)
        self.source.pauseProducing()
        self.source.resume(FULL)
        self.assertFalse(self.reads())
        self.source.resume(UNCONNECTED)
        self.assertFalse(self.reads())
        self.source.resumeProducing()
        self.assertTrue(self.reads())

    def test_peerDoesNotEndAWait(self) -> None:
        """
        A peer with room again does not resume what waits for another reason, and the
        end of the wait does not resume what the peer paused.
        """
        self.source.pause(FULL)
        self.source.resumeProducing()
        self.assertFalse(self.reads())
        self.source.pauseProducing()
        self.source.resume(FULL)
        self.assertFalse(self.reads())

    def test_twice(self) -> None:
        """
        A reason given twice goes at once; one that was not given changes nothing.
        """
        self.source.pause(FULL)
        self.source.pause(FULL)
        self.source.resume(FULL)
        self.assertTrue(self.reads())
        self.source.resume(PEER)
        self.assertTrue(self.reads())

    def test_paused(self) -> None:
        """
        Each reason can be asked about.
        """
        self.source.pause(FULL)
        self.assertEqual([self.source.paused(r) for r in (PEER, FULL, UNCONNECTED)], [0, 1, 0])

    def test_stop(self) -> None:
        """
        The other transport's end does not touch this one: the link ends it.
        """
        self.source.stopProducing()
        self.assertEqual(self.transport.producerState, "producing")
        self.assertFalse(self.transport.disconnecting)

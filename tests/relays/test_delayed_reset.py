"""
Tests for L{vaurien_twisted.relays.delayed_reset}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Pair
from vaurien_twisted.relays.byte_counter import ByteCounter
from vaurien_twisted.relays.delayed_reset import (
    LAST_READS,
    PATIENCE,
    DelayedReset,
    lowest,
    readLast,
)


class Buffering:
    """
    A transport that keeps what is written until it is told that there is room.
    """

    disconnecting = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self.producer: Any = None
        self.left = 3

    def write(self, data: bytes) -> None:
        """
        Nothing.
        """

    def unregisterProducer(self) -> None:
        """
        There is none.
        """
        self.producer = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        Ask it at once, as Twisted's own do.
        """
        assert not streaming
        self.producer = producer
        producer.resumeProducing()

    def startWriting(self) -> None:
        """
        Note it.
        """
        self.done.append("writing")

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.done.append("abort")

    def writeSomeData(self, data: bytes) -> Any:
        """
        It fails.
        """
        return ConnectionError()

    def doRead(self) -> Any:
        """
        There is a little.
        """
        self.left -= 1
        self.done.append("read")
        return None if self.left else ConnectionError()


class DelayedResetTests(SynchronousTestCase):
    """
    A reset comes behind what was written.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = Buffering()
        self.words = DelayedReset(ByteCounter(self.transport), self.clock)

    def test_pitfall28_behind(self) -> None:
        """
        Nothing is reset before the buffer is empty, and then once.
        """
        self.words.begin()
        self.clock.advance(0)
        self.assertEqual(self.transport.done, ["writing"])
        self.transport.producer.resumeProducing()
        self.assertEqual(self.transport.done, ["writing", "abort"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_pitfall28_patience(self) -> None:
        """
        An end that never reads holds nothing for ever.
        """
        self.words.begin()
        self.clock.advance(PATIENCE - 1)
        self.assertEqual(self.transport.done, ["writing"])
        self.clock.advance(1)
        self.assertEqual(self.transport.done, ["writing", "abort"])

    def test_pitfall28_gone(self) -> None:
        """
        A connection that is gone meanwhile is waited for no longer.
        """
        self.words.begin()
        self.words.stopProducing()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.transport.done, [])

    def test_pitfall28_reading(self) -> None:
        """
        Where writing fails, what was there to read is read first, within a bound.
        """
        readLast(ByteCounter(self.transport))
        self.assertIsInstance(self.transport.writeSomeData(b"x"), ConnectionError)
        self.assertEqual(self.transport.done, ["read"] * 3)
        self.transport.left = LAST_READS * 2
        self.transport.done.clear()
        self.transport.writeSomeData(b"x")
        self.assertLessEqual(len(self.transport.done), LAST_READS)
        self.assertIs(lowest(ByteCounter(self.transport)), self.transport)

    def test_pitfall28_ofALink(self) -> None:
        """
        The reset of either end waits for what was written to the other; that of a behavior,
        or of the proxy, does not.
        """
        for lose in (Pair.loseBackend, Pair.loseClient):
            pair = Pair()
            pair.client.sent = pair.backend.sent = False
            lose(pair, clean=False)
            other = pair.client if lose is Pair.loseBackend else pair.backend
            self.assertEqual(other.ended, [])
            (link,) = pair.factory.links
            link.reset()
            self.assertEqual(other.ended, ["abort"])
            pair.clock.advance(0)
            self.assertEqual(pair.clock.getDelayedCalls(), [])

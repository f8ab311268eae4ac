"""
Tests for L{vaurien_twisted.relays.memory}: what links may hold, and what that does not keep
from passing.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Pair
from vaurien_twisted.relays import memory
from vaurien_twisted.relays.memory import QUEUE_LIMIT, SHARE, Memory


class MemoryTests(SynchronousTestCase):
    """
    What the links of one proxy share.
    """

    def test_pitfall43_share(self) -> None:
        """
        Whatever others hold, a direction may hold its share.
        """
        held = Memory()
        self.assertTrue(held.allows(SHARE + 1))
        held.held = memory.PROXY_LIMIT
        self.assertFalse(held.allows(SHARE + 1))
        self.assertTrue(held.allows(SHARE))

    def hold(self, pair: Pair, size: int) -> None:
        """
        Send so much until the backend or the limit is reached.
        """
        for _ in range(0, size, 65536):
            if pair.backend.producerState == "paused":
                break
            pair.answer(b"x" * 65536)

    def test_pitfall43_latency(self) -> None:
        """
        What latency holds back is told, is given back, and pauses who sends more once the
        proxy holds its limit.
        """
        self.patch(memory, "PROXY_LIMIT", 2 * 2**20)
        pair = Pair(behavior="latency", options={"latency": 1000})
        self.hold(pair, 4 * 2**20)
        held = pair.factory.memory.held
        self.assertEqual(pair.backend.producerState, "paused")
        self.assertTrue(2 * 2**20 <= held < 3 * 2**20, held)
        (link,) = pair.factory.links
        self.assertEqual(link.held, held)
        pair.clock.advance(1)
        self.assertEqual(pair.backend.producerState, "producing")
        self.assertEqual(pair.factory.memory.held, 0)

    def test_pitfall43_gone(self) -> None:
        """
        A link that is gone holds nothing.
        """
        pair = Pair(behavior="latency", options={"latency": 1000})
        self.hold(pair, 2**20)
        self.assertGreater(pair.factory.memory.held, 2**20)
        pair.loseBackend(clean=False)
        self.assertEqual(pair.factory.memory.held, 0)

    def test_pitfall43_smallParts(self) -> None:
        """
        Parts of one byte cost what they cost in memory, not a byte.
        """
        pair = Pair(behavior="latency", options={"latency": 1000})
        for _ in range(100):
            pair.answer(b"x")
        self.assertGreater(pair.factory.memory.held, 100 * 200)

    def test_pitfall43_queues(self) -> None:
        """
        So it is with what waits in a write queue.
        """
        self.patch(memory, "PROXY_LIMIT", 2**20)
        pair = Pair("redis", "delay", options={"sleep": 1})
        for _ in range(10000):
            pair.ask(b"*1\r\n$4\r\nPING\r\n")
            if pair.client.producerState == "paused":
                break
        self.assertTrue(2**20 <= pair.factory.memory.held < 2**21)
        pair.clock.advance(1)
        self.assertEqual(pair.client.producerState, "producing")


class PipelineTests(SynchronousTestCase):
    """
    Exchanges are bounded by what they take, not by their number.
    """

    def test_pitfall21_waitsSideBySide(self) -> None:
        """
        Ten thousand requests that wait as long wait side by side.
        """
        pair = Pair("redis", "delay", options={"sleep": 1})
        request = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
        self.assertEqual(pair.ask(request * 10000), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), request * 10000)

    def test_pitfall21_latency(self) -> None:
        """
        So do they in a stage of latency.
        """
        pair = Pair("redis", "latency", options={"latency": 1000})
        request = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
        for _ in range(100):
            pair.ask(request * 100)
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), request * 10000)

    def test_pitfall21_repliesUnread(self) -> None:
        """
        A client that writes all before it reads anything is read on, for every protocol.
        """
        for wire, request in (
            ("redis", b"*2\r\n$4\r\nECHO\r\n$2000\r\n" + b"x" * 2000 + b"\r\n"),
            ("http", b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("memcache", b"get a\r\n"),
        ):
            for piece in (request, request * 7, request * 3 + request[:9]):
                pair = Pair(wire)
                rest = b""
                for _ in range(6000 // max(1, len(piece) // len(request))):
                    pair.ask(rest + piece)
                    rest = request[9:] if len(piece) % len(request) else b""
                self.assertEqual(pair.client.producerState, "producing", wire)

    def test_pitfall21_subjects(self) -> None:
        """
        Long subjects are forgotten once they are decided, and those of the latest count.
        """
        pair = Pair("redis", "delay", options={"sleep": 0, "before": False})
        request = b"*2\r\n$3\r\nGET\r\n$9999\r\n" + b"x" * 9999 + b"\r\n"
        for _ in range(1000):
            pair.ask(request)
        self.assertLess(pair.factory.memory.held, 12 * 2**20)

    def test_pitfall7_answersUnread(self) -> None:
        """
        A client that takes no answers is read no further when enough of them wait for it,
        and read on once it takes them.
        """
        pair = Pair("redis", "error")
        pair.client.producer.pauseProducing()
        for _ in range(400):
            pair.ask(b"*1\r\n$4\r\nPING\r\n" * 1000)
            if pair.client.producerState == "paused":
                break
        self.assertEqual(pair.client.producerState, "paused")
        self.assertTrue(QUEUE_LIMIT < len(pair.client.heard()) < 2 * QUEUE_LIMIT)
        self.assertGreater(pair.factory.memory.held, QUEUE_LIMIT)
        pair.client.producer.resumeProducing()
        self.assertEqual(pair.client.producerState, "producing")
        self.assertEqual(pair.factory.memory.held, 0)

    def test_pitfall21_quiet(self) -> None:
        """
        Any number of quiet commands may be answered by silence: what comes after is read,
        and answered.
        """
        pair = Pair("memcache")
        for _ in range(500):
            passed = pair.ask(b"mg key v q\r\n" * 1000)
            self.assertEqual(len(passed), 12 * 1000)
        self.assertEqual(pair.client.producerState, "producing")
        self.assertEqual(pair.ask(b"mn\r\n"), b"mn\r\n")
        self.assertEqual(pair.answer(b"MN\r\n"), b"MN\r\n")
        self.assertLess(pair.factory.memory.held, 10000)

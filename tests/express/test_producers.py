"""
Producers that are paced by what can be sent.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.protocols.basic import FileSender

from tests.express.support import LARGE, ExpressCase, Producer, RecordingBehavior, reset
from vaurien_twisted.express.writer import HIGH_WATER


class PushTests(ExpressCase):
    """
    Producers that are paused.
    """

    async def test_paced(self) -> None:
        """
        A producer is paused once, when much waits, and resumed when nothing does.
        """
        protocol, producer = RecordingBehavior(), Producer()
        peer = await self.pair(protocol)
        protocol.transport.registerProducer(producer, True)
        protocol.transport.write(b"small")
        self.assertEqual(producer.told, [])
        for _ in range(3):
            protocol.transport.write(b"x" * LARGE)
        self.assertEqual(producer.told, ["pause"])
        await self.read(peer, 5 + 3 * LARGE - 1)
        await self.until(lambda: len(producer.told) > 1)
        await self.turns(3)
        self.assertEqual(producer.told, ["pause", "resume"])

    async def test_highWater(self) -> None:
        """
        Up to the mark a producer is not paused.
        """
        protocol, producer = RecordingBehavior(), Producer()
        await self.pair(protocol)
        protocol.transport.write(b"x" * LARGE)
        waiting = len(protocol.transport._waiting)
        self.assertGreater(waiting, HIGH_WATER)
        protocol.transport._waiting = bytearray(b"x")
        protocol.transport.registerProducer(producer, True)
        protocol.transport.write(b"x" * (HIGH_WATER - 1))
        self.assertEqual(producer.told, [])
        protocol.transport.write(b"x")
        self.assertEqual(producer.told, ["pause"])

    async def test_closing(self) -> None:
        """
        A connection that is closed while its producer is paused goes on until that is
        unregistered.
        """
        protocol, producer = RecordingBehavior(), Producer()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        transport.registerProducer(producer, True)
        transport.write(b"x" * LARGE)
        transport.loseConnection()
        self.assertEqual(len(await self.read(peer, LARGE)), LARGE)
        await self.until(lambda: "resume" in producer.told)
        transport.write(b"last")
        await self.turns(2)
        self.assertIsNone(protocol.reason)
        transport.unregisterProducer()
        self.assertEqual(await self.read(peer, 5), b"last")
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionDone)
        self.assertNotIn("stop", producer.told)

    async def test_stopped(self) -> None:
        """
        The producer of a connection that is lost is stopped, before the protocol hears of it.
        """
        producer = Producer()
        told: list[str] = []
        protocol = RecordingBehavior(lost=lambda p: told.extend(producer.told))
        peer = await self.pair(protocol)
        protocol.transport.registerProducer(producer, True)
        reset(peer)
        await self.until(lambda: protocol.reason)
        self.assertEqual(told, ["stop"])

    async def test_stopRaises(self) -> None:
        """
        A producer that fails to stop is logged, and the protocol hears of the end.
        """
        protocol, producer = RecordingBehavior(), Producer()
        peer = await self.pair(protocol)
        producer.stopProducing = lambda: 1 // 0
        protocol.transport.registerProducer(producer, True)
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_second(self) -> None:
        """
        There is one producer at a time; after the end it is stopped at once.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        transport.registerProducer(Producer(), True)
        self.assertRaises(RuntimeError, transport.registerProducer, Producer(), True)
        peer.close()
        await self.until(lambda: protocol.reason)
        late = Producer()
        transport.registerProducer(late, True)
        self.assertEqual(late.told, ["stop"])

    async def test_eachOther(self) -> None:
        """
        Two connections pace each other: of 30 MB to a slow reader little is held here.
        """
        one, two = RecordingBehavior(), RecordingBehavior()
        source = await self.pair(one)
        sink = await self.pair(two)
        out, back = one.transport, two.transport
        out.registerProducer(back, True)
        back.registerProducer(out, True)
        one.dataReceived = back.write
        most = sent = heard = 0
        block = b"x" * 2**18
        while heard < 3 * LARGE:
            with contextlib.suppress(BlockingIOError):
                while sent < 3 * LARGE:
                    sent += source.send(block[: 3 * LARGE - sent])
            most = max(most, len(back._waiting or b""))
            await self.turns()
            with contextlib.suppress(BlockingIOError):
                heard += len(sink.recv(10**6))
        self.assertEqual(heard, 3 * LARGE)
        self.assertGreater(most, HIGH_WATER)
        self.assertLessEqual(most, HIGH_WATER + 2**18)


class PullTests(ExpressCase):
    """
    Producers that are asked.
    """

    async def test_small(self) -> None:
        """
        A producer is asked again though the kernel takes each piece at once, and not from
        within a write.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        depth = [0]

        def produce() -> None:
            depth[0] += 1
            self.assertEqual(depth[0], 1)
            transport.write(b"piece")
            depth[0] -= 1
            if len(producer.told) == 1000:
                transport.unregisterProducer()
                transport.loseConnection()

        producer = Producer(produce)
        transport.registerProducer(producer, False)
        self.assertEqual(await self.read(peer, 6000), b"piece" * 1000)
        self.assertEqual(protocol.reason, ConnectionDone)

    async def test_file(self) -> None:
        """
        A file sender of Twisted's sends its file.
        """
        path = self.mktemp()
        content = os.urandom(10**6)
        with open(path, "wb") as made:
            made.write(content)
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        with open(path, "rb") as file:
            sending = FileSender().beginFileTransfer(file, protocol.transport)
            heard = await self.read(peer, len(content))
            await sending
        self.assertTrue(heard == content)

    async def test_silent(self) -> None:
        """
        A producer that has nothing is not asked all the time, and the connection that
        is closed meanwhile waits for it.
        """
        protocol, producer = RecordingBehavior(), Producer()
        await self.pair(protocol)
        protocol.transport.registerProducer(producer, False)
        protocol.transport.loseConnection()
        await self.sleep(0.03)
        self.assertLessEqual(len(producer.told), 2)
        self.assertIsNone(protocol.reason)
        protocol.transport.unregisterProducer()
        await self.until(lambda: protocol.reason)

    async def test_raises(self) -> None:
        """
        A producer that raises is logged and ends the connection.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)

        def produce() -> None:
            if len(producer.told) > 1:
                raise ZeroDivisionError("a bug")
            protocol.transport.write(b"x")

        producer = Producer(produce)
        protocol.transport.registerProducer(producer, False)
        self.assertEqual(await self.read(peer, 2), b"x")
        self.assertEqual(protocol.reason, ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_fromResume(self) -> None:
        """
        Aborting, closing and pausing from within C{resumeProducing} are as from elsewhere.
        """
        for act in ("abortConnection", "loseConnection", "pauseProducing"):
            protocol = RecordingBehavior()
            peer = await self.pair(protocol)
            transport: Any = protocol.transport

            def produce(act: str = act, transport: Any = transport) -> None:
                getattr(transport, act)()

            transport.registerProducer(Producer(produce), False)
            self.assertNotIn("lost", protocol.said)
            await self.turns(2)
            transport.unregisterProducer()
            await self.turns(3)
            self.assertEqual(protocol.reason is None, act == "pauseProducing")
            peer.close()
            transport.resumeProducing()
            await self.until(lambda protocol=protocol: protocol.reason)

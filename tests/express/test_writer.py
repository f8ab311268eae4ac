"""
WriteHalf, and producers.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.error import ConnectionLost

from tests.express.support import LARGE, ExpressCase, RecordingBehavior


class WritingTests(ExpressCase):
    """
    Bytes go out.
    """

    async def test_atOnce(self) -> None:
        """
        What the kernel takes is there when C{write} returns.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        protocol.transport.write(b"now")
        self.assertEqual(self.readNow(peer, 10), b"now")

    async def test_slowReader(self) -> None:
        """
        To a slow reader all bytes get in order, in many parts.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        block = os.urandom(10**6)
        for _ in range(LARGE // len(block)):
            protocol.transport.write(block)
        heard = bytearray()
        while len(heard) < LARGE:
            heard += await self.read(peer, 250000)
            await self.turns()
        self.assertTrue(heard == block * (LARGE // len(block)))
        protocol.transport.write(b"then at once")
        self.assertEqual(self.readNow(peer, 20), b"then at once")

    async def test_bytesLike(self) -> None:
        """
        Whatever holds bytes is written, as it was at the time.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        first, second = bytearray(b"x" * LARGE), bytearray(b"abc")
        protocol.transport.write(memoryview(first))
        protocol.transport.write(second)
        protocol.transport.write(memoryview(b"de"))
        first[-1:] = b"!"
        second.clear()
        heard = await self.read(peer, LARGE + 5)
        self.assertTrue(heard == b"x" * LARGE + b"abcde")

    async def test_nothing(self) -> None:
        """
        No bytes are no bytes, also behind others.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        for amount in (0, LARGE, 0):
            protocol.transport.write(b"x" * amount)
        protocol.transport.writeSequence([])
        protocol.transport.loseConnection()
        self.assertEqual(len(await self.read(peer, LARGE + 1)), LARGE)

    async def test_sequence(self) -> None:
        """
        Pieces are sent as one, from any iterable.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        protocol.transport.writeSequence(piece for piece in (b"a", b"b", b"c"))
        self.assertEqual(self.readNow(peer, 10), b"abc")

    async def test_noBytes(self) -> None:
        """
        What is no bytes is refused, whether or not something waits.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        for _ in range(2):
            self.assertRaises(TypeError, transport.write, "text")
            self.assertRaises(TypeError, transport.writeSequence, [b"x", "text"])
            transport.write(b"x" * LARGE)
        transport.loseConnection()
        self.assertEqual(len(await self.read(peer, 3 * LARGE)), 2 * LARGE)

    async def test_withinDataReceived(self) -> None:
        """
        WriteHalf in C{dataReceived} while much waits keeps the order.
        """
        protocol = RecordingBehavior(data=lambda p: p.transport.write(b"y"))
        peer = await self.pair(protocol)
        protocol.transport.write(b"x" * LARGE)
        peer.send(b"?")
        await self.until(lambda: protocol.data)
        self.assertTrue(await self.read(peer, LARGE + 1) == b"x" * LARGE + b"y")


class BrokenTests(ExpressCase):
    """
    Sockets on which sending fails.
    """

    async def test_failsLater(self) -> None:
        """
        A write that fails tells the protocol, but not from within the write.
        """
        protocol = RecordingBehavior()
        await self.pair(protocol)
        protocol.transport.getHandle().shutdown(socket.SHUT_WR)
        protocol.transport.write(b"x")
        protocol.transport.write(b"y")
        self.assertNotIn("lost", protocol.said)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionLost)

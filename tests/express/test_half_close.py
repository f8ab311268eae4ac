"""
Half-closing, both ways.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.error import ConnectionDone

from tests.express.support import (
    LARGE,
    Counting,
    ExpressCase,
    HalfNoting,
    Producer,
    RecordingBehavior,
)


class HalfCloseTests(ExpressCase):
    """
    One half ends, the other goes on.
    """

    async def test_peers(self) -> None:
        """
        After the peer's half has ended it can be written to, and nothing spins.
        """
        protocol = HalfNoting()
        peer = await self.pair(protocol)
        peer.send(b"question")
        peer.shutdown(socket.SHUT_WR)
        await self.until(lambda: "readLost" in protocol.said)
        count = Counting(self)
        await self.sleep(0.03)
        self.assertLessEqual(count.wakes, 3)
        protocol.transport.resumeProducing()
        protocol.transport.write(b"answer")
        protocol.transport.loseConnection()
        self.assertEqual(await self.read(peer, 10), b"answer")
        self.assertEqual(protocol.said, ["made", "data", "readLost", "lost"])
        self.assertEqual(protocol.reason, ConnectionDone)

    async def test_own(self) -> None:
        """
        After all was sent the own half ends; what is written then is dropped, what the
        peer sends is received.
        """
        protocol = HalfNoting()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        transport.write(b"x" * LARGE)
        transport.loseWriteConnection()
        transport.loseWriteConnection()
        self.assertEqual(len(await self.read(peer, LARGE + 1)), LARGE)
        await self.until(lambda: "writeLost" in protocol.said)
        transport.write(b"dropped")
        peer.send(b"answer")
        await self.until(lambda: protocol.data == b"answer")
        self.assertEqual(await self.read(peer, 10), b"")
        peer.close()
        await self.until(lambda: "readLost" in protocol.said)
        self.assertIsNone(protocol.reason)
        transport.loseConnection()
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.said.count("writeLost"), 1)

    async def test_later(self) -> None:
        """
        C{writeConnectionLost} never comes from within C{loseWriteConnection}.
        """
        inside: list[list[str]] = []

        def act(protocol: RecordingBehavior) -> None:
            protocol.transport.loseWriteConnection()
            inside.append(list(protocol.said))

        protocol = HalfNoting(made=act)
        peer = await self.pair(protocol)
        self.assertEqual(await self.read(peer, 1), b"")
        self.assertEqual(inside, [["made"]])

    async def test_producer(self) -> None:
        """
        A pull producer goes on producing, then the half ends.
        """
        protocol = HalfNoting()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport

        def produce() -> None:
            transport.write(b"piece")
            if len(producer.told) == 10:
                transport.unregisterProducer()

        producer = Producer(produce)
        transport.registerProducer(producer, False)
        transport.loseWriteConnection()
        self.assertEqual(await self.read(peer, 100), b"piece" * 10)
        self.assertIn("writeLost", protocol.said)

    async def test_closeAfter(self) -> None:
        """
        Closing after a half-close that has not been done yet flushes, too.
        """
        protocol = HalfNoting()
        peer = await self.pair(protocol)
        protocol.transport.write(b"x" * LARGE)
        protocol.transport.loseWriteConnection()
        protocol.transport.loseConnection()
        self.assertEqual(len(await self.read(peer, LARGE + 1)), LARGE)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.said, ["made", "lost"])

    async def test_bothEnded(self) -> None:
        """
        A connection of which both halves have ended stays until it is closed, and does
        not spin.
        """
        protocol = HalfNoting(readLost=lambda p: p.transport.loseWriteConnection())
        peer = await self.pair(protocol)
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(await self.read(peer, 1), b"")
        await self.until(lambda: "writeLost" in protocol.said)
        # Another connection keeps the poller registered, so that there is something to count.
        await self.pair(RecordingBehavior())
        count = Counting(self)
        await self.sleep(0.03)
        self.assertLessEqual(count.wakes, 3)
        self.assertIsNone(protocol.reason)
        protocol.transport.loseConnection()
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionDone)

    async def test_notificationsRaise(self) -> None:
        """
        A protocol that raises when told of a half is logged and loses the other.
        """

        def bug(protocol: RecordingBehavior) -> None:
            raise ZeroDivisionError("a bug")

        for name in ("readLost", "writeLost"):
            protocol = HalfNoting(**{name: bug})
            peer = await self.pair(protocol)
            if name == "readLost":
                peer.shutdown(socket.SHUT_WR)
            else:
                protocol.transport.loseWriteConnection()
            await self.until(lambda protocol=protocol: protocol.reason)
            self.assertEqual(protocol.reason, ZeroDivisionError)
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_unaware(self) -> None:
        """
        A protocol that does not know of halves loses the connection with the first.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(await self.read(peer, 1), b"")
        self.assertEqual(protocol.reason, ConnectionDone)

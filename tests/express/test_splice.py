"""
Transports that are joined: what one reads the other sends.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from tests.express.support import LARGE, ExpressCase, HalfNoting


class Pausing:
    """
    Pauses what is read when what is written has no room, as links do.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self.pauses = 0

    def pauseProducing(self) -> None:
        """
        No room.
        """
        self.pauses += 1
        self._source.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Room.
        """
        self._source.resumeProducing()

    def stopProducing(self) -> None:
        """
        The end.
        """


class JointTests(ExpressCase):
    """
    Two sockets, each connected to a protocol, of which the transports are joined.
    """

    async def joined(
        self, gate: Any = None
    ) -> tuple[socket.socket, HalfNoting, HalfNoting, socket.socket]:
        """
        One peer, its protocol, the other's protocol, and the other peer.
        """
        one, other = HalfNoting(), HalfNoting()
        peer, far = await self.pair(one), await self.pair(other)
        one.transport.spliceTo(other.transport, gate)
        other.transport.spliceTo(one.transport)
        for each in (one, other):
            self.addCleanup(each.transport.spliceTo, None)
        return peer, one, other, far

    async def test_bothWays(self) -> None:
        """
        Bytes pass both ways and are counted; no protocol sees them.
        """
        peer, one, other, far = await self.joined()
        peer.send(b"there")
        self.assertEqual(await self.read(far, 5), b"there")
        far.send(b"and back")
        self.assertEqual(await self.read(peer, 8), b"and back")
        self.assertEqual((one.data, other.data), (b"", b""))
        self.assertEqual((one.transport.bytesRead, other.transport.bytesWritten), (5, 5))
        self.assertEqual((other.transport.bytesRead, one.transport.bytesWritten), (8, 8))

    async def test_large(self) -> None:
        """
        What the other side does not take yet waits, paces the one that sends, and comes whole.
        """
        peer, one, other, far = await self.joined()
        # The kernel would else take all of it.
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        pausing = Pausing(one.transport)
        other.transport.registerProducer(pausing, True)
        # While something waits that is too little to pause for, the protocol sees the bytes.
        one.dataReceived = other.transport.write
        data = bytes(range(256)) * (LARGE // 256)
        sent, heard = 0, bytearray()
        while len(heard) < len(data):
            with contextlib.suppress(BlockingIOError):
                sent += peer.send(data[sent : sent + 2**20])
            if pausing.pauses:
                heard += await self.read(far, min(2**16, sent - len(heard)))
            else:
                await self.turns()
        self.assertEqual(heard, data)
        self.assertEqual(one.transport.bytesRead, len(data))
        self.assertEqual(other.transport.bytesWritten, len(data))
        other.transport.unregisterProducer()

    async def test_ends(self) -> None:
        """
        The end of what is sent is told to the protocol, and the other way still works.
        """
        peer, one, _, far = await self.joined()
        peer.send(b"all")
        peer.shutdown(socket.SHUT_WR)
        await self.until(lambda: "readLost" in one.said)
        self.assertEqual(await self.read(far, 3), b"all")
        far.send(b"heard")
        self.assertEqual(await self.read(peer, 5), b"heard")

    async def test_targetGone(self) -> None:
        """
        Bytes for a transport that is gone are dropped, and both protocols are told.
        """
        peer, one, other, far = await self.joined()
        far.close()
        await self.until(lambda: "readLost" in other.said)
        other.transport.loseConnection()
        await self.until(lambda: "lost" in other.said)
        peer.send(b"too late")
        await self.until(lambda: one.data)
        self.assertEqual(one.data, b"too late")

    async def test_pauses(self) -> None:
        """
        A paused transport reads nothing; what came meanwhile goes on when it is resumed.
        """
        peer, one, _, far = await self.joined()
        one.transport.pauseProducing()
        peer.send(b"waits")
        await self.turns(5)
        self.assertRaises(BlockingIOError, far.recv, 1)
        one.transport.resumeProducing()
        self.assertEqual(await self.read(far, 5), b"waits")

    async def test_parts(self) -> None:
        """
        Parted, the protocol has the bytes; joined again, the other transport.
        """
        peer, one, other, far = await self.joined()
        one.transport.spliceTo(None)
        peer.send(b"mine")
        await self.until(lambda: one.data == b"mine")
        one.transport.spliceTo(other.transport)
        peer.send(b"yours")
        self.assertEqual(await self.read(far, 5), b"yours")
        self.assertEqual(one.data, b"mine")

    async def test_gate(self) -> None:
        """
        Bytes that the gate does not let pass are the protocol's.
        """
        asked = []

        def gate(data: bytes) -> bool:
            asked.append(data)
            return data.startswith(b"pass")

        peer, one, _, far = await self.joined(gate)
        peer.send(b"pass 1")
        self.assertEqual(await self.read(far, 6), b"pass 1")
        peer.send(b"stop 2")
        await self.until(lambda: one.data == b"stop 2")
        self.assertEqual(asked, [b"pass 1", b"stop 2"])
        self.assertEqual(one.transport.bytesRead, 12)

    async def test_gateRaises(self) -> None:
        """
        A gate that raises ends nothing but what it was asked about: the next are asked anew.
        """
        fails = [True]

        def gate(data: bytes) -> bool:
            if fails.pop():
                raise ValueError("by the test")
            return True

        peer, _, _, far = await self.joined(gate)
        fails.insert(0, False)
        peer.send(b"lost")
        await self.until(lambda: len(fails) == 1)
        peer.send(b"pass")
        self.assertEqual(await self.read(far, 4), b"pass")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    async def test_readsAnyway(self) -> None:
        """
        A transport is joined before it has begun to read as well.
        """
        one, other = HalfNoting(), HalfNoting()
        far = await self.pair(other)
        one.doing["made"] = lambda p: p.transport.spliceTo(other.transport)
        peer = await self.pair(one)
        peer.send(b"from the first")
        self.assertEqual(await self.read(far, 14), b"from the first")
        self.assertEqual(one.data, b"")
        one.transport.spliceTo(None)

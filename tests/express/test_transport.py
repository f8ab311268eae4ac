"""
Reading, pausing and ending.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableDescriptor,
    IPushProducer,
    ISystemHandle,
    ITCPTransport,
)
from zope.interface.verify import verifyObject

from tests.express.support import Counting, ExpressCase, RecordingBehavior, reset
from vaurien_twisted.express.transport import MOST_READ


class ReadingTests(ExpressCase):
    """
    Bytes come in.
    """

    async def test_interfaces(self) -> None:
        """
        It provides what Twisted's transports do.
        """
        protocol = RecordingBehavior()
        await self.pair(protocol)
        for interface in (ITCPTransport, IPushProducer, IConsumer, ISystemHandle):
            verifyObject(interface, protocol.transport)
        self.assertFalse(IHalfCloseableDescriptor.providedBy(protocol))

    async def test_data(self) -> None:
        """
        What the peer sends is received, small and large.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        peer.send(b"small")
        await self.until(lambda: protocol.data == b"small")
        large = bytes(range(256)) * 8192
        sent = 0
        while sent < len(large):
            try:
                sent += peer.send(large[sent:])
            except BlockingIOError:
                await self.turns()
        await self.until(lambda: len(protocol.data) == 5 + len(large))
        self.assertEqual(bytes(protocol.data[5:]), large)

    async def test_fewReads(self) -> None:
        """
        Once a read has been full the next ones take as much as there is.
        """
        protocol = RecordingBehavior(made=lambda p: p.transport.pauseProducing())
        peer = await self.pair(protocol)
        sent = 0
        while sent < 2**20:
            try:
                sent += peer.send(b"x" * 2**16)
            except BlockingIOError:
                break
        protocol.transport.resumeProducing()
        await self.until(lambda: len(protocol.data) == sent)
        self.assertLessEqual(protocol.said.count("data"), 3 + sent // (MOST_READ // 2))

    async def test_end(self) -> None:
        """
        An orderly end is C{ConnectionDone}.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        peer.send(b"last words")
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionDone)
        self.assertEqual(protocol.said, ["made", "data", "lost"])

    async def test_reset(self) -> None:
        """
        A reset is C{ConnectionLost}, after what was sent before it.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        peer.send(b"last words")
        reset(peer)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionLost)
        self.assertEqual(protocol.data, b"last words")

    async def test_raises(self) -> None:
        """
        A protocol that raises is logged and loses its connection; others do not.
        """

        def bug(protocol: RecordingBehavior) -> None:
            raise ZeroDivisionError("a bug")

        other, protocol = RecordingBehavior(), RecordingBehavior(data=bug)
        otherPeer = await self.pair(other)
        peer = await self.pair(protocol)
        peer.send(b"x")
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(await self.read(peer, 1), b"")
        otherPeer.send(b"y")
        await self.until(lambda: other.data == b"y")

    async def test_raisesAtTheEnd(self) -> None:
        """
        A protocol that raises in C{connectionLost} is logged.
        """

        def bug(protocol: RecordingBehavior) -> None:
            raise ZeroDivisionError("a bug")

        protocol = RecordingBehavior(lost=bug)
        peer = await self.pair(protocol)
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_raisesWhenMade(self) -> None:
        """
        A protocol that raises in C{connectionMade} is logged and its connection closed.
        """

        def bug(protocol: RecordingBehavior) -> None:
            raise ZeroDivisionError("a bug")

        protocol = RecordingBehavior(made=bug)
        peer = await self.pair(protocol)
        self.assertEqual(await self.read(peer, 1), b"")
        self.assertEqual(protocol.said, ["made", "lost"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class PausingTests(ExpressCase):
    """
    Nothing is read meanwhile, and nothing is done.
    """

    async def test_beforeTheFirstRead(self) -> None:
        """
        Pausing in C{connectionMade} comes before all reads.
        """
        protocol = RecordingBehavior(made=lambda p: p.transport.pauseProducing())
        peer = await self.pair(protocol)
        peer.send(b"x")
        await self.turns(10)
        self.assertEqual(protocol.said, ["made"])
        protocol.transport.resumeProducing()
        await self.until(lambda: protocol.data)

    async def test_twice(self) -> None:
        """
        Pausing and resuming twice are as once, also within C{dataReceived}.
        """

        def toggle(protocol: RecordingBehavior) -> None:
            transport: Any = protocol.transport
            transport.pauseProducing()
            transport.pauseProducing()
            transport.resumeProducing()
            transport.resumeProducing()
            transport.pauseProducing()

        protocol = RecordingBehavior(data=toggle)
        peer = await self.pair(protocol)
        peer.send(b"x")
        await self.until(lambda: protocol.data)
        peer.send(b"y")
        await self.turns(10)
        self.assertEqual(protocol.data, b"x")
        protocol.transport.resumeProducing()
        await self.until(lambda: protocol.data == b"xy")

    async def test_idle(self) -> None:
        """
        While paused, whatever the peer does costs a few wakes and no more.
        """
        for act, reason in (
            (lambda peer: peer.send(b"more"), None),
            (lambda peer: peer.close(), ConnectionDone),
            (reset, ConnectionLost),
        ):
            protocol = RecordingBehavior()
            peer = await self.pair(protocol)
            peer.send(b"x")
            await self.until(lambda protocol=protocol: protocol.data)
            protocol.transport.pauseProducing()
            count = Counting(self)
            act(peer)
            await self.sleep(0.05)
            self.assertLessEqual(count.wakes, 3)
            self.assertEqual(protocol.said, ["made", "data"])
            protocol.transport.resumeProducing()
            if reason is None:
                await self.until(lambda protocol=protocol: protocol.data == b"xmore")
            else:
                await self.until(lambda protocol=protocol: protocol.reason)
            self.assertEqual(protocol.reason, reason)

    async def test_unreadAtTheReset(self) -> None:
        """
        What came before a reset is read after a pause.
        """
        protocol = RecordingBehavior(made=lambda p: p.transport.pauseProducing())
        peer = await self.pair(protocol)
        peer.send(b"before")
        reset(peer)
        await self.turns(5)
        protocol.transport.resumeProducing()
        await self.until(lambda: protocol.reason)
        self.assertEqual((protocol.data, protocol.reason), (b"before", ConnectionLost))

    async def test_stopReading(self) -> None:
        """
        The names that Twisted's transports have for it do the same.
        """
        protocol = RecordingBehavior(made=lambda p: p.transport.stopReading())
        peer = await self.pair(protocol)
        peer.send(b"x")
        await self.turns(5)
        self.assertFalse(protocol.data)
        protocol.transport.startReading()
        await self.until(lambda: protocol.data)

    async def test_whileEnding(self) -> None:
        """
        Resuming does not read on once the connection is being closed.
        """
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        peer.send(b"x")
        protocol.transport.loseConnection()
        protocol.transport.resumeProducing()
        await self.until(lambda: protocol.reason)
        protocol.transport.resumeProducing()
        self.assertEqual(protocol.said, ["made", "lost"])

"""
Reading, pausing and ending.
"""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableDescriptor,
    IPushProducer,
    ISystemHandle,
    ITCPTransport,
)
from zope.interface.verify import verifyObject

from tests.express.support import Counting, ExpressCase, HalfNoting, Noting, reset
from vaurien_twisted.express.transport import MOST_READ


class ReadingTests(ExpressCase):
    """
    Bytes come in.
    """

    async def test_interfaces(self) -> None:
        """
        It provides what Twisted's transports do.
        """
        protocol = Noting()
        await self.pair(protocol)
        for interface in (ITCPTransport, IPushProducer, IConsumer, ISystemHandle):
            verifyObject(interface, protocol.transport)
        self.assertFalse(IHalfCloseableDescriptor.providedBy(protocol))

    async def test_data(self) -> None:
        """
        What the peer sends is received, small and large.
        """
        protocol = Noting()
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
        protocol = Noting(made=lambda p: p.transport.pauseProducing())
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
        protocol = Noting()
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
        protocol = Noting()
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

        def bug(protocol: Noting) -> None:
            raise ZeroDivisionError("a bug")

        other, protocol = Noting(), Noting(data=bug)
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

        def bug(protocol: Noting) -> None:
            raise ZeroDivisionError("a bug")

        protocol = Noting(lost=bug)
        peer = await self.pair(protocol)
        peer.close()
        await self.until(lambda: protocol.reason)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_raisesWhenMade(self) -> None:
        """
        A protocol that raises in C{connectionMade} is logged and its connection closed.
        """

        def bug(protocol: Noting) -> None:
            raise ZeroDivisionError("a bug")

        protocol = Noting(made=bug)
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
        protocol = Noting(made=lambda p: p.transport.pauseProducing())
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

        def toggle(protocol: Noting) -> None:
            transport: Any = protocol.transport
            transport.pauseProducing()
            transport.pauseProducing()
            transport.resumeProducing()
            transport.resumeProducing()
            transport.pauseProducing()

        protocol = Noting(data=toggle)
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
            protocol = Noting()
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
            await self.turns(5)
            self.assertEqual(protocol.reason, reason)

    async def test_unreadAtTheReset(self) -> None:
        """
        What came before a reset is read after a pause.
        """
        protocol = Noting(made=lambda p: p.transport.pauseProducing())
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
        protocol = Noting(made=lambda p: p.transport.stopReading())
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
        protocol = Noting()
        peer = await self.pair(protocol)
        peer.send(b"x")
        protocol.transport.loseConnection()
        protocol.transport.resumeProducing()
        await self.until(lambda: protocol.reason)
        protocol.transport.resumeProducing()
        self.assertEqual(protocol.said, ["made", "lost"])


class EndingTests(ExpressCase):
    """
    Closing and aborting.
    """

    async def test_later(self) -> None:
        """
        C{connectionLost} never comes from within a call of the transport's.
        """
        for ending, reason in (
            ("loseConnection", ConnectionDone),
            ("abortConnection", ConnectionAborted),
            ("stopProducing", ConnectionDone),
            ("stopConsuming", ConnectionDone),
        ):
            for place in ("made", "data"):
                inside: list[list[str]] = []

                def act(protocol: Noting, ending: str = ending, inside: Any = inside) -> None:
                    getattr(protocol.transport, ending)()
                    getattr(protocol.transport, ending)()
                    protocol.transport.write(b"z")
                    inside.append(list(protocol.said))

                protocol = Noting(**{place: act})
                peer = await self.pair(protocol)
                # It may be reset already.
                with contextlib.suppress(ConnectionError):
                    peer.send(b"x")
                await self.until(lambda protocol=protocol: protocol.reason)
                self.assertNotIn("lost", inside[0])
                self.assertEqual(protocol.reason, reason)
                self.assertEqual(protocol.said.count("lost"), 1)

    async def test_abort(self) -> None:
        """
        Aborting is a reset for the peer, also with much unsent.
        """
        for amount in (0, 10**7):
            protocol = Noting()
            peer = await self.pair(protocol)
            protocol.transport.write(b"x" * amount)
            protocol.transport.abortConnection()
            self.assertEqual(await self.readError(peer), ConnectionResetError)
            self.assertEqual(protocol.reason, ConnectionAborted)

    async def test_abortWhileClosing(self) -> None:
        """
        What waits to be flushed is dropped by an abort.
        """
        protocol = Noting()
        peer = await self.pair(protocol)
        protocol.transport.write(b"x" * 10**7)
        protocol.transport.loseConnection()
        await self.turns(2)
        self.assertIsNone(protocol.reason)
        protocol.transport.abortConnection()
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionAborted)
        self.assertEqual(await self.readError(peer), ConnectionResetError)

    async def test_flush(self) -> None:
        """
        Closing sends 10 MB first.
        """
        protocol = Noting()
        peer = await self.pair(protocol)
        block = bytes(range(250)) * 40000
        protocol.transport.write(block)
        protocol.transport.loseConnection()
        self.assertTrue(protocol.transport.disconnecting)
        heard = await self.read(peer, len(block) + 1)
        self.assertEqual(heard, block)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionDone)

    async def test_writeWhileClosing(self) -> None:
        """
        What is written after C{loseConnection} and before the end is still sent.
        """
        protocol = Noting()
        peer = await self.pair(protocol)
        protocol.transport.loseConnection()
        protocol.transport.write(b"late")
        self.assertEqual(await self.read(peer, 5), b"late")

    async def test_over(self) -> None:
        """
        Nothing that is called after the end does anything.
        """
        protocol = Noting()
        peer = await self.pair(protocol)
        transport: Any = protocol.transport
        peer.close()
        await self.until(lambda: protocol.reason)
        for call in (
            transport.loseConnection,
            transport.abortConnection,
            transport.loseWriteConnection,
            transport.pauseProducing,
            transport.resumeProducing,
            transport.unregisterProducer,
        ):
            call()
        transport.write(b"x")
        transport.writeSequence([b"x", b"y"])
        await self.turns(3)
        self.assertEqual(protocol.said, ["made", "lost"])
        self.assertEqual((transport.connected, transport.disconnected), (False, True))
        self.assertEqual(transport.fileno(), -1)


class ResetTests(ExpressCase):
    """
    A peer that has reset while it was written to.
    """

    async def test_answerBefore(self) -> None:
        """
        What the peer had sent before it closed is received, though writing has failed.
        """

        def stop(protocol: Noting) -> None:
            protocol.transport.pauseProducing()

        protocol = Noting(made=stop)
        peer = await self.pair(protocol)
        peer.send(b"too large")
        reset(peer)
        await self.turns(2)
        protocol.transport.resumeProducing()
        protocol.transport.write(b"x")
        protocol.transport.write(b"y")
        await self.until(lambda: protocol.reason)
        self.assertEqual((protocol.data, protocol.reason), (b"too large", ConnectionLost))

    async def test_paused(self) -> None:
        """
        Writing to it ends the connection though nothing is read.
        """
        protocol = Noting(made=lambda p: p.transport.pauseProducing())
        peer = await self.pair(protocol)
        reset(peer)
        await self.turns(2)
        protocol.transport.write(b"x")
        self.assertNotIn("lost", protocol.said)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionLost)

    async def test_whileWaiting(self) -> None:
        """
        A reset while much waits to be sent is noticed, paused or not.
        """
        for paused in (False, True):
            protocol = Noting()
            peer = await self.pair(protocol)
            if paused:
                protocol.transport.pauseProducing()
            protocol.transport.write(b"x" * 10**7)
            await self.turns(2)
            reset(peer)
            await self.until(lambda protocol=protocol: protocol.reason)
            self.assertEqual(protocol.reason, ConnectionLost)

    async def test_halfClosed(self) -> None:
        """
        A reset is noticed after the peer has ended its half.
        """
        protocol = HalfNoting()
        peer = await self.pair(protocol)
        peer.shutdown(1)
        await self.until(lambda: "readLost" in protocol.said)
        reset(peer)
        await self.until(lambda: protocol.reason)
        self.assertEqual(protocol.reason, ConnectionLost)

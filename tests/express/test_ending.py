"""
Closing, aborting, and resets.
"""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost

from tests.express.support import ExpressCase, HalfNoting, RecordingBehavior, reset


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

                def act(
                    protocol: RecordingBehavior, ending: str = ending, inside: Any = inside
                ) -> None:
                    getattr(protocol.transport, ending)()
                    getattr(protocol.transport, ending)()
                    protocol.transport.write(b"z")
                    inside.append(list(protocol.said))

                protocol = RecordingBehavior(**{place: act})
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
            protocol = RecordingBehavior()
            peer = await self.pair(protocol)
            protocol.transport.write(b"x" * amount)
            protocol.transport.abortConnection()
            self.assertEqual(await self.readError(peer), ConnectionResetError)
            self.assertEqual(protocol.reason, ConnectionAborted)

    async def test_abortWhileClosing(self) -> None:
        """
        What waits to be flushed is dropped by an abort.
        """
        protocol = RecordingBehavior()
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
        protocol = RecordingBehavior()
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
        protocol = RecordingBehavior()
        peer = await self.pair(protocol)
        protocol.transport.loseConnection()
        protocol.transport.write(b"late")
        self.assertEqual(await self.read(peer, 5), b"late")

    async def test_over(self) -> None:
        """
        Nothing that is called after the end does anything.
        """
        protocol = RecordingBehavior()
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

        def stop(protocol: RecordingBehavior) -> None:
            protocol.transport.pauseProducing()

        protocol = RecordingBehavior(made=stop)
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
        WriteHalf to it ends the connection though nothing is read.
        """
        protocol = RecordingBehavior(made=lambda p: p.transport.pauseProducing())
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
            protocol = RecordingBehavior()
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

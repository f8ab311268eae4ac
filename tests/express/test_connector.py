"""
Connecting.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import (
    ConnectBindError,
    ConnectError,
    ConnectingCancelledError,
    ConnectionRefusedError,
    NoProtocol,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.express.support import (
    Endless,
    ExpressCase,
    HalfNoting,
    Late,
    RecordingBehavior,
    attempt,
    theReactor,
)
from tests.express.test_port import Building
from tests.ports import freePort
from vaurien_twisted.express import connector
from vaurien_twisted.express.connected_socket import toAddress
from vaurien_twisted.express.connector import isSourcePort
from vaurien_twisted.express.poller import pollerFor


class AttemptTests(ExpressCase):
    """
    To ports of this machine.
    """

    def attempt(self, port: int, factory: Any, *more: Any) -> Deferred[Any]:
        """
        Connect, with another kind of socket, or in another time.
        """
        self.addCleanup(self.ended)
        return attempt(theReactor(), port, factory, *more)

    async def server(self) -> tuple[Building, int]:
        """
        A factory that listens, and where.
        """
        factory = Building()
        return factory, (await self.listen(factory)).getHost().port

    async def atOnce(self, number: int) -> tuple[Deferred[Any], Building]:
        """
        A connection that was made at once, as they are on this machine unless the kernel
        has other things to do; and its factory.
        """
        while True:
            client = Building()
            made = self.attempt(number, client)
            if made.called:
                return made, client
            protocol = await made
            protocol.transport.abortConnection()

    async def test_connect(self) -> None:
        """
        At once or later, the protocol is connected and its factory in use until the end.
        """
        server, number = await self.server()
        for kind in (socket.SocketType, Late):
            client = Building()
            if kind is socket.SocketType:
                made, client = await self.atOnce(number)
            else:
                made = self.attempt(number, client, kind)
                self.assertFalse(made.called)
            protocol = await made
            self.assertEqual(client.running, 1)
            self.assertEqual(client.addresses, [toAddress(("127.0.0.1", number))])
            self.assertEqual(protocol.transport.getPeer().port, number)
            protocol.transport.write(b"hello")
            await self.until(lambda: server.built and server.built[-1].data == b"hello")
            server.built[-1].transport.write(b"and back")
            await self.until(lambda protocol=protocol: protocol.data == b"and back")
            protocol.transport.loseConnection()
            await self.until(lambda client=client: not client.running)
            self.assertEqual(protocol.said[-1], "lost")

    async def test_refused(self) -> None:
        """
        A connection that is refused, at once or later, says so.
        """
        for kind in (socket.SocketType, Late):
            client = Building()
            error = await self.failed(self.attempt(freePort(), client, kind))
            self.assertIsInstance(error, ConnectionRefusedError)
            self.assertEqual(error.osError, errno.ECONNREFUSED)
            self.assertEqual(client.running, 0)

    async def failed(self, made: Deferred[Any]) -> Any:
        """
        Why it has failed.
        """
        try:
            await made
        except Exception as error:
            return error
        raise AssertionError("it has not")

    async def test_timeout(self) -> None:
        """
        What takes too long has failed, and leaves nothing behind.
        """
        client = Building()
        error = await self.failed(self.attempt(1, client, Endless, 0.01))
        self.assertIsInstance(error, TimeoutError)
        self.assertNotIsInstance(error, TCPTimedOutError)
        self.assertEqual(client.running, 0)
        self.assertNotIn(pollerFor(theReactor()), theReactor().getReaders())

    async def test_cancel(self) -> None:
        """
        An attempt can be given up; nothing is left of it.
        """
        client = Building()
        made = self.attempt(1, client, Endless)
        made.cancel()
        error = await self.failed(made)
        self.assertIsInstance(error, ConnectingCancelledError)
        self.assertEqual(client.running, 0)
        self.assertNotIn(pollerFor(theReactor()), theReactor().getReaders())

    async def test_cancelLate(self) -> None:
        """
        Cancelling after the connection was made does nothing to it.
        """
        _, number = await self.server()
        made, _ = await self.atOnce(number)
        made.cancel()
        protocol = await made
        await self.turns(2)
        self.assertTrue(protocol.transport.connected)

    async def test_none(self) -> None:
        """
        A factory that builds no protocol is C{NoProtocol}; the server sees the end.
        """
        server, number = await self.server()
        client = Building()
        client.buildProtocol = lambda addr: None
        self.assertIsInstance(await self.failed(self.attempt(number, client)), NoProtocol)
        await self.until(lambda: server.built and server.built[0].reason)
        self.assertEqual(client.running, 0)

    async def test_raises(self) -> None:
        """
        A factory or protocol that raises fails the attempt with that.
        """
        _, number = await self.server()

        def bug(protocol: Any) -> Any:
            raise ZeroDivisionError("a bug")

        client = Building()
        client.buildProtocol = bug
        error = await self.failed(self.attempt(number, client))
        self.assertIsInstance(error, ZeroDivisionError)
        client = Building()
        client.buildProtocol = lambda addr: RecordingBehavior(made=bug)
        error = await self.failed(self.attempt(number, client))
        self.assertIsInstance(error, ZeroDivisionError)
        self.assertEqual(client.running, 0)

    async def test_noPort(self) -> None:
        """
        A port that cannot be fails.
        """
        client = Building()
        self.assertIsInstance(await self.failed(self.attempt(70000, client)), OverflowError)
        self.assertEqual(client.running, 0)

    async def test_noSocket(self) -> None:
        """
        Having no file descriptor left fails.
        """

        def none(*args: Any) -> Any:
            raise OSError(errno.EMFILE, "Too many open files")

        error = await self.failed(self.attempt(1, Building(), none))
        self.assertIsInstance(error, ConnectBindError)
        self.assertIsInstance(error, ConnectError)

    async def test_withinMade(self) -> None:
        """
        Closing, aborting and pausing in C{connectionMade} do as elsewhere.
        """
        server, number = await self.server()
        for act in ("loseConnection", "abortConnection", "loseWriteConnection"):
            client = Building()
            protocol = HalfNoting(
                made=lambda p, act=act: getattr(p.transport, act)(),
                writeLost=lambda p: p.transport.loseConnection(),
            )
            client.buildProtocol = lambda addr, protocol=protocol: protocol
            self.assertIs(await self.attempt(number, client), protocol)
            self.assertNotIn("lost", protocol.said)
            await self.until(lambda protocol=protocol: protocol.reason)
        await self.until(lambda: len(server.built) == 3)
        await self.until(lambda: all(each.reason for each in server.built))


class SourcePortTests(SynchronousTestCase):
    """
    Ports from which the kernel connects.
    """

    def range(self, text: str) -> None:
        """
        Let the kernel's range be C{text}.
        """
        path = self.mktemp()
        with open(path, "w") as file:
            file.write(text)
        self.patch(connector, "PORT_RANGE", path)

    def test_range(self) -> None:
        """
        Both ends belong to the range.
        """
        self.range("2000\t3000\n")
        told = [isSourcePort(port) for port in (1999, 2000, 3000, 3001)]
        self.assertEqual(told, [False, True, True, False])

    def test_unknown(self) -> None:
        """
        If the range is not known, every port may be one.
        """
        self.range("odd")
        self.assertTrue(isSourcePort(80))
        self.patch(connector, "PORT_RANGE", "/nowhere")
        self.assertTrue(isSourcePort(80))

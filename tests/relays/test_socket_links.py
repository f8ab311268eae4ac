"""
Tests for L{vaurien_twisted.relays.socket_links} and L{vaurien_twisted.express.socket_pair}.
"""

from __future__ import annotations

import socket
from typing import Any

from tests.express.support import LARGE, ExpressCase, Late, reset, theReactor
from tests.ports import freePort
from tests.relays.support import plan
from vaurien_twisted.express.endpoints import ExpressClientEndpoint
from vaurien_twisted.express.poller import GIVEN_UP
from vaurien_twisted.express.socket_pair import SocketPair
from vaurien_twisted.record.counters import Traffic
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.relays.pairs import TCPRelayFactory
from vaurien_twisted.transports.localhost import LocalhostEndpoint


class SocketLinkTests(ExpressCase):
    """
    A proxy between two plain sockets.

    @ivar server: the socket that the backend listens on.
    @ivar factory: the proxy's.
    @ivar port: where the proxy listens.
    """

    server: socket.socket
    factory: RelayFactory
    port: Any

    async def relayed(self, kind: Any = RelayFactory) -> tuple[socket.socket, socket.socket]:
        """
        A client and its backend, with a new proxy between them.
        """
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.setblocking(False)
        self.addCleanup(self.server.close)
        endpoint = ExpressClientEndpoint(theReactor(), *self.server.getsockname())
        await self.proxy(endpoint, kind)
        return await self.another()

    async def proxy(self, endpoint: Any, kind: Any = RelayFactory) -> None:
        """
        A new proxy.
        """
        self.factory = kind(theReactor(), endpoint, seed=1)
        self.addCleanup(self.factory.abort)
        self.port = await self.listen(self.factory)

    async def another(self) -> tuple[socket.socket, socket.socket]:
        """
        Another client, and its backend.
        """
        client = self.socketTo(self.port.getHost().port)
        return client, await self.accepted()

    async def accepted(self) -> socket.socket:
        """
        The next connection to the backend.
        """
        found: list[socket.socket] = []

        def accepts() -> bool:
            try:
                found.append(self.server.accept()[0])
            except BlockingIOError:
                return False
            return True

        await self.until(accepts)
        found[0].setblocking(False)
        self.addCleanup(found[0].close)
        return found[0]

    @property
    def sockets(self) -> int:
        """
        How many links are only sockets.
        """
        return len(self.factory.links.sockets)

    async def passes(self, sender: socket.socket, receiver: socket.socket) -> None:
        """
        What one end sends comes to the other.
        """
        sender.send(b"some words")
        self.assertEqual(await self.read(receiver, 10), b"some words")

    async def ends(self, at: socket.socket) -> None:
        """
        The peer has closed or half-closed in order.
        """
        await self.until(lambda: self.peek(at) == b"")

    def peek(self, at: socket.socket) -> bytes | None:
        """
        The bytes that can be read; C{None}: there are none.
        """
        try:
            return at.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return None

    async def test_short(self) -> None:
        """
        A request, its answer and the end need no more than the sockets; all is counted.
        """
        client, backend = await self.relayed()
        await self.passes(client, backend)
        await self.passes(backend, client)
        self.assertEqual((self.sockets, len(self.factory.links)), (1, 1))
        client.close()
        await self.ends(backend)
        self.assertEqual(self.sockets, 1)
        backend.close()
        await self.until(lambda: not self.factory.links)
        counters = self.factory.counters
        self.assertEqual(counters.traffic, Traffic(10, 10, 10, 10))
        self.assertEqual((counters.ended, self.factory.accepted), (1, 1))

    async def test_backendEndsFirst(self) -> None:
        """
        The client can go on after the backend has ended its direction.
        """
        client, backend = await self.relayed()
        backend.shutdown(socket.SHUT_WR)
        await self.ends(client)
        await self.turns(3)
        await self.passes(client, backend)
        self.assertEqual(self.sockets, 1)
        client.close()
        await self.until(lambda: not self.factory.links)

    async def test_looked(self) -> None:
        """
        Who looks at a link finds all about it, and it goes on.
        """
        client, backend = await self.relayed()
        began = theReactor().seconds()
        await self.passes(client, backend)
        (link,) = self.factory.links
        self.assertEqual(self.sockets, 0)
        self.assertEqual((link.connection.number, link.connection.client), (1, "127.0.0.1"))
        self.assertEqual(link.traffic, Traffic(10, 10, 0, 0))
        self.assertEqual((link.backend, link.snapshot.state), ("backend", "open"))
        self.assertLessEqual(link.since, began)
        self.assertEqual(link.relay.peer.port, client.getsockname()[1])
        await self.passes(backend, client)
        await self.passes(client, backend)
        self.assertEqual(link.traffic, Traffic(20, 20, 10, 10))
        client.close()
        await self.ends(backend)
        backend.close()
        await self.until(lambda: not self.factory.links)
        self.assertEqual(self.factory.counters.traffic, Traffic(20, 20, 10, 10))

    async def test_lookedAfterAnEnd(self) -> None:
        """
        The same after one direction has ended, told once or more often.
        """
        for turns in (0, 5):
            for first in (0, 1):
                ends = await self.relayed() if not (turns or first) else await self.another()
                one, other = ends[first], ends[1 - first]
                one.shutdown(socket.SHUT_WR)
                await self.ends(other)
                await self.turns(turns)
                (link,) = self.factory.links
                self.assertEqual(link.snapshot.state, "closing")
                await self.passes(other, one)
                self.assertIs(self.peek(other), b"")
                other.close()
                await self.ends(one)
                one.close()
                await self.until(lambda: not self.factory.links)

    async def test_pitfall9_slow(self) -> None:
        """
        An end that does not read slows the other one, and gets everything.
        """
        for first in (0, 1):
            ends = await self.relayed()
            sender, receiver = ends[first], ends[1 - first]
            sent = 0
            with self.assertRaises(BlockingIOError):
                while True:
                    sent += sender.send(bytes(65536))
                    await self.turns()
            self.assertLess(sent, LARGE * 10)
            got = await self.read(receiver, sent)
            self.assertEqual(len(got), sent)
            (link,) = self.factory.links
            self.assertEqual(sum(link.traffic), 2 * sent)

    async def test_large(self) -> None:
        """
        A read that fills its buffer makes transports, which read more at once.
        """
        client, backend = await self.relayed()
        client.send(bytes(16384))
        self.assertEqual(await self.read(backend, 16384), bytes(16384))
        await self.until(lambda: not self.sockets)
        await self.passes(backend, client)
        (link,) = self.factory.links
        self.assertEqual(link.traffic, Traffic(16384, 16384, 10, 10))

    async def test_pitfall3_reset(self) -> None:
        """
        The reset of one end resets the other, also after its end.
        """
        for first in (0, 1):
            for ended in (False, True):
                ends = await self.relayed()
                one, other = ends[first], ends[1 - first]
                if ended:
                    one.shutdown(socket.SHUT_WR)
                    await self.ends(other)
                    await self.turns(5)
                reset(one)
                if not ended:
                    self.assertIs(await self.readError(other), ConnectionResetError)
                await self.until(lambda: not self.factory.links)

    async def test_written(self) -> None:
        """
        Bytes for an end that was reset are lost; the other end is reset.
        """
        client, backend = await self.relayed()
        pair: Any = next(iter(self.factory.links.sockets))
        client.send(b"too late")
        reset(backend)
        pair.toBackend.happened(1)
        self.assertIs(await self.readError(client), ConnectionResetError)
        await self.until(lambda: not self.factory.links)

    async def test_pitfall14_plan(self) -> None:
        """
        A plan reaches links that are only sockets.  New ones are links from the beginning.
        """
        client, backend = await self.relayed()
        self.factory.setPlan(plan("hang"))
        self.assertEqual(self.sockets, 0)
        client.send(b"held")
        await self.turns(5)
        self.assertIsNone(self.peek(backend))
        self.factory.setPlan(plan("dummy"))
        self.assertEqual(await self.read(backend, 4), b"held")

    async def test_abort(self) -> None:
        """
        Resetting all links resets those, too.
        """
        client, backend = await self.relayed()
        await self.factory.reset()
        self.assertIs(await self.readError(client), ConnectionResetError)
        self.assertIs(await self.readError(backend), ConnectionResetError)

    async def test_stop(self) -> None:
        """
        When the reactor stops, both connections are lost, as every other.
        """
        client, _ = await self.relayed()
        pair: SocketPair = next(iter(self.factory.links.sockets))
        for way in (pair.toBackend, pair.toClient):
            way.happened(GIVEN_UP)
        await self.until(lambda: not self.factory.links)
        await self.ends(client)

    async def test_refused(self) -> None:
        """
        If the backend refuses, the client is closed, and the failure is counted once.
        """
        await self.proxy(ExpressClientEndpoint(theReactor(), "127.0.0.1", freePort()))
        client = self.socketTo(self.port.getHost().port)
        await self.ends(client)
        self.assertEqual(self.factory.counters.connectFailures, 1)
        self.assertEqual((self.factory.accepted, self.sockets), (1, 0))

    async def test_later(self) -> None:
        """
        A backend that is not connected at once is connected later, by the same connection.
        """
        await self.relayed()
        self.patch(socket, "SocketType", Late)
        client = self.socketTo(self.port.getHost().port)
        backend = await self.accepted()
        await self.passes(client, backend)
        self.assertEqual(self.sockets, 1)
        self.assertRaises(BlockingIOError, self.server.accept)

    async def test_unserved(self) -> None:
        """
        A connection that was begun for a client that could not be served is not used for another
        one.
        """
        await self.relayed()
        target: Any = self.factory.context.backend
        target._begun = target.endpoint.reach()
        unused = await self.accepted()
        client, other = await self.another()
        await self.ends(unused)
        await self.passes(client, other)

    async def test_localhost(self) -> None:
        """
        It works by name for this machine, and without IPv4.
        """
        await self.relayed()
        number = self.server.getsockname()[1]
        here = ExpressClientEndpoint(theReactor(), "127.0.0.1", number)
        nowhere = ExpressClientEndpoint(theReactor(), "127.0.0.1", freePort())
        for four, six, count in ((here, nowhere, 1), (nowhere, here, 0)):
            self.factory.setBackend(LocalhostEndpoint(four, six), "localhost")
            client, backend = await self.another()
            self.assertEqual(self.sockets, 1 + count)
            await self.passes(client, backend)
            client.close()
            backend.close()

    async def test_subclass(self) -> None:
        """
        Factories of others have their protocols called from the beginning.
        """
        client, backend = await self.relayed(TCPRelayFactory)
        self.assertEqual(self.sockets, 0)
        await self.passes(client, backend)

    async def test_unwatched(self) -> None:
        """
        If the kernel cannot watch both sockets, both connections are closed.
        """
        client, _ = await self.relayed()
        poller: Any = next(iter(self.factory.links.sockets)).poller
        register, left = poller.register, [0]

        def once(*arguments: Any) -> None:
            left[0] += 1
            if left[0] == 2:
                raise OSError(28, "No space left on device")
            register(*arguments)

        self.patch(poller, "register", once)
        client, backend = await self.another()
        await self.ends(client)
        await self.ends(backend)
        self.assertEqual((self.sockets, self.factory.counters.ended), (1, 1))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

"""
Listening and accepting.
"""

from __future__ import annotations

import errno
import gc
import os
import socket
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.express.support import PATIENCE, ExpressCase, RecordingBehavior, theReactor
from vaurien_twisted.express import port as portModule
from vaurien_twisted.express.endpoints import ExpressServerEndpoint
from vaurien_twisted.express.poller import pollerFor
from vaurien_twisted.express.port import REST, ExpressPort, Reserve


class Building(Factory):
    """
    Builds protocols that keep what happens, and keeps them.
    """

    noisy = False

    def __init__(self) -> None:
        self.built: list[RecordingBehavior] = []
        self.addresses: list[Any] = []
        self.running = 0

    def startFactory(self) -> None:
        """
        It is in use.
        """
        self.running += 1

    def stopFactory(self) -> None:
        """
        It is not.
        """
        self.running -= 1

    def buildProtocol(self, addr: Any) -> Any:
        """
        Another.
        """
        self.addresses.append(addr)
        self.built.append(RecordingBehavior())
        return self.built[-1]

    def logPrefix(self) -> str:
        """
        For the log.
        """
        return "Building"


class PortTests(ExpressCase):
    """
    A port of this machine.
    """

    async def test_accept(self) -> None:
        """
        Each client has a protocol, built for its address.
        """
        factory = Building()
        port = await self.listen(factory)
        verifyObject(IListeningPort, port)
        peers = [self.socketTo(port.getHost().port) for _ in range(100)]
        await self.until(lambda: len(factory.built) == 100)
        names = [(address.host, address.port) for address in factory.addresses]
        self.assertEqual(sorted(names), sorted(peer.getsockname() for peer in peers))

    async def test_log(self) -> None:
        """
        The log tells of the beginning and the end, with the port.
        """
        events: list[str] = []

        def observe(event: Any) -> None:
            if "log_format" in event:
                events.append(event["log_format"].format(**event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        port = await self.listen(Building())
        number = port.getHost().port
        await port.stopListening()
        self.assertIn(f"Building starting on {number}", events)
        self.assertIn(f"(TCP Port {number} Closed)", events)

    async def test_stop(self) -> None:
        """
        A stopped port refuses clients, keeps those it has, and can start again.
        """
        factory = Building()
        port = await self.listen(factory)
        number = port.getHost().port
        self.assertIn(str(number), repr(port))
        peer = self.socketTo(number)
        await self.until(lambda: factory.built)
        await port.stopListening()
        await port.stopListening()
        self.assertEqual(factory.running, 0)
        self.assertNotIn(str(number), repr(port))
        self.assertRaises(RuntimeError, port.getHost)
        self.assertRaises(ConnectionRefusedError, socket.create_connection, ("127.0.0.1", number))
        peer.send(b"still here")
        await self.until(lambda: factory.built[0].data == b"still here")
        port.startListening()
        self.socketTo(port.getHost().port)
        await self.until(lambda: len(factory.built) == 2)

    async def test_stopWhileBuilding(self) -> None:
        """
        A port can be stopped from within C{buildProtocol}: that client is served, those
        that wait are not.
        """
        factory = Building()
        port = await self.listen(factory)
        build = factory.buildProtocol

        def buildProtocol(addr: Any) -> Any:
            port.stopListening()
            return build(addr)

        factory.buildProtocol = buildProtocol
        peers = [self.socketTo(port.getHost().port) for _ in range(5)]
        await self.until(lambda: factory.built)
        await self.turns(3)
        self.assertEqual(len(factory.built), 1)
        self.assertEqual(await self.readError(peers[-1]), ConnectionResetError)

    async def test_none(self) -> None:
        """
        A client for whom no protocol is built is closed.
        """
        factory = Building()
        factory.buildProtocol = lambda addr: None
        port = await self.listen(factory)
        self.assertEqual(await self.read(self.socketTo(port.getHost().port), 1), b"")

    async def test_raises(self) -> None:
        """
        A factory that raises is logged, and the next client is accepted.
        """
        factory = Building()
        build = factory.buildProtocol
        factory.buildProtocol = lambda addr: 1 // 0
        port = await self.listen(factory)
        self.assertEqual(await self.read(self.socketTo(port.getHost().port), 1), b"")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        factory.buildProtocol = build
        self.socketTo(port.getHost().port)
        await self.until(lambda: factory.built)

    async def test_taken(self) -> None:
        """
        An address that is taken, or not ours, or no port, is C{CannotListenError}.
        """
        taken = (await self.listen(Building())).getHost().port
        for interface, number in (("127.0.0.1", taken), ("192.0.2.1", 0), ("127.0.0.1", 70000)):
            factory = Building()
            port = ExpressPort(pollerFor(theReactor()), number, interface, 5, factory)
            self.assertRaises(CannotListenError, port.startListening)
            self.assertEqual(factory.running, 0)

    async def test_noSocket(self) -> None:
        """
        Having no file descriptor for the socket is C{CannotListenError}.
        """

        def none(*args: Any) -> Any:
            raise OSError(errno.EMFILE, "Too many open files")

        port = ExpressPort(pollerFor(theReactor()), 0, "127.0.0.1", 5, Building())
        self.patch(portModule, "Listener", none)
        self.assertRaises(CannotListenError, port.startListening)


class AdmissionTests(ExpressCase):
    """
    Who may not be kept.
    """

    async def test_pitfall40_refused(self) -> None:
        """
        A connection that may not be kept is reset before a protocol is built, and that is
        told with the real port.
        """
        told: list[str] = []

        class Nobody:
            """
            Lets nobody in.
            """

            def allows(self, fd: int) -> bool:
                """
                Never.
                """
                return False

            def logRefusal(self, name: str) -> None:
                """
                Note who has refused.
                """
                told.append(name)

        factory = Building()
        endpoint = ExpressServerEndpoint(theReactor(), 0, "127.0.0.1", admission=Nobody())
        port: Any = await endpoint.listen(factory)
        self.addCleanup(port.stopListening)
        number = port.getHost().port
        peer = self.socketTo(number)
        await self.until(lambda: bool(told))
        self.assertEqual(told, [f"127.0.0.1:{number}"])
        self.assertEqual(peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNRESET)
        self.assertEqual(factory.built, [])


class Failing:
    """
    A listening socket of which C{accept} fails.
    """

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.tried = 0

    def accept(self) -> Any:
        """
        Fail with the next code; then there is nobody.
        """
        self.tried += 1
        code = self.codes.pop(0) if self.codes else errno.EAGAIN
        raise OSError(code, os.strerror(code))

    def fileno(self) -> int:
        """
        None.
        """
        return 99

    def getsockname(self) -> Any:
        """
        None.
        """
        return ("127.0.0.1", 1)

    def close(self) -> None:
        """
        It is closed.
        """


class Watched:
    """
    A poller that keeps what is watched.
    """

    def __init__(self) -> None:
        self.reactor = Clock()
        self.watched: list[int] = []

    def modify(self, fd: int, events: int) -> None:
        """
        Other events.
        """
        self.watched.append(events)

    def forget(self, fd: int) -> None:
        """
        None.
        """


class AcceptErrorTests(SynchronousTestCase):
    """
    C{accept} fails.
    """

    def port(self, *codes: int) -> tuple[ExpressPort, Failing, Watched]:
        """
        A port that has such a socket.
        """
        poller, listener = Watched(), Failing(*codes)
        made: Any = poller
        port = ExpressPort(made, 0, "127.0.0.1", 5, Building())
        self.patch(port, "_socket", listener)
        return port, listener, poller

    def test_passing(self) -> None:
        """
        A client that has left, or that a firewall refused, is passed over.
        """
        port, listener, poller = self.port(errno.ECONNABORTED, errno.EPERM)
        port._accept(1)
        self.assertEqual((listener.tried, poller.watched), (3, []))

    def test_rest(self) -> None:
        """
        Where the kernel has no room, the port rests for a moment.
        """
        for code in (errno.ENFILE, errno.ENOMEM, errno.EMFILE):
            port, listener, poller = self.port(code)
            port._accept(1)
            self.assertEqual((listener.tried, poller.watched), (1, [0]))
            poller.reactor.advance(REST)
            self.assertEqual(poller.watched, [0, 1])
            port._reserve.release()

    def test_stopWhileResting(self) -> None:
        """
        A port that is stopped meanwhile leaves nothing behind.
        """
        port, _, poller = self.port(errno.ENFILE)
        port._accept(1)
        self.successResultOf(port.stopListening())
        self.assertEqual(poller.reactor.getDelayedCalls(), [])


class ReserveTests(SynchronousTestCase):
    """
    A file descriptor that is kept back.
    """

    def setUp(self) -> None:
        """
        A listening socket with three clients.
        """
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.addCleanup(self.listener.close)
        self.clients = [socket.create_connection(self.listener.getsockname()) for _ in range(3)]
        for client in self.clients:
            client.settimeout(PATIENCE)
            self.addCleanup(client.close)

    def test_turnAway(self) -> None:
        """
        Clients are closed, as many as were asked for.
        """
        reserve = Reserve()
        self.addCleanup(reserve.release)
        reserve.keep()
        self.assertEqual(reserve.turnAway(self.listener, 2), 2)
        self.assertEqual([client.recv(1) for client in self.clients[:2]], [b"", b""])
        self.assertEqual(reserve.turnAway(self.listener, 5), 1)
        self.assertEqual(self.clients[2].recv(1), b"")

    def test_nothing(self) -> None:
        """
        Without a reserve nobody is turned away.
        """
        reserve = Reserve()
        self.assertEqual(reserve.turnAway(self.listener, 5), 0)
        reserve.release()
        self.listener.accept()[0].close()

    def test_once(self) -> None:
        """
        One is kept, however often it is asked for, and none after it was released.
        """
        reserve = Reserve()
        # What others left behind is not to be collected meanwhile.
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        reserve.keep()
        reserve.keep()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before + 1)
        reserve.release()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

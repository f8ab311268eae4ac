"""
A protocol on express, and a plain socket at the other end.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPullProducer, IPushProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from vaurien_twisted.express.connected_socket import toAddress
from vaurien_twisted.express.connector import ConnectionAttempt, Target
from vaurien_twisted.express.endpoints import ExpressServerEndpoint
from vaurien_twisted.express.poller import pollerFor

#: More than the kernel takes at once, in bytes.
LARGE = 10**7

#: How long anything may take, in seconds: only what would never end takes so long.
PATIENCE = 120.0


def withoutSix() -> str:
    """
    Why tests that need IPv6 must be skipped; C{""} if there is any.
    """
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return "this machine has no IPv6"
    return ""


def theReactor() -> Any:
    """
    The reactor that runs the tests.
    """
    from twisted.internet import reactor

    return reactor


class RecordingBehavior(Protocol):
    """
    Keeps what happens to it.

    @ivar data: what was received.
    @ivar said: the names of the methods that were called, in order.
    @ivar reason: why the connection was lost.
    @ivar doing: what to do in each method, by its name.
    """

    def __init__(self, **doing: Callable[[RecordingBehavior], None]) -> None:
        self.data = bytearray()
        self.said: list[str] = []
        self.reason: Any = None
        self.doing = doing

    def note(self, name: str) -> None:
        """
        Keep that it was called, and do what was asked for.
        """
        self.said.append(name)
        if name in self.doing:
            self.doing[name](self)

    def connectionMade(self) -> None:
        """
        It begins.
        """
        self.note("made")

    def dataReceived(self, data: bytes) -> None:
        """
        Bytes.
        """
        self.data += data
        self.note("data")

    def connectionLost(self, reason: Any = None) -> None:
        """
        It ends.
        """
        self.reason = reason.type
        self.note("lost")


@implementer(IHalfCloseableProtocol)
class HalfNoting(RecordingBehavior):
    """
    The same, told of each half's end.
    """

    def readConnectionLost(self) -> None:
        """
        The peer sends nothing more.
        """
        self.note("readLost")

    def writeConnectionLost(self) -> None:
        """
        All was sent.
        """
        self.note("writeLost")


class OneFactory(Factory):
    """
    Builds what it is given, once.
    """

    noisy = False

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Any:
        """
        That one.
        """
        protocol, self._protocol = self._protocol, None
        return protocol


class ExpressCase(TestCase):
    """
    Tests with real sockets.

    @cvar timeout: how long a test may take, in seconds.
    """

    timeout = PATIENCE

    async def pair(self, protocol: Any) -> socket.socket:
        """
        Connect C{protocol}, by express, to the non-blocking socket that is returned.
        """
        port = await self.listen(OneFactory(protocol))
        peer = self.socketTo(port.getHost().port)
        await self.until(lambda: protocol.transport is not None)
        return peer

    async def listen(self, factory: Any, interface: str = "127.0.0.1") -> Any:
        """
        A port that is stopped at the end.
        """
        port = await ExpressServerEndpoint(theReactor(), 0, interface).listen(factory)
        self.addCleanup(port.stopListening)
        return port

    def socketTo(self, port: int, host: str = "127.0.0.1") -> socket.socket:
        """
        A non-blocking socket that is connected, and closed at the end.
        """
        peer = socket.create_connection((host, port), PATIENCE)
        peer.setblocking(False)
        self.addCleanup(self.ended)
        self.addCleanup(peer.close)
        return peer

    async def ended(self) -> None:
        """
        No connections are left.
        """
        poller = pollerFor(theReactor())
        for handler in list(poller._handlers.values()):
            abort = getattr(getattr(handler, "__self__", None), "abortConnection", None)
            if abort is not None:
                abort()
        await self.turns(3)

    async def turns(self, count: int = 1) -> None:
        """
        Let the reactor go round.
        """
        for _ in range(count):
            await self.sleep(0.002)

    def sleep(self, seconds: float) -> Deferred[None]:
        """
        Let time pass, and the reactor look at its sockets once at least: it calls what is due
        first, which at a test's beginning may be this already.
        """
        passed = deferLater(theReactor(), seconds)
        return passed.addCallback(lambda nothing: deferLater(theReactor(), 0))

    async def until(self, done: Callable[[], Any]) -> None:
        """
        Let time pass until C{done}.
        """
        while not done():
            await self.sleep(0.001)

    async def read(self, peer: socket.socket, count: int) -> bytes:
        """
        Read so much from a non-blocking socket, or to its end.
        """
        heard = bytearray()
        while len(heard) < count:
            try:
                data = peer.recv(min(count - len(heard), 2**18))
            except BlockingIOError:
                await self.sleep(0.001)
                continue
            if not data:
                break
            heard += data
        return bytes(heard)

    def readNow(self, peer: socket.socket, count: int) -> bytes:
        """
        Read so much at most, of what was sent already: the reactor has no turn meanwhile.
        """
        peer.settimeout(PATIENCE)
        try:
            return peer.recv(count)
        finally:
            peer.setblocking(False)

    async def readError(self, peer: socket.socket) -> type[OSError]:
        """
        Read until that fails.
        """
        while True:
            try:
                if not peer.recv(2**16):
                    raise AssertionError("the end was orderly")
            except BlockingIOError:
                await self.sleep(0.001)
            except OSError as error:
                return type(error)


def reset(peer: socket.socket) -> None:
    """
    Close by a reset (SO_LINGER of 0 seconds).
    """
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


class Counting:
    """
    Counts how often the poller is woken.
    """

    def __init__(self, case: TestCase) -> None:
        self.wakes = 0
        poller = pollerFor(theReactor())
        doRead, handlers = poller.doRead, poller._handlers

        def counted() -> None:
            self.wakes += 1
            doRead()

        case.patch(poller, "doRead", counted)
        assert handlers, "there is nothing to count yet"


class Endless(socket.socket):
    """
    A socket that goes on connecting, and has no events.
    """

    def connect_ex(self, address: Any) -> int:
        """
        Not yet.
        """
        if not self.getsockname()[1]:
            # A socket that listens is neither writable nor hung up.
            self.bind(("127.0.0.1", 0))
            self.listen()
        return errno.EINPROGRESS


class Late(socket.socket):
    """
    A socket whose connection is not made at once.

    @ivar begun: whether it was begun.
    """

    begun = False

    def connect_ex(self, address: Any) -> int:
        """
        Begin.
        """
        if not self.begun:
            self.begun = True
            super().connect_ex(address)
        return errno.EINPROGRESS


def attempt(
    reactor: Any, port: int, factory: Any, kind: Any = socket.SocketType, timeout: float = 30.0
) -> Deferred[Any]:
    """
    Connect to a port of this machine, with another kind of socket.
    """
    attempt = ConnectionAttempt(pollerFor(reactor), factory, Target(toAddress(("127.0.0.1", port))))
    ordinary = socket.SocketType
    socket.SocketType = kind
    try:
        return attempt.begin(timeout)
    finally:
        socket.SocketType = ordinary


@implementer(IPushProducer, IPullProducer)
class Producer:
    """
    Keeps what it is told; C{produce} is called for each resume.
    """

    def __init__(self, produce: Any = None) -> None:
        self.told: list[str] = []
        self.produce = produce

    def pauseProducing(self) -> None:
        """
        Enough.
        """
        self.told.append("pause")

    def resumeProducing(self) -> None:
        """
        More.
        """
        self.told.append("resume")
        if self.produce is not None:
            self.produce()

    def stopProducing(self) -> None:
        """
        No more.
        """
        self.told.append("stop")

"""
Tests for L{vaurien_twisted.transports.tls} in memory; how it goes with real peers is
shown by L{tests.integration.test_tls} and L{tests.integration.test_tls_ends}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionDone,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from tests.integration.authority import papers
from vaurien_twisted.interfaces.network import ILearningFactory
from vaurien_twisted.transports.certificates import clientOptions, serverOptions
from vaurien_twisted.transports.tls import TLSClientEndpoint, TLSServerEndpoint, TLSServerFactory
from vaurien_twisted.transports.tls_factory import HANDSHAKE, HandshakeFailed

PEER = IPv4Address("TCP", "192.0.2.7", 4000)


class Wire(StringTransport):
    """
    A transport that notifies its protocol of its end.

    @ivar ended: how it was ended.
    """

    def __init__(self) -> None:
        super().__init__(peerAddress=PEER)
        self.ended: list[str] = []

    def loseConnection(self) -> None:
        """
        Note it.
        """
        self.ended.append("lose")

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.ended.append("abort")


class Speaking(Protocol):
    """
    Keeps the received bytes.
    """

    def __init__(self) -> None:
        self.heard = b""
        self.lost: list[Any] = []

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        """
        Keep it.
        """
        self.lost.append(reason.type.__name__)


class SpeakingFactory(Factory):
    """
    Builds L{Speaking}s, and keeps them.
    """

    def __init__(self) -> None:
        self.built: list[Speaking] = []

    def buildProtocol(self, addr: Any) -> Speaking:
        """
        One more.
        """
        made = Speaking()
        self.built.append(made)
        return made


@implementer(ILearningFactory)
class Learning(SpeakingFactory):
    """
    A factory that does not know its application protocols yet.
    """

    def __init__(self, known: Deferred[None]) -> None:
        super().__init__()
        self._known = known

    def learned(self) -> Deferred[None]:
        """
        One for each connection.
        """
        each: Deferred[None] = Deferred()
        self._known.addCallback(each.callback)
        return each

    def acceptableProtocols(self) -> list[bytes]:
        """
        None.
        """
        return []


class Below:
    """
    An endpoint that connects when the test fires it.
    """

    def __init__(self) -> None:
        self.factory: Any = None
        self.connecting: Deferred[Any] = Deferred()

    def connect(self, factory: Any) -> Deferred[Any]:
        """
        Wait.
        """
        self.factory = factory
        return self.connecting

    def listen(self, factory: Any) -> Any:
        """
        Keep the factory.
        """
        self.factory = factory
        return "port"

    def succeed(self) -> tuple[Any, Wire]:
        """
        Connected: TLS, and the transport below it.
        """
        made, wire = self.factory.buildProtocol(PEER), Wire()
        made.makeConnection(wire)
        self.connecting.callback(made)
        return made, wire


class SecuredTests(SynchronousTestCase):
    """
    A client and a server, in memory.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.above, self.below = SpeakingFactory(), Below()
        below: Any = self.below
        own = papers().server
        options = serverOptions("it", own.certificate, own.key)
        self.server = TLSServerFactory(options, self.above, self.clock)
        trust = clientOptions("it", "localhost", papers().authority.certificate)
        self.endpoint = TLSClientEndpoint(self.clock, below, lambda: trust, 5)
        self.speaking = SpeakingFactory()

    def serve(self) -> tuple[Any, Wire]:
        """
        A server's side, and the transport below it.
        """
        made, wire = self.server.buildProtocol(PEER), Wire()
        made.makeConnection(wire)
        return made, wire

    def pump(self, *sides: tuple[Any, Wire]) -> None:
        """
        Pass all bytes between the two sides.
        """
        for _ in range(20):
            self.clock.advance(0)
            for (_, wire), (other, _) in (sides, sides[::-1]):
                data = wire.value()
                wire.clear()
                if data:
                    other.dataReceived(data)

    def meet(self) -> tuple[tuple[Any, Wire], tuple[Any, Wire], Deferred[Any]]:
        """
        Both sides, after the handshake.
        """
        outcome = self.endpoint.connect(self.speaking)
        server, client = self.serve(), self.below.succeed()
        self.pump(server, client)
        return server, client, outcome

    def test_interfaces(self) -> None:
        """
        They are endpoints.
        """
        below: Any = self.below
        server = TLSServerEndpoint(self.clock, below, lambda: None)
        self.assertTrue(verifyObject(IStreamServerEndpoint, server))
        self.assertTrue(verifyObject(IStreamClientEndpoint, self.endpoint))

    def test_begins(self) -> None:
        """
        Protocols are built once the handshake is over, and no timer is left.
        """
        outcome = self.endpoint.connect(self.speaking)
        server, client = self.serve(), self.below.succeed()
        self.assertNoResult(outcome)
        self.assertEqual((self.above.built, self.speaking.built), ([], []))
        self.pump(server, client)
        self.assertEqual(self.successResultOf(outcome), self.speaking.built[0])
        self.assertEqual((len(self.above.built), self.clock.getDelayedCalls()), (1, []))

    def test_learning(self) -> None:
        """
        A client is not read before it is known which application protocols it may choose; one
        that has left meanwhile is not read at all.
        """
        known: Deferred[None] = Deferred()
        above = Learning(known)
        self.server.wrappedFactory = above
        outcome = self.endpoint.connect(self.speaking)
        server, gone, client = self.serve(), self.serve(), self.below.succeed()
        self.assertEqual(server[1].producerState, "paused")
        gone[0].connectionLost(Failure(ConnectionDone()))
        known.callback(None)
        self.assertEqual((server[1].producerState, gone[1].producerState), ("producing", "paused"))
        self.pump(server, client)
        self.successResultOf(outcome)
        self.assertEqual((len(above.built), self.clock.getDelayedCalls()), (1, []))

    def test_paused(self) -> None:
        """
        Decrypted bytes wait while the protocol is paused, and are delivered once.
        """
        server, client, _ = self.meet()
        [heard], [said] = self.above.built, self.speaking.built
        server[0].pauseProducing()
        self.assertEqual(server[1].producerState, "paused")
        said.transport.write(b"one")
        self.pump(server, client)
        self.assertEqual(heard.heard, b"")
        server[0].resumeProducing()
        self.assertEqual((heard.heard, server[1].producerState), (b"", "producing"))
        server[0].pauseProducing()
        self.clock.advance(0)
        self.assertEqual(heard.heard, b"")
        server[0].resumeProducing()
        self.clock.advance(0)
        self.assertEqual(heard.heard, b"one")

    def test_pausedAtTheEnd(self) -> None:
        """
        Bytes before the end of TCP are delivered, also to a paused protocol.
        """
        server, client, _ = self.meet()
        [heard], [said] = self.above.built, self.speaking.built
        server[0].pauseProducing()
        said.transport.write(b"last words")
        self.pump(server, client)
        server[0].connectionLost(Failure(ConnectionDone()))
        self.assertEqual((heard.heard, heard.lost), (b"last words", ["ConnectionDone"]))

    def test_answersAlert(self) -> None:
        """
        Bytes written before the peer's alert are sent before the alert that answers it.
        """
        server, client, _ = self.meet()
        [heard], [said] = self.above.built, self.speaking.built
        heard.transport.write(b"last words")
        client[0].loseConnection()
        server[0].dataReceived(client[1].value())
        client[0].dataReceived(server[1].value())
        self.assertEqual((said.heard, server[1].ended[0]), (b"last words", "lose"))

    def test_producer(self) -> None:
        """
        A producer's writes before the handshake are kept and pause it; the alert follows all that
        it writes until it is unregistered.
        """
        producer = StringTransport()
        outcome = self.endpoint.connect(self.speaking)
        server, client = self.serve(), self.below.succeed()
        server[0].registerProducer(producer, True)
        server[0].write(b"early, ")
        self.assertEqual(producer.producerState, "paused")
        self.pump(server, client)
        self.assertEqual(producer.producerState, "producing")
        server[0].loseConnection()
        server[0].write(b"late")
        self.pump(server, client)
        self.assertEqual(server[1].ended, [])
        server[0].unregisterProducer()
        self.pump(server, client)
        self.assertEqual(self.successResultOf(outcome).heard, b"early, late")
        self.assertEqual(server[1].ended[0], "lose")

    def test_halfClose(self) -> None:
        """
        Half-closing leaves TCP open, closing does not, also after that.
        """
        server, client, _ = self.meet()
        client[0].loseWriteConnection()
        self.assertEqual(client[1].ended, [])
        client[0].loseConnection()
        self.assertEqual(client[1].ended, ["lose"])
        self.pump(server, client)
        self.assertEqual(server[1].ended[0], "lose")

    def test_abort(self) -> None:
        """
        Aborting sends nothing.
        """
        _, client, _ = self.meet()
        client[0].abortConnection()
        self.assertEqual((client[1].ended, client[1].value()), (["abort"], b""))

    def test_counts(self) -> None:
        """
        The counts of the transport below are not used as those of the connection.
        """
        server, _, _ = self.meet()
        server[1].bytesRead = 1
        self.assertFalse(hasattr(server[0], "bytesRead"))

    def test_noHandshake(self) -> None:
        """
        A client that sends nothing is closed after the time limit.
        """
        _, wire = self.serve()
        self.clock.advance(HANDSHAKE - 1)
        self.assertEqual(wire.ended, [])
        self.clock.advance(1)
        self.assertEqual((wire.ended, self.above.built), (["abort"], []))

    def test_noAnswer(self) -> None:
        """
        So is a server that does not answer; the error has the reason.
        """
        outcome = self.endpoint.connect(self.speaking)
        secured, wire = self.below.succeed()
        self.clock.advance(5)
        self.assertEqual(wire.ended, ["abort"])
        secured.connectionLost(Failure(ConnectError()))
        failed = self.failureResultOf(outcome, HandshakeFailed)
        self.assertEqual(failed.getErrorMessage(), "TLS: no handshake within 5 s")

    def test_notConnected(self) -> None:
        """
        If TCP cannot be connected, that is the reason.
        """
        outcome = self.endpoint.connect(self.speaking)
        self.below.connecting.errback(ConnectionRefusedError())
        self.failureResultOf(outcome, ConnectionRefusedError)

    def test_cancelled(self) -> None:
        """
        It can be given up before TCP is there, and amid the handshake.
        """
        outcome = self.endpoint.connect(self.speaking)
        outcome.cancel()
        self.failureResultOf(outcome, ConnectingCancelledError, CancelledError)
        self.below.connecting = Deferred()
        outcome = self.endpoint.connect(self.speaking)
        _, wire = self.below.succeed()
        outcome.cancel()
        self.failureResultOf(outcome, ConnectingCancelledError)
        self.assertEqual(wire.ended, ["abort"])

    def test_unwanted(self) -> None:
        """
        Where the factory above wants no more clients they are reset.
        """

        class Full(Factory):
            """
            Wants none.
            """

            def buildProtocol(self, addr: Any) -> None:
                """
                None.
                """

        self.server.wrappedFactory = Full()
        server, _, _ = self.meet()
        self.assertEqual(server[1].ended, ["abort"])

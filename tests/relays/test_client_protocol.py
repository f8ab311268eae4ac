"""
Tests for L{vaurien_twisted.relays.client_protocol}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolFactory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.relays.support import MemoryEndpoint, Pair, Wire, plan
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.relays.backend_protocol import BackendProtocol
from vaurien_twisted.relays.client_protocol import Relay
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.relays.links import GRACE
from vaurien_twisted.relays.pairs import HTTPRelayFactory, MySQLRelayFactory, TCPRelayFactory
from vaurien_twisted.transports.addresses import clientEndpoint


class FactoryTests(SynchronousTestCase):
    """
    The named pairs, and what a factory knows.
    """

    def test_pairs(self) -> None:
        """
        Each named factory builds its own relay for its own protocol.
        """
        for factory, name in (
            (TCPRelayFactory, "tcp"),
            (HTTPRelayFactory, "http"),
            (MySQLRelayFactory, "mysql"),
        ):
            made = factory(Clock(), MemoryEndpoint())
            self.assertTrue(verifyObject(IProtocolFactory, made))
            self.assertEqual(made.wire.name, name)
            relay = made.buildProtocol(None)
            self.assertEqual(type(relay).__name__ + "Factory", factory.__name__)
            self.assertTrue(verifyObject(IHalfCloseableProtocol, relay))

    def test_defaults(self) -> None:
        """
        Without a plan nothing happens; seeds and journals are each factory's own.
        """
        one, two = (RelayFactory(Clock(), MemoryEndpoint()) for _ in range(2))
        self.assertTrue(one.decider.plan.transparent)
        self.assertNotEqual(one.decider.seed, two.decider.seed)
        self.assertIsNot(one.journal, two.journal)
        self.assertEqual(RelayFactory(Clock(), MemoryEndpoint(), seed=0).decider.seed, 0)

    def test_numbers(self) -> None:
        """
        Connections are numbered as they come, with their client's address.
        """
        factory = RelayFactory(Clock(), MemoryEndpoint())
        addresses: list[Any] = [IPv4Address("TCP", "10.0.0.1", 1), UNIXAddress("/tmp/a"), None]
        told = []
        for address in addresses:
            relay = factory.buildProtocol(address)
            relay.makeConnection(Wire())
            assert relay.link is not None
            told.append((relay.link.connection.number, relay.link.connection.client))
        self.assertEqual([number for number, _ in told], [1, 2, 3])
        self.assertEqual((told[0][1], told[2][1]), ("10.0.0.1", ""))
        self.assertIn("/tmp/a", told[1][1])
        self.assertEqual((factory.accepted, len(factory.links)), (3, 3))

    def test_pitfall18_plansAreApart(self) -> None:
        """
        A plan set on one factory is not on another.
        """
        one, two = Pair(), Pair()
        one.setBehavior("hang")
        self.assertEqual(one.ask(b"x"), b"")
        self.assertEqual(two.ask(b"x"), b"x")


class EndTests(SynchronousTestCase):
    """
    The end of links, of all at once, and in the middle of things.
    """

    def test_abort(self) -> None:
        """
        It resets every link and waits for the last to be gone.
        """
        pair = Pair()
        done = Deferred.fromCoroutine(pair.factory.abort())
        self.assertEqual((pair.client.ended, pair.backend.ended), (["abort"], ["abort"]))
        self.assertNoResult(done)
        pair.loseClient(clean=False)
        self.assertNoResult(done)
        pair.loseBackend(clean=False)
        self.successResultOf(done)
        self.successResultOf(Deferred.fromCoroutine(pair.factory.abort()))

    def test_close(self) -> None:
        """
        It closes every link in order, and waits for the last to be gone.
        """
        pair = Pair(behavior="hang")
        pair.ask(b"lost")
        done = Deferred.fromCoroutine(pair.factory.close())
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))
        pair.loseClient()
        self.assertNoResult(done)
        pair.loseBackend()
        self.successResultOf(done)
        self.assertEqual((pair.backend.heard(), pair.clock.getDelayedCalls()), (b"", []))
        self.successResultOf(Deferred.fromCoroutine(pair.factory.close()))

    def test_closeLate(self) -> None:
        """
        What does not end in time is reset, but not what ended meanwhile.
        """
        pair = Pair()
        done = Deferred.fromCoroutine(pair.factory.close())
        pair.loseClient()
        pair.clock.advance(GRACE)
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose", "abort"]))
        pair.loseBackend(clean=False)
        self.successResultOf(done)

    def test_pitfall11_changedWhileClosing(self) -> None:
        """
        A plan that changes between the end of one connection and that of the other
        finds nothing to do, and does no harm.
        """
        pair = Pair(behavior="delay", options={"sleep": 5})
        pair.ask(b"question")
        pair.loseClient(clean=False)
        pair.setBehavior("dummy")
        pair.backendProtocol.dataReceived(b"too late")
        self.assertEqual(pair.backend.heard(), b"")
        self.assertEqual(pair.client.heard(), b"")
        pair.loseBackend(clean=False)
        pair.setBehavior("hang")
        self.assertEqual(pair.factory.links, set())

    def test_pitfall11_changedFromWithin(self) -> None:
        """
        A plan that is changed by what its change sets free: the bytes go once and in order.
        """
        changed: list[bytes] = []
        write = Wire.write

        def changing(wire: Wire, data: bytes) -> None:
            write(wire, data)
            if not changed:
                changed.append(data)
                pair.setBehavior("delay", sleep=0)

        self.patch(Wire, "write", changing)
        pair = Pair(behavior="hang")
        pair.ask(b"one ")
        pair.ask(b"two")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.heard(), b"one two")
        self.assertEqual(len(changed), 1)
        self.assertEqual(pair.ask(b"three"), b"three")

    def test_pitfall11_closedFromWithin(self) -> None:
        """
        A client that is lost while the change of plan writes to its backend.
        """
        pairs: list[Pair] = []
        self.patch(Wire, "write", lambda wire, data: pairs[0].loseClient(clean=False))
        pair = Pair(behavior="hang")
        pairs.append(pair)
        pair.ask(b"one")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.ended, ["abort"])
        pair.loseBackend(clean=False)
        self.assertEqual((pair.factory.links, pair.clock.getDelayedCalls()), (set(), []))

    def test_pitfall6_closedWithoutAWord(self) -> None:
        """
        A backend that cannot be reached later than at once: the client is closed then.
        """
        pair = Pair(later=True)
        self.assertEqual(pair.client.ended, [])
        pair.endpoint.waiting[0][1].errback(ConnectionDone("no route"))
        self.assertEqual(pair.client.ended, ["lose"])
        pair.loseClient()
        self.assertEqual(pair.factory.links, set())

    def test_givenUp(self) -> None:
        """
        A client that leaves while a real endpoint connects is no unreachable backend:
        nothing is journalled.
        """
        reactor = MemoryReactorClock()
        for text in ("127.0.0.1:80", "localhost:80"):
            factory = RelayFactory(reactor, clientEndpoint(reactor, text, "backend"))
            relay = factory.buildProtocol(None)
            relay.makeConnection(Wire())
            relay.connectionLost(Failure(ConnectionDone()))
            self.assertEqual(factory.links, set())
            assert isinstance(factory.journal, Journal)
            self.assertEqual(factory.journal.since(), [])

    def test_pitfall14_backendChangesForNewLinks(self) -> None:
        """
        Links that are open stay at their backend, new ones go to the other.
        """
        pair = Pair()
        other = MemoryEndpoint()
        pair.factory.setBackend(other, "other:80")
        self.assertEqual(pair.ask(b"x"), b"x")
        pair.factory.buildProtocol(None).makeConnection(Wire())
        self.assertEqual((len(pair.endpoint.wires), len(other.wires)), (1, 1))
        self.assertEqual(pair.factory.context.backend.text, "other:80")


class HookTests(SynchronousTestCase):
    """
    What transports call.
    """

    def test_writeConnectionLost(self) -> None:
        """
        The end of our own words needs nothing more.
        """
        pair = Pair()
        pair.relay.writeConnectionLost()
        pair.backendProtocol.writeConnectionLost()
        self.assertEqual((pair.client.ended, pair.backend.ended), ([], []))
        self.assertTrue(verifyObject(IHalfCloseableProtocol, pair.backendProtocol))
        self.assertIsInstance(pair.backendProtocol, BackendProtocol)

    def test_withoutNoDelay(self) -> None:
        """
        A transport that knows nothing of TCP, as a Unix socket's, will do.
        """

        class Plain(Wire):
            """
            Not TCP.
            """

            setTcpNoDelay = property()

        factory = RelayFactory(Clock(), MemoryEndpoint(), plan("delay", sleep=0))
        relay = factory.buildProtocol(None)
        relay.makeConnection(Plain())
        self.assertIsInstance(relay, Relay)
        self.assertEqual(len(factory.links), 1)

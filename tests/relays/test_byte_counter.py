"""
Tests for L{vaurien_twisted.relays.byte_counter}, and for what links count.
"""

from __future__ import annotations

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.relays import session, support
from tests.relays.session import Session
from tests.relays.support import Pair, Wire
from vaurien_twisted.record.counters import Traffic
from vaurien_twisted.relays.byte_counter import ByteCounter, counted, metered


class MeterTests(SynchronousTestCase):
    """
    L{ByteCounter}.
    """

    def test_counts(self) -> None:
        """
        What is written and what is read, each by itself; the bytes pass unchanged.
        """
        transport = StringTransport()
        meter = metered(transport)
        got: list[bytes] = []
        take = counted(meter, got.append)
        meter.write(b"four")
        take(b"seven")
        take(b"")
        self.assertEqual((meter.bytesWritten, meter.bytesRead), (4, 5))
        self.assertEqual((transport.value(), got), (b"four", [b"seven", b""]))

    def test_otherwiseTheSame(self) -> None:
        """
        All else is the transport's own; what it lacks is lacking.
        """
        transport = StringTransport()
        meter = metered(transport)
        meter.pauseProducing()
        self.assertEqual(transport.producerState, "paused")
        self.assertEqual(meter.getPeer(), transport.getPeer())
        self.assertFalse(hasattr(meter, "loseWriteConnection"))

    def test_ownCounts(self) -> None:
        """
        A transport that counts is not wrapped, and costs nothing more.
        """
        wire = Wire()
        self.assertIs(metered(wire), wire)
        take = self.fail
        self.assertIs(counted(wire, take), take)


class Uncounted(Wire):
    """
    A transport as Twisted's are.
    """

    def __init__(self) -> None:
        super().__init__()
        del self.bytesRead, self.bytesWritten

    def write(self, data: bytes) -> None:
        """
        Only that.
        """
        StringTransport.write(self, data)


class TrafficTests(SynchronousTestCase):
    """
    What a link counts where its transports do not.
    """

    def setUp(self) -> None:
        """
        Transports as Twisted's are: without counts.
        """
        self.patch(support, "Wire", Uncounted)
        self.patch(session, "Wire", Uncounted)

    def test_bothWays(self) -> None:
        """
        Each end's bytes, on the shortest way and on the way through a framer.
        """
        for behavior, options in (("dummy", {}), ("delay", {"sleep": 0})):
            pair = Pair(behavior=behavior, options=options)
            self.assertIsInstance(pair.relay.transport, ByteCounter)
            pair.relay.dataReceived(b"question")
            pair.backendProtocol.dataReceived(b"the answer")
            [link] = pair.factory.links
            self.assertEqual(link.traffic, Traffic(8, 8, 10, 10))

    def test_whatIsSaidInItsPlace(self) -> None:
        """
        An error is written to the client, and nothing to the backend.
        """
        talk = Session({"behavior": "error", "options": {"code": "busy"}})
        talk.relay.dataReceived(b"GET a\n")
        [link] = talk.factory.links
        traffic = link.traffic
        self.assertEqual((traffic.fromClient, traffic.toBackend), (6, 0))
        self.assertEqual(traffic.fromBackend, len(b"hello\n"))
        self.assertEqual(traffic.toClient, len(b"hello\n-busy try again\n"))


class CountingTests(SynchronousTestCase):
    """
    What a proxy counts of its links.
    """

    def test_ended(self) -> None:
        """
        The counts of a link outlive it.
        """
        talk = Session()
        talk.ask(b"GET a\n")
        talk.answer(b"value\n")
        counters = talk.factory.counters
        self.assertEqual((counters.exchanges, counters.ended), (0, 0))
        talk.relay.connectionLost()
        talk.endpoint.protocols[0].connectionLost()
        self.assertEqual((counters.exchanges, counters.ended), (2, 1))
        self.assertEqual(counters.traffic.toClient, len(b"hello\nvalue\n"))

    def test_connectFailures(self) -> None:
        """
        Each backend that is not reached, and none that is.
        """
        pair = Pair(refuses=OSError("no"))
        self.assertEqual(pair.factory.counters.connectFailures, 1)
        self.assertEqual(Pair().factory.counters.connectFailures, 0)

    def test_duration(self) -> None:
        """
        From the request to the end of its reply.
        """
        talk = Session()
        talk.clock.advance(1)
        duration = talk.factory.counters.duration
        before = sum(duration.counts)
        talk.ask(b"GET a\n")
        talk.clock.advance(0.2)
        talk.answer(b"*\nrow\n")
        self.assertEqual(sum(duration.counts), before)
        talk.clock.advance(0.3)
        talk.answer(b".\n")
        self.assertEqual(sum(duration.counts), before + 1)
        self.assertAlmostEqual(duration.total, 0.5)

    def test_durationOfDelayedReply(self) -> None:
        """
        What is kept back on the way to the client counts: it has not got it yet.
        """
        rule = {"behavior": "delay", "options": {"sleep": 2, "before": False}}
        talk = Session({**rule, "when": {"command": "GET"}})
        talk.clock.advance(1)
        duration, added = talk.factory.counters.duration, talk.factory.counters.added
        before = sum(duration.counts)
        talk.ask(b"GET a\n")
        talk.answer(b"value\n")
        self.assertEqual((sum(duration.counts), sum(added.counts)), (before, 0))
        talk.clock.advance(2)
        self.assertEqual((sum(duration.counts), sum(added.counts)), (before + 1, 1))
        self.assertAlmostEqual(duration.total, 2)
        self.assertAlmostEqual(added.total, 2)

    def test_passedOver(self) -> None:
        """
        What was passed over at first, and told apart when its reply came in parts, is timed
        from its request.
        """
        request = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
        # A command that was never seen is told apart; from then on it is known.
        Pair(wire="redis").ask(request)
        pair = Pair(wire="redis")
        pair.clock.advance(100)
        for _ in range(3):
            self.assertEqual(pair.ask(request), request)
            pair.clock.advance(0.5)
            self.assertEqual(pair.answer(b"$1\r\n") + pair.answer(b"x\r\n"), b"$1\r\nx\r\n")
        [link] = pair.factory.links
        duration = pair.factory.counters.duration
        self.assertEqual((link.exchanges, sum(duration.counts), duration.total), (3, 3, 1.5))

    def test_addedDelay(self) -> None:
        """
        Of every request that waits, also of those that wait side by side.
        """
        talk = Session({"behavior": "delay", "options": {"sleep": 1}, "when": {"command": "A"}})
        talk.ask(b"A 1\nA 2\nA 3\nB 4\n")
        added = talk.factory.counters.added
        self.assertEqual(sum(added.counts), 0)
        talk.clock.advance(1)
        self.assertEqual(sum(added.counts), 3)
        self.assertAlmostEqual(added.total, 3)

    def test_heldThenLifted(self) -> None:
        """
        What hung is counted with the time until it was lifted.
        """
        talk = Session({"behavior": "hang", "when": {"command": "GET"}})
        talk.ask(b"GET a\n")
        talk.clock.advance(7)
        talk.setRules()
        self.assertAlmostEqual(talk.factory.counters.added.total, 7)

    def test_faults(self) -> None:
        """
        By behavior and, of an error, the code that was really sent.
        """
        talk = Session(
            {"behavior": "error", "when": {"command": "GET"}},
            {"behavior": "delay", "when": {"command": "SET"}},
        )
        talk.ask(b"GET a\nSET a\nGET b\nOTHER\n")
        self.assertEqual(talk.factory.counters.faults, {("error", "busy"): 2, ("delay", ""): 1})

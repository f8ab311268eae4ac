"""
Tests for L{vaurien_twisted.control.turns}, and for connections that send requests and read no
answers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import around, makeProxy
from vaurien_twisted.control.body_limit import DIGITS, PORTION
from vaurien_twisted.control.site import controlRoot, controlSite
from vaurien_twisted.control.turns import SLICE, Turns


class Full(StringTransport):
    """
    A transport whose buffer is full with the first byte.
    """

    def write(self, data: bytes) -> None:
        """
        Take C{data} and no more.
        """
        super().write(data)
        if data and self.producer is not None:
            self.producer.pauseProducing()

    def writeSequence(self, data: Any) -> None:
        """
        The same.
        """
        self.write(b"".join(data))

    def drain(self) -> None:
        """
        The peer has read all.
        """
        self.producer.resumeProducing()


class Hands:
    """
    A clock that is set by hand, and counts turns of the reactor.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[Any] = []

    def seconds(self) -> float:
        """
        The answers.
        """
        return self.now

    def callLater(self, delay: float, call: Any) -> Any:
        """
        Call C{call} in the next turn.
        """
        self.calls.append(call)
        return call

    def turn(self) -> None:
        """
        One turn.
        """
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def connected(transport: StringTransport) -> tuple[Any, Any, Any]:
    """
    A proxy, a connection to its control site, and its clock.
    """
    proxy = makeProxy()
    clock = MemoryReactorClock()
    site = controlSite(clock, controlRoot(around(proxy)))
    site.doStart()
    protocol = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    protocol.makeConnection(transport)
    return proxy, protocol, clock


class TurnsTests(SynchronousTestCase):
    """
    The requests answered in one turn of the reactor.
    """

    def test_pitfall38_slice(self) -> None:
        """
        After a slice of time, further requests wait for the next turn, in order.
        """
        clock: Any = Hands()
        turns = Turns(clock)
        done: list[int] = []

        def call(number: int) -> None:
            done.append(number)
            clock.now += SLICE * 0.6

        for number in range(5):
            turns.take(lambda number=number: call(number))
        self.assertEqual(done, [0, 1])
        clock.turn()
        self.assertEqual(done, [0, 1, 2, 3])
        clock.turn()
        self.assertEqual(done, [0, 1, 2, 3, 4])
        clock.turn()
        self.assertEqual(clock.calls, [])

    def test_pitfall38_failure(self) -> None:
        """
        What fails does not hold up the others, nor does a clock that is set back.
        """
        clock: Any = Hands()
        turns = Turns(clock)
        done: list[int] = []

        def fail() -> None:
            clock.now -= 9
            raise ValueError

        self.assertRaises(ValueError, turns.take, fail)
        turns.take(lambda: done.append(1))
        clock.turn()
        self.assertEqual(done, [1])


class PipelineTests(SynchronousTestCase):
    """
    Many requests at once, on one connection.
    """

    def setUp(self) -> None:
        """
        A connection that is full with the first byte.
        """
        self.transport = Full(peerAddress=IPv4Address("TCP", "127.0.0.1", 1))
        self.proxy, self.protocol, self.clock = connected(self.transport)
        self.addCleanup(self.protocol.setTimeout, None)

    def ask(self, path: bytes, times: int = 1) -> None:
        """
        Send that many requests.
        """
        self.protocol.dataReceived(
            (b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n") * times
        )

    def answers(self) -> int:
        """
        How many have been given.
        """
        return self.transport.value().count(b"HTTP/1.1 200 OK")

    def test_pitfall38_unsent(self) -> None:
        """
        The next request is not looked at while the answer to the one before is unsent.
        """
        self.ask(b"/journal", 5)
        for number in range(1, 6):
            self.assertEqual(self.answers(), number)
            self.transport.drain()
        self.assertEqual(self.answers(), 5)
        self.ask(b"/version")
        self.assertEqual(self.answers(), 6)

    def test_pitfall38_pieces(self) -> None:
        """
        A long journal is written in pieces as the client reads, and is complete at the end.
        """
        for number in range(5000):
            self.proxy.journal.record("decision", "proxy", number)
        self.ask(b"/journal?limit=10000", 2)
        sizes = []
        while self.answers() < 2:
            sizes.append(len(self.transport.value()))
            self.transport.drain()
            self.clock.advance(0)
        self.assertGreater(len(sizes), 40)
        steps = [late - early for early, late in pairwise(sizes)]
        self.assertLess(max(steps), 2**15)
        self.assertEqual(self.transport.value().count(b'"connection": 4999'), 1)

    def test_pitfall38_read(self) -> None:
        """
        Entries are read as they are sent.
        """
        read: list[int] = []

        def facts(number: int) -> dict[str, int]:
            read.append(number)
            return {"number": number}

        for number in range(5000):
            self.proxy.journal.recordLater("decision", "proxy", 1, facts, number)
        self.ask(b"/journal?limit=10000")
        self.assertLess(len(read), 1000)
        while not self.transport.value().endswith(b'"last": 5000}\n\r\n0\r\n\r\n'):
            self.transport.drain()
            self.clock.advance(0)
        self.assertEqual(read, list(range(5000)))

    def test_pitfall38_fastReader(self) -> None:
        """
        Who reads as fast as we write gets a portion in each turn.
        """
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 1))
        self.proxy, self.protocol, self.clock = connected(self.transport)
        self.addCleanup(self.protocol.setTimeout, None)
        for number in range(5000):
            self.proxy.journal.record("decision", "proxy", number)
        self.ask(b"/journal?limit=10000", 2)
        self.assertLess(len(self.transport.value()), 1.5 * PORTION)
        # This clock runs as many turns as there are.
        self.clock.advance(0)
        self.assertEqual(self.transport.value().count(b'"connection": 4999'), 2)

    def test_pitfall38_gone(self) -> None:
        """
        Who leaves in the middle is forgotten.
        """
        for number in range(5000):
            self.proxy.journal.record("decision", "proxy", number)
        self.ask(b"/journal?limit=10000", 2)
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_pitfall41_lengthOfManyDigits(self) -> None:
        """
        A Content-Length that is not a number is refused.
        """
        self.protocol.dataReceived(
            b"PUT /behavior HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            + b"9" * max(DIGITS + 1, 5000)
            + b"\r\n\r\n"
        )
        self.assertIn(b"413 Content Too Large", self.transport.value())
        self.assertIn(b'"errors"', self.transport.value())
        self.assertTrue(self.transport.disconnecting)

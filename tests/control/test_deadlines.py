"""
Tests for the limit on the time that a request to the control service may take.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import around, makeProxy
from vaurien_twisted.control.connection_limit import ConnectionLimit
from vaurien_twisted.control.deadlines import DEADLINE, GRACE, OpenConnections
from vaurien_twisted.control.site import controlRoot, controlSite

ADDRESS = IPv4Address("TCP", "127.0.0.1", 1)
GET = b"GET /behavior HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Wire(StringTransport):
    """
    A transport with a file descriptor, which notes that it was aborted.
    """

    def __init__(self, fd: int) -> None:
        super().__init__(ADDRESS, ADDRESS)
        self.fd = fd
        self.aborted = False

    def fileno(self) -> int:
        """
        The number.
        """
        return self.fd

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.aborted = True


class DeadlineTests(SynchronousTestCase):
    """
    Requests that do not arrive completely.
    """

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        site = controlSite(self.clock, controlRoot(around(makeProxy())))
        self.connections = OpenConnections(site, self.clock, ConnectionLimit(self.clock.seconds))
        self.connections.doStart()
        self.addCleanup(self.connections.doStop)

    def connect(self, fd: int = 7) -> tuple[Any, Wire]:
        """
        One more client.
        """
        protocol: Any = self.connections.buildProtocol(ADDRESS)
        wire = Wire(fd)
        protocol.makeConnection(wire)
        return protocol, wire

    def slow(self, *parts: bytes) -> Wire:
        """
        A client that sends these, and then one more byte a second for ever.
        """
        protocol, wire = self.connect()
        for part in parts:
            protocol.dataReceived(part)
        for _ in range(int(DEADLINE) - 1):
            self.clock.advance(1)
            self.assertFalse(wire.disconnecting)
            protocol.dataReceived(b"x")
        self.clock.advance(2)
        self.assertTrue(wire.disconnecting)
        return wire

    def test_pitfall40_bodyNeverSent(self) -> None:
        """
        An incomplete body is answered with 408, and the connection ends; a client that does not
        close is reset.
        """
        wire = self.slow(
            b"PUT /behavior HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n"
        )
        self.assertTrue(wire.value().startswith(b"HTTP/1.1 408 "), wire.value())
        self.assertIn(b"Connection: close", wire.value())
        self.assertFalse(wire.aborted)
        self.clock.advance(GRACE)
        self.assertTrue(wire.aborted)

    def test_pitfall40_chunksNeverSent(self) -> None:
        """
        Nor one whose length is not known.
        """
        self.slow(
            b"PUT /behavior HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"ffff\r\n",
        )

    def test_pitfall40_headNeverFinished(self) -> None:
        """
        So it is with a head, and with its first line.
        """
        for part in (b"GET /behav", b"GET /behavior HTTP/1.1\r\nHost: localhost\r\nX: "):
            wire = self.slow(part)
            self.assertTrue(wire.value().startswith(b"HTTP/1.1 408 "), wire.value())

    def test_pitfall40_nothingSent(self) -> None:
        """
        A client that sends nothing gets no answer.
        """
        before = len(self.clock.getDelayedCalls())
        protocol, wire = self.connect()
        self.clock.advance(DEADLINE)
        self.assertTrue(wire.disconnecting)
        self.assertEqual(wire.value(), b"")
        protocol.connectionLost()
        self.assertEqual(len(self.clock.getDelayedCalls()), before)

    def test_pitfall40_nextRequest(self) -> None:
        """
        Each request has the same time; an idle connection ends after a minute.
        """
        protocol, wire = self.connect()
        for _ in range(3):
            protocol.dataReceived(GET)
            self.assertIn(b"HTTP/1.1 200", wire.value())
            wire.clear()
            self.clock.advance(DEADLINE + 1)
            self.assertFalse(wire.disconnecting)
        protocol.dataReceived(GET[:20])
        self.clock.advance(DEADLINE)
        self.assertTrue(wire.disconnecting)
        protocol, wire = self.connect()
        protocol.dataReceived(GET)
        self.clock.pump([1] * 61)
        self.assertTrue(wire.disconnecting)

    def test_pitfall40_longAnswer(self) -> None:
        """
        A streamed answer, such as that of C{/events}, has no time limit.
        """
        protocol, wire = self.connect()
        protocol.dataReceived(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b"HTTP/1.1 200", wire.value())
        self.clock.pump([1] * 300)
        self.assertFalse(wire.disconnecting)
        protocol.connectionLost()

"""
Tests for the limit on the number of connections to the control services.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import around, makeProxy
from tests.control.test_deadlines import ADDRESS, GET, Wire
from vaurien_twisted.control import connection_limit
from vaurien_twisted.control.connection_limit import MOST, PROMPT, ConnectionLimit
from vaurien_twisted.control.deadlines import OpenConnections
from vaurien_twisted.control.site import controlRoot, controlSite
from vaurien_twisted.transports.descriptors import SPARE, reserved

STREAM = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"


class LimitTests(SynchronousTestCase):
    """
    Connections that are too many.
    """

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.descriptors = 1024
        self.limit = ConnectionLimit(self.clock.seconds, lambda: self.descriptors)
        self.services = [self.service(), self.service()]

    def service(self) -> OpenConnections:
        """
        The connections of one control service.
        """
        site = controlSite(self.clock, controlRoot(around(makeProxy())))
        connections = OpenConnections(site, self.clock, self.limit)
        connections.doStart()
        self.addCleanup(connections.doStop)
        self.addCleanup(self.close, connections)
        return connections

    def close(self, connections: OpenConnections) -> None:
        """
        Its clients go.
        """
        for protocol in list(connections.protocols):
            protocol.connectionLost()

    def connect(self, *requests: bytes, service: int = 0) -> tuple[Any, Wire]:
        """
        One more client, which sends these.
        """
        protocol: Any = self.services[service].buildProtocol(ADDRESS)
        wire = Wire(7)
        protocol.makeConnection(wire)
        for request in requests:
            if not wire.aborted:
                protocol.dataReceived(request)
        return protocol, wire

    def aborted(self, *wires: Wire) -> list[bool]:
        """
        Which of them were reset.
        """
        return [wire.aborted for wire in wires]

    def test_pitfall40_tooMany(self) -> None:
        """
        The one is reset that has been idle for the longest time; one on which a request is
        being answered stays.
        """
        self.patch(connection_limit, "MOST", 3)
        _, stream = self.connect(STREAM)
        first, wire1 = self.connect()
        _, wire2 = self.connect()
        first.dataReceived(GET)
        _, wire3 = self.connect()
        self.assertEqual(self.aborted(stream, wire1, wire2, wire3), [False, False, True, False])

    def test_pitfall40_resetOnce(self) -> None:
        """
        Of connections that arrive at once, each closes another one, although none has ended yet.
        """
        self.patch(connection_limit, "MOST", 2)
        wires = [self.connect()[1] for _ in range(5)]
        self.assertEqual(self.aborted(*wires), [True, True, True, False, False])

    def test_pitfall40_allBusy(self) -> None:
        """
        Where all are busy, the new one is refused.
        """
        self.patch(connection_limit, "MOST", 1)
        _, stream = self.connect(STREAM)
        _, wire = self.connect()
        self.assertEqual(self.aborted(stream, wire), [False, True])

    def test_pitfall40_allStreams(self) -> None:
        """
        Where the others only read events, or do not read their answers, the one is reset
        that has done so for the longest time.
        """
        self.patch(connection_limit, "MOST", 2)
        _, first = self.connect(STREAM)
        _, second = self.connect(STREAM)
        self.clock.advance(PROMPT)
        _, asking = self.connect(GET)
        self.assertEqual(self.aborted(first, second, asking), [True, False, False])
        self.assertIn(b"HTTP/1.1 200", asking.value())

    def test_pitfall40_closed(self) -> None:
        """
        A connection that was closed does not count.
        """
        self.patch(connection_limit, "MOST", 1)
        first, wire1 = self.connect()
        first.connectionLost()
        _, wire2 = self.connect()
        self.assertEqual(self.aborted(wire1, wire2), [False, False])

    def test_pitfall40_severalServices(self) -> None:
        """
        All control services of a process share the limit.
        """
        self.patch(connection_limit, "MOST", 1)
        _, wire1 = self.connect()
        _, wire2 = self.connect(service=1)
        self.assertEqual(self.aborted(wire1, wire2), [True, False])

    def test_pitfall40_fewDescriptors(self) -> None:
        """
        The limit follows that on file descriptors: all connections fit into those that are
        kept from the clients of proxies.
        """
        for most in (8, 64, 160, 256, 1024, 4096, 2**20):
            self.descriptors = most
            spare = min(SPARE, reserved(most) // 2)
            self.assertLessEqual(self.limit.most, max(1, reserved(most) - spare))
            self.assertGreaterEqual(self.limit.most, 1)
        self.assertEqual(self.limit.most, 240)
        self.assertLessEqual(self.limit.most, MOST)
        self.descriptors = 16
        wires = [self.connect()[1] for _ in range(3)]
        self.assertEqual(self.aborted(*wires), [True, False, False])

"""
Tests for L{vaurien_twisted.transports.descriptors}.
"""

from __future__ import annotations

import os
import resource
from typing import Any

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tests.control.test_deadlines import Wire
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.transports.descriptors import (
    EVERY,
    RESERVED,
    Descriptors,
    descriptorOf,
    limit,
)


class Never:
    """
    A backend that is never connected to.
    """

    def connect(self, factory: Any) -> Any:
        """
        Must not be.
        """
        raise AssertionError("connected")


class DescriptorsTests(SynchronousTestCase):
    """
    Which may be had.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.limit = 1024
        self.descriptors = Descriptors(self.clock.seconds, lambda: self.limit)
        self.lines: list[str] = []

        def observe(event: Any) -> None:
            if "descriptors" in event.get("log_namespace", ""):
                self.lines.append(event["log_format"].format(**event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def test_pitfall40_reserve(self) -> None:
        """
        The last ones are not for clients; of a low limit, a quarter.
        """
        self.assertTrue(self.descriptors.allows(1024 - RESERVED - 1))
        self.assertFalse(self.descriptors.allows(1024 - RESERVED))
        self.limit = 40
        few = Descriptors(self.clock.seconds, lambda: self.limit)
        self.assertEqual([few.allows(29), few.allows(30)], [True, False])

    def test_pitfall40_raised(self) -> None:
        """
        A limit that is raised while we run counts.
        """
        self.assertFalse(self.descriptors.allows(1000))
        self.limit = 4096
        self.assertTrue(self.descriptors.allows(1000))

    def test_pitfall40_more(self) -> None:
        """
        Opening one more descriptor is tried only near the limit.
        """
        low = os.open(os.devnull, os.O_RDONLY)
        os.close(low)
        self.limit = low + 1
        tight = Descriptors(self.clock.seconds, lambda: self.limit)
        self.assertTrue(tight.more())
        self.assertFalse(tight.allows(low + 1))
        self.assertFalse(tight.more())
        self.limit = 1024
        self.assertTrue(tight.more())

    def test_pitfall40_lines(self) -> None:
        """
        Refusals are logged now and then, with their number.
        """
        for _ in range(5):
            self.descriptors.logRefusal("web")
        self.assertEqual(len(self.lines), 1)
        self.assertIn("web: no file descriptors are left", self.lines[0])
        self.assertIn("refused: 1", self.lines[0])
        self.clock.advance(EVERY)
        self.descriptors.logRefusal("web")
        self.assertEqual(len(self.lines), 2)
        self.assertIn("refused: 5", self.lines[1])
        self.assertEqual(self.descriptors.refused, 6)

    def test_limit(self) -> None:
        """
        The limit is that of this process, however high.
        """
        self.assertGreater(limit(), 8)
        self.patch(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)
        self.assertEqual(limit(), 2**31)
        self.assertEqual(descriptorOf(StringTransport()), -1)

    def test_pitfall40_client(self) -> None:
        """
        A relay whose client has one of the last descriptors resets it; no link begins.
        """
        clock = MemoryReactorClock()
        backend: Any = Never()
        factory = RelayFactory(clock, backend)
        factory._links.context = attrs.evolve(factory.context, descriptors=self.descriptors)
        relay = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        wire = Wire(1023)
        relay.makeConnection(wire)
        self.assertTrue(wire.aborted)
        self.assertEqual(factory.links, set())
        relay.dataReceived(b"x")
        relay.readConnectionLost()
        relay.connectionLost()
        self.assertEqual(self.descriptors.refused, 1)

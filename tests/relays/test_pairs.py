"""
Tests for L{vaurien_twisted.relays.pairs}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, MemoryEndpoint
from vaurien_twisted.relays import pairs


class PairTests(SynchronousTestCase):
    """
    There is a Relay and a RelayFactory for each wire protocol of our own.
    """

    def test_allProtocols(self) -> None:
        """
        Each factory builds its own relay for its own protocol, and none is missing.
        """
        found = {}
        for name in dir(pairs):
            if name.endswith("RelayFactory") and name != "RelayFactory":
                factory = getattr(pairs, name)(Clock(), MemoryEndpoint())
                relay = factory.buildProtocol(None)
                self.assertEqual(type(relay).__name__, name.removesuffix("Factory"))
                found[factory.wire.name] = name
        self.assertEqual(set(found), set(REGISTRY.wires))

"""
Proxies with clients and backends in memory, for tests of what can be seen of them.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import MemoryReactorClock

from tests.lines import linesRegistry
from tests.relays.support import MemoryEndpoint, Wire
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules

#: When the tests begin, in seconds.
NOON = 43200.0


class SeenClient:
    """
    A client of a proxy, greeted by the backend.
    """

    def __init__(self, seen: SeenProxy) -> None:
        self._seen = seen
        self.wire = Wire()
        self.relay = seen.proxy.relays.buildProtocol(None)
        self.relay.makeConnection(self.wire)
        if seen.endpoint.wires and len(seen.endpoint.wires) == len(seen.clients) + 1:
            self.answer(b"hello\n")
        seen.clients.append(self)

    @property
    def _place(self) -> int:
        clients = self._seen.clients
        return clients.index(self) if self in clients else len(clients)

    @property
    def backend(self) -> Wire:
        """
        The backend's transport.
        """
        return self._seen.endpoint.wires[self._place]

    def ask(self, data: bytes) -> bytes:
        """
        The client sends; what the backend gets.
        """
        self.relay.transport.bytesRead += len(data)
        self.relay.dataReceived(data)
        return self.backend.heard() if self._seen.endpoint.wires else b""

    def answer(self, data: bytes) -> bytes:
        """
        The backend sends; what the client gets.
        """
        protocol = self._seen.endpoint.protocols[self._place]
        protocol.transport.bytesRead += len(data)
        protocol.dataReceived(data)
        return self.wire.heard()


class SeenProxy:
    """
    A proxy of the tests' own protocol, on a clock of its own.
    """

    def __init__(
        self, *rules: dict[str, Any], name: str = "proxy", journal: Journal | None = None
    ) -> None:
        self.clock = MemoryReactorClock()
        self.clock.advance(NOON)
        self.journal = Journal(self.clock.seconds) if journal is None else journal
        self.endpoint = MemoryEndpoint()
        self.clients: list[SeenClient] = []
        registry = linesRegistry()
        self.ruleBuilder = RuleBuilder(registry, wire=registry.wire("lines"))
        self.proxy = Proxy(
            self.clock,
            name=name,
            listen="localhost:8000",
            backend="localhost:8888",
            wire=registry.wire("lines"),
            ruleBuilder=self.ruleBuilder,
            journal=self.journal,
            seed=7,
        )
        self.proxy.relays.setBackend(self.endpoint, "localhost:8888")
        self.setRules(*rules)
        self.clock.advance(1)

    @property
    def observed(self) -> Observed:
        """
        What APIs see.
        """
        return Observed(lambda: [self.proxy], self.journal)

    def setRules(self, *rules: dict[str, Any]) -> None:
        """
        Put other rules in force.
        """
        self.proxy.faults.setPlan(planFromRules(self.ruleBuilder, list(rules)))

    def connect(self) -> SeenClient:
        """
        A client comes.
        """
        return SeenClient(self)

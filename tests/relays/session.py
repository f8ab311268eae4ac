"""
A link for the tests' own protocol, between two transports in memory.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.task import Clock

from tests.relays.support import MemoryEndpoint, Wire
from tests.ruled import LINES
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules


class Session:
    """
    A client and a backend of the tests' own protocol, with a link between them, greeted.

    @cvar builder: builds the rules, for the protocol that the link reads.
    """

    builder: ClassVar[RuleBuilder] = LINES

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.clock = Clock()
        self.endpoint = MemoryEndpoint()
        self.journal = Journal(self.clock.seconds)
        self.factory = RelayFactory(
            self.clock,
            self.endpoint,
            planFromRules(self.builder, list(rules)),
            wire=self.builder.wire,
            seed=7,
            journal=self.journal,
        )
        self.connect()
        if self.builder.wire.greets and self.endpoint.wires:
            assert self.answer(b"hello\n") == b"hello\n"

    def connect(self) -> None:
        """
        A client comes.
        """
        self.client = Wire()
        self.relay = self.factory.buildProtocol(None)
        self.relay.makeConnection(self.client)

    def setRules(self, *rules: dict[str, Any]) -> None:
        """
        Put other rules in force.
        """
        self.factory.setPlan(planFromRules(self.builder, list(rules)))

    @property
    def backend(self) -> Wire:
        """
        The backend's transport of the latest link.
        """
        return self.endpoint.wires[-1]

    def ask(self, data: bytes) -> bytes:
        """
        The client sends; what the backend gets.
        """
        self.relay.dataReceived(data)
        return self.backend.heard()

    def answer(self, data: bytes) -> bytes:
        """
        The backend sends; what the client gets.
        """
        self.endpoint.protocols[-1].dataReceived(data)
        return self.client.heard()

    def wait(self, seconds: float) -> bytes:
        """
        Time passes; what the client gets.
        """
        self.clock.advance(seconds)
        return self.client.heard()

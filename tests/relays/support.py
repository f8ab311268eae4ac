"""
A link between two transports in memory.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.plan import Draw, Plan
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()


class Wire(StringTransport):
    """
    A transport that counts what is written, and notes how it was ended.

    @ivar sent: whether the kernel has taken all that was written.
    """

    sent = True

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[str] = []
        self.bytesRead = self.bytesWritten = 0

    def write(self, data: bytes) -> None:
        """
        Count it.
        """
        self.bytesWritten += len(data)
        super().write(data)

    def loseConnection(self) -> None:
        """
        Note it.
        """
        self.ended.append("lose")
        super().loseConnection()

    def loseWriteConnection(self) -> None:
        """
        Note it.
        """
        self.ended.append("half")

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.ended.append("abort")

    def unregisterProducer(self) -> None:
        """
        As real transports do, allow it twice.
        """
        if self.producer is not None:
            super().unregisterProducer()

    def setTcpNoDelay(self, on: bool) -> None:
        """
        Nothing to set.
        """

    def heard(self) -> bytes:
        """
        What was written since the last call.
        """
        data: bytes = self.value()
        self.clear()
        return data


@implementer(IStreamClientEndpoint)
class MemoryEndpoint:
    """
    Connects at once, later, or never.

    @ivar refuses: the error that connecting fails with.
    @ivar later: keep connections waiting in C{waiting}.
    """

    def __init__(self) -> None:
        self.refuses: Exception | None = None
        self.later = False
        self.waiting: list[Any] = []
        self.cancelled = 0
        self.wires: list[Wire] = []
        self.protocols: list[Any] = []

    def connect(self, protocolFactory: Any) -> Deferred[IProtocol]:
        """
        Do as told.
        """
        if self.refuses is not None:
            return fail(self.refuses)
        if self.later:
            waiting: Deferred[IProtocol] = Deferred(self._cancel)
            self.waiting.append((protocolFactory, waiting))
            return waiting
        return succeed(self._made(protocolFactory))

    def _cancel(self, waiting: Any) -> None:
        self.cancelled += 1

    def _made(self, protocolFactory: Any) -> Any:
        wire = Wire()
        protocol = protocolFactory.buildProtocol(None)
        self.wires.append(wire)
        self.protocols.append(protocol)
        protocol.makeConnection(wire)
        return protocol

    def connectNow(self) -> None:
        """
        Make the oldest waiting connection.
        """
        protocolFactory, waiting = self.waiting.pop(0)
        waiting.callback(self._made(protocolFactory))


class Pair:
    """
    A client and a backend with a relay between them.
    """

    def __init__(self, wire: str = "tcp", behavior: str = "dummy", **more: Any) -> None:
        self.clock = Clock()
        self.endpoint = MemoryEndpoint()
        options = more.pop("options", {})
        self.later = more.pop("later", False)
        self.endpoint.later = self.later
        self.endpoint.refuses = more.pop("refuses", None)
        self.factory = RelayFactory(
            self.clock,
            self.endpoint,
            plan(behavior, **options),
            wire=REGISTRY.wire(wire),
            options=more.pop("protocolOptions", None),
            seed=7,
            **more,
        )
        self.client = Wire()
        self.relay = self.factory.buildProtocol(None)
        self.relay.makeConnection(self.client)

    @property
    def backend(self) -> Wire:
        """
        The backend's transport.
        """
        return self.endpoint.wires[0]

    @property
    def backendProtocol(self) -> Any:
        """
        The relay's side that faces the backend.
        """
        return self.endpoint.protocols[0]

    def ask(self, data: bytes) -> bytes:
        """
        The client sends; what the backend gets.
        """
        self.relay.dataReceived(data)
        return self.backend.heard() if self.endpoint.wires else b""

    def answer(self, data: bytes) -> bytes:
        """
        The backend sends; what the client gets.
        """
        self.backendProtocol.dataReceived(data)
        return self.client.heard()

    def setBehavior(self, name: str, **options: Any) -> None:
        """
        Put another plan in force.
        """
        self.factory.setPlan(plan(name, **options))

    def loseClient(self, clean: bool = True) -> None:
        """
        The client's connection is gone.
        """
        self.relay.connectionLost(Failure(ConnectionDone() if clean else ConnectionLost()))

    def loseBackend(self, clean: bool = True) -> None:
        """
        The backend's connection is gone.
        """
        self.backendProtocol.connectionLost(
            Failure(ConnectionDone() if clean else ConnectionLost())
        )


def plan(name: str, **options: Any) -> Plan:
    """
    A plan as users write it.
    """
    return RuleBuilder(REGISTRY).one(name, options)


def always(behavior: Any) -> Plan:
    """
    The plan in which a behavior of a test's own meets every exchange.
    """
    return Plan((Draw((Rule(behavior, behavior.options()),)),))

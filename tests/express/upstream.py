"""
Twisted's own transport tests, put on express.

They speak to a reactor, so one is dressed up here: its C{listenTCP} and C{connectTCP}
make express ports and connections.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.base import BaseConnector
from twisted.internet.protocol import Factory
from twisted.internet.test.connectionmixins import EndpointCreator
from twisted.internet.test.reactormixins import ReactorBuilder
from twisted.python.failure import Failure

from vaurien_twisted.express.connected_socket import toAddress
from vaurien_twisted.express.endpoints import ExpressClientEndpoint, ExpressServerEndpoint
from vaurien_twisted.express.poller import pollerFor
from vaurien_twisted.express.port import ExpressPort

#: The reactors that express is to run under: its own, and some of those that Twisted knows.
REACTORS = ["vaurien_twisted.express.reactor.ExpressReactor"]
REACTORS += [
    name
    for name in ReactorBuilder._reactors
    if name.endswith((".EPollReactor", ".PollReactor", ".SelectReactor", ".AsyncioSelectorReactor"))
]


class ExpressCreator(EndpointCreator):
    """
    Express endpoints on this machine.
    """

    def __init__(self, interface: str = "127.0.0.1") -> None:
        self.interface = interface

    def server(self, reactor: Any) -> ExpressServerEndpoint:
        """
        Where to listen.
        """
        return ExpressServerEndpoint(reactor, 0, self.interface)

    def client(self, reactor: Any, serverAddress: Any) -> ExpressClientEndpoint:
        """
        Where to connect to.
        """
        return ExpressClientEndpoint(reactor, self.interface, serverAddress.port)


class _Once(Factory):
    """
    Between the endpoint and a connector, which starts and stops the real factory itself.
    """

    noisy = False

    def __init__(self, connector: ExpressConnector) -> None:
        self._connector = connector

    def buildProtocol(self, addr: Any) -> Any:
        """
        The real factory's protocol, whose end the connector hears of.
        """
        protocol = self._connector.buildProtocol(addr)
        if protocol is not None:
            self._connector.transport.protocol = protocol
            lost = protocol.connectionLost

            def connectionLost(reason: Failure) -> None:
                lost(reason)
                self._connector.connectionLost(reason)

            protocol.connectionLost = connectionLost
        return protocol


class _Connecting:
    """
    What a connector takes for its transport.

    @ivar protocol: the one that was connected.
    """

    def __init__(self, connector: ExpressConnector, endpoint: ExpressClientEndpoint) -> None:
        self._connector = connector
        self._endpoint = endpoint
        self._made: Any = None
        self.protocol: Any = None
        self._over = False
        connector.reactor.callLater(0, self._begin)

    def _begin(self) -> None:
        if not self._over:
            self._made = self._endpoint.connect(_Once(self._connector))
            self._made.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        if not self._over:
            self._over = True
            self._connector.connectionFailed(failure)

    def failIfNotConnected(self, error: Exception) -> None:
        """
        Give up.
        """
        if not self._over and self.protocol is None:
            self._over = True
            self._connector.connectionFailed(Failure(error))
            if self._made is not None:
                self._made.cancel()

    def loseConnection(self) -> None:
        """
        Close.
        """
        self.protocol.transport.loseConnection()


class ExpressConnector(BaseConnector):
    """
    What C{connectTCP} returns.
    """

    def __init__(self, reactor: Any, host: str, port: int, factory: Any, timeout: Any) -> None:
        super().__init__(factory, timeout, reactor)
        self._endpoint = ExpressClientEndpoint(reactor, host, port)
        self._place = (host, port)

    def _makeTransport(self) -> _Connecting:
        return _Connecting(self, self._endpoint)

    def getDestination(self) -> Any:
        """
        Where it connects to.
        """
        return toAddress(self._place)


def dress(reactor: Any, patch: Any) -> Any:
    """
    Let C{reactor} use express.

    @param patch: a test case's C{patch}, which undoes it.
    """

    def listenTCP(port: int, factory: Any, backlog: int = 50, interface: str = "") -> ExpressPort:
        listening = ExpressPort(pollerFor(reactor), port, interface, backlog, factory)
        listening.startListening()
        return listening

    def connectTCP(
        host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> ExpressConnector:
        connector = ExpressConnector(reactor, host, port, factory, timeout)
        connector.connect()
        return connector

    patch(reactor, "listenTCP", listenTCP)
    patch(reactor, "connectTCP", connectTCP)
    return reactor


def without(cls: type, *names: str) -> type:
    """
    A test class of Twisted's without the tests that do not fit.

    @raise AttributeError: it has no such test.
    """
    for name in names:
        getattr(cls, name)
    return _without(cls, frozenset(names))


def _without(cls: type, names: frozenset[str]) -> type:
    if not any(hasattr(cls, name) for name in names):
        return cls
    own = names | {"__dict__", "__weakref__"}
    body = {name: value for name, value in vars(cls).items() if name not in own}
    return type(cls.__name__, tuple(_without(base, names) for base in cls.__bases__), body)


class OnExpress(ReactorBuilder):
    """
    Builds reactors that use express.
    """

    _reactors = REACTORS
    timeout = 120

    def buildReactor(self) -> Any:
        """
        A new reactor.
        """
        return dress(super().buildReactor(), self.patch)


class GlobalOnExpress:
    """
    Lets the reactor that runs the tests use express.
    """

    timeout = 120

    def setUp(self) -> Any:
        """
        Dress it before the test uses it.
        """
        from twisted.internet import reactor

        dress(reactor, self.patch)
        return super().setUp()

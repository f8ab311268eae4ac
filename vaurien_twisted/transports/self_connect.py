# -*- test-case-name: tests.transports.test_self_connect -*-
"""
BatchDecider a socket that is connected to itself as a refused connection.

See L{isSelfConnected} for how this happens.  This module is for Twisted's own transports; the
connector of C{express} checks its sockets itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IListeningPort,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
)
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.express.connected_socket import isSelfConnected
from vaurien_twisted.interfaces.network import IServerReactor


class RefusingFactory(ClientFactory):
    """
    Passes connections to another factory.  If a socket is connected to itself, it reports a
    refused connection instead.
    """

    noisy = False

    def __init__(self, wrapped: ClientFactory) -> None:
        self._wrapped = wrapped
        self._connector: IConnector | None = None
        self._refused = False

    def startedConnecting(self, connector: IConnector) -> None:
        self._connector = connector
        self._wrapped.startedConnecting(connector)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        transport = getattr(self._connector, "transport", None)
        if transport is not None and isSelfConnected(transport.getHandle()):
            self._refused = True
            # After an orderly close the server could not use the port for a while (TIME_WAIT).
            transport.abortConnection()
            return None
        return self._wrapped.buildProtocol(addr)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._wrapped.clientConnectionFailed(connector, reason)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        if self._refused:
            refusal = Failure(ConnectionRefusedError(string="Connection refused"))
            self._wrapped.clientConnectionFailed(connector, refusal)
        else:
            self._wrapped.clientConnectionLost(connector, reason)

    def doStart(self) -> None:
        self._wrapped.doStart()

    def doStop(self) -> None:
        self._wrapped.doStop()


@implementer(IReactorTCP, IReactorTime, IReactorPluggableNameResolver)
class ConnectingReactor:
    """
    A reactor for Twisted's TCP client endpoints, on which a socket that is connected to itself
    counts as a refused connection.

    @param resolver: looks up host names; C{None}: the reactor's own resolver.
    """

    def __init__(self, reactor: IServerReactor, resolver: IHostnameResolver | None = None) -> None:
        self._reactor = reactor
        self._resolver = resolver

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory[Any],
        timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,
    ) -> IConnector:
        refusing = RefusingFactory(factory)
        connector: IConnector = self._reactor.connectTCP(host, port, refusing, timeout, bindAddress)
        return connector

    def listenTCP(
        self, port: int, factory: ServerFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        listening: IListeningPort = self._reactor.listenTCP(port, factory, backlog, interface)
        return listening

    def seconds(self) -> float:
        return float(self._reactor.seconds())

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> IDelayedCall:
        call: IDelayedCall = self._reactor.callLater(delay, callable, *args, **kwargs)
        return call

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        calls: Sequence[IDelayedCall] = self._reactor.getDelayedCalls()
        return calls

    @property
    def nameResolver(self) -> IHostnameResolver:
        return self._reactor.nameResolver if self._resolver is None else self._resolver

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        before: IHostnameResolver = self._reactor.installNameResolver(resolver)
        return before

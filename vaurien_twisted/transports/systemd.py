# -*- test-case-name: tests.transports.test_systemd -*-
"""
Sockets that systemd has opened and hands over.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer


@implementer(IListeningPort)
class InheritedPort:
    """
    Accepts on a socket that somebody else has opened, and will use again: the file of a
    UNIX socket stays when this ends.
    """

    def __init__(self, port: Any) -> None:
        self._port = port

    def startListening(self) -> None:
        """
        It does already.
        """

    def stopListening(self) -> None:
        """
        Accept no more.
        """
        port, self._port = self._port, None
        if port is not None:
            port.stopReading()
            port.socket.close()
            port.factory.doStop()

    def getHost(self) -> IAddress:
        """
        Where it listens.

        @raise RuntimeError: it does not.
        """
        if self._port is None:
            raise RuntimeError("the port is not listening")
        host: IAddress = self._port.getHost()
        return host


@implementer(IStreamServerEndpoint)
class InheritedServerEndpoint:
    """
    Listens on a socket that is there already, again and again.  It stays open meanwhile, so
    that clients are not refused but wait.

    @param adopted: Twisted's endpoint for it, which could be used once.
    """

    def __init__(self, reactor: Any, adopted: AdoptedStreamServerEndpoint) -> None:
        self._reactor = reactor
        self._adopted = adopted

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Accept what comes to the socket.
        """
        again = os.dup(self._adopted.fileno)
        endpoint = AdoptedStreamServerEndpoint(self._reactor, again, self._adopted.addressFamily)
        listening: Deferred[IListeningPort] = endpoint.listen(protocolFactory)
        return listening.addCallback(InheritedPort)

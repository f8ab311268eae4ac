# -*- test-case-name: tests.transports.test_systemd -*-
"""
Sockets that systemd has opened and passed to this process (sd_listen_fds(3)).
"""

from __future__ import annotations

import os

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.transports.ports import OpenPort


@implementer(IStreamServerEndpoint)
class InheritedServerEndpoint:
    """
    Listens on a socket that systemd has opened.  It can stop and listen again.  The socket, and the
    file of a UNIX socket, stay open in between, so clients wait instead of being refused.

    @param adopted: Twisted's endpoint for the socket, which can listen only once.
    """

    def __init__(self, reactor: IServerReactor, adopted: AdoptedStreamServerEndpoint) -> None:
        self._reactor = reactor
        self._adopted = adopted

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        again = os.dup(self._adopted.fileno)
        endpoint = AdoptedStreamServerEndpoint(self._reactor, again, self._adopted.addressFamily)
        listening: Deferred[IListeningPort] = endpoint.listen(protocolFactory)
        return listening.addCallback(OpenPort)

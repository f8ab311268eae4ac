# -*- test-case-name: tests.transports.test_addresses -*-
"""
Connects to C{localhost} by IPv4 or IPv6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

if TYPE_CHECKING:
    from vaurien_twisted.express.connector import BegunConnection


@implementer(IStreamClientEndpoint)
class LocalhostEndpoint:
    """
    Connects to this machine by IPv4 and, if that fails, by IPv6.  It looks up no name and does not
    wait between the two attempts.

    @param four: connects by IPv4.
    @param six: connects by IPv6.
    """

    def __init__(self, four: IStreamClientEndpoint, six: IStreamClientEndpoint) -> None:
        self._four = four
        self._six = six

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect; if neither answers, fail as IPv4 failed.
        """
        connecting: Deferred[IProtocol] = self._four.connect(protocolFactory)

        def trySix(first: Failure) -> Deferred[IProtocol]:
            first.trap(ConnectError)
            second: Deferred[IProtocol] = self._six.connect(protocolFactory)
            return second.addErrback(lambda failure: failure.trap(ConnectError) and first)

        return connecting.addErrback(trySix)

    def reach(self) -> BegunConnection | None:
        """
        Connect without a protocol, by IPv4; C{None}: L{connect} has to try.
        """
        reach = getattr(self._four, "reach", None)
        begun: BegunConnection | None = None if reach is None else reach()
        if begun is not None and begun.code:
            begun.sock.close()
            return None
        return begun

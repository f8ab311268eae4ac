# -*- test-case-name: tests.control.test_deadlines -*-
"""
A limit for how long a request to the control service may take to arrive.

A client that begins a request and never completes it would hold its connection, and a file
descriptor, for ever.  Twisted closes a connection after a minute without data, but a byte now
and then is enough to keep it open.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    ITransport,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import Interface, implementer

from vaurien_twisted.control.connection_limit import ConnectionLimit
from vaurien_twisted.interfaces.network import IStreamTransport

#: Within how many seconds a request must be complete.
DEADLINE = 30.0

#: How many seconds a client has to read that it was too slow.
GRACE = 5.0


class IRequestWatch(Interface):
    """
    Is called about the requests on a connection.
    """

    def requestBegan() -> None:
        """
        A complete request has arrived.
        """

    def requestEnded() -> None:
        """
        The request has been answered.
        """


@implementer(IRequestWatch)
class ControlConnection(ProtocolWrapper):
    """
    A connection that is closed if a request does not arrive within L{DEADLINE}.

    @ivar idle: whether no request is being answered.
    """

    factory: OpenConnections
    transport: IStreamTransport

    def __init__(self, factory: OpenConnections, wrapped: IProtocol) -> None:
        super().__init__(factory, wrapped)
        self.idle = True
        self._timer: IDelayedCall | None = None
        self._heard = False

    def makeConnection(self, transport: ITransport) -> None:
        self._expect()
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        self._heard = True
        if self.idle and self._timer is None:
            self._expect()
        super().dataReceived(data)

    def requestBegan(self) -> None:
        self.idle = False
        self._quieten()
        self.factory.used(self)

    def requestEnded(self) -> None:
        self.idle = True
        self._heard = False
        self.factory.used(self)

    def _expect(self) -> None:
        self._timer = self.factory.clock.callLater(DEADLINE, self._late)

    def _late(self) -> None:
        """
        The deadline has passed: answer 408 and close; reset the connection if the client does not
        read the answer.
        """
        if self._heard:
            self.transport.write(_refusal())
        self._timer = self.factory.clock.callLater(GRACE, self._abort)
        self.transport.loseConnection()

    def _abort(self) -> None:
        self._timer = None
        self.transport.abortConnection()

    def _quieten(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._quieten()
        super().connectionLost(reason)


def _refusal() -> bytes:
    # Imported here because it is slow to load; the site loads it anyway.
    from vaurien_twisted.control.responses import JSON, Problem, encode

    body = encode(Problem(408, f"the request was not complete within {DEADLINE:g} s").asJSON())
    head = (
        f"HTTP/1.1 408 Request Timeout\r\nContent-Type: {JSON}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class OpenConnections(WrappingFactory[ControlConnection]):
    """
    Tracks the connections of one control service, so that those of idle HTTP clients do not
    outlive it.

    @param most: limits their number; one object for all services of a process.
    """

    noisy = False
    protocol = ControlConnection
    _empty: Deferred[None] | None = None

    def __init__(
        self, wrapped: IProtocolFactory, clock: IReactorTime, most: ConnectionLimit
    ) -> None:
        super().__init__(wrapped)
        self.clock = clock
        self._most = most

    def registerProtocol(self, p: ControlConnection) -> None:
        super().registerProtocol(p)
        self._most.opened(p)

    def used(self, p: ControlConnection) -> None:
        """
        A request of this connection has arrived, or was answered.
        """
        self._most.used(p)

    def unregisterProtocol(self, p: ControlConnection) -> None:
        super().unregisterProtocol(p)
        self._most.closed(p)
        if self._empty is not None and not self.protocols:
            empty, self._empty = self._empty, None
            empty.callback(None)

    async def abort(self) -> None:
        """
        Close all connections, and wait until they are closed.
        """
        if not self.protocols:
            return
        self._empty = Deferred()
        empty = self._empty
        for protocol in list(self.protocols):
            protocol.transport.abortConnection()
        await empty

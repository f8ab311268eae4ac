# -*- test-case-name: tests.control.test_deadlines -*-
"""
How long a connection to the control service may take, and how many there may be.

A request that is announced and never sent would hold its connection, and with it a file
descriptor, for ever.  Twisted closes a connection on which nothing happens for a minute, but a
byte now and then is enough to keep it.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import Interface, implementer

from vaurien_twisted.transports.descriptors import LAST, descriptorOf, limit

#: Within how many seconds a request must have come whole.
DEADLINE = 30.0

#: How many seconds a client has to read that it was too slow.
GRACE = 5.0

#: How many connections there may be at a time.
MOST = 256


class IRequestWatch(Interface):
    """
    Is told of the requests on a connection.
    """

    def requestBegan() -> None:
        """
        One has come whole, and is being answered.
        """

    def requestEnded() -> None:
        """
        It was answered.
        """


@implementer(IRequestWatch)
class ControlConnection(ProtocolWrapper):
    """
    One connection, which ends if a request does not come within L{DEADLINE}.

    @ivar idle: whether no request is being answered.
    """

    factory: OpenConnections
    transport: Any

    def __init__(self, factory: OpenConnections, wrapped: Any) -> None:
        super().__init__(factory, wrapped)
        self.idle = True
        self._timer: IDelayedCall | None = None
        self._heard = False

    def makeConnection(self, transport: Any) -> None:
        """
        It begins, and so does the first request.
        """
        self._expect()
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """
        A part of a request.
        """
        self._heard = True
        if self.idle and self._timer is None:
            self._expect()
        super().dataReceived(data)

    def requestBegan(self) -> None:
        """
        A request has come whole.
        """
        self.idle = False
        self._quieten()

    def requestEnded(self) -> None:
        """
        It was answered.
        """
        self.idle = True
        self._heard = False
        self.factory.used(self)

    def _expect(self) -> None:
        self._timer = self.factory.clock.callLater(DEADLINE, self._late)

    def _late(self) -> None:
        """
        The request has not come: say so, and close.  Who takes nothing either is reset.
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
        """
        It is over.
        """
        self._quieten()
        super().connectionLost(reason)


def _refusal() -> bytes:
    # Only now: it takes a while to load, and is loaded by the site.
    from vaurien_twisted.control.responses import JSON, Problem, encode

    body = encode(Problem(408, f"the request did not come whole within {DEADLINE:g} s").asJSON())
    head = (
        f"HTTP/1.1 408 Request Timeout\r\nContent-Type: {JSON}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class OpenConnections(WrappingFactory[ControlConnection]):
    """
    Knows the connections that are open: an idle HTTP client would else keep its own beyond the
    end of the service.  Where there are too many, or file descriptors become few, the one that
    has been idle for the longest time ends; where none is idle, the newest.
    """

    noisy = False
    protocol = ControlConnection
    _empty: Deferred[None] | None = None

    def __init__(self, wrapped: Any, clock: IReactorTime) -> None:
        super().__init__(wrapped)
        self.clock = clock

    def registerProtocol(self, p: Any) -> None:
        """
        A connection is made.
        """
        super().registerProtocol(p)
        if len(self.protocols) > MOST or descriptorOf(p.transport) >= limit() - LAST:
            idle = [each for each in self.protocols if each.idle and each is not p]
            (idle[0] if idle else p).transport.abortConnection()

    def used(self, p: Any) -> None:
        """
        A connection is idle from now on: it comes last.
        """
        if p in self.protocols:
            self.protocols[p] = self.protocols.pop(p)

    def unregisterProtocol(self, p: Any) -> None:
        """
        A connection is closed.
        """
        super().unregisterProtocol(p)
        if self._empty is not None and not self.protocols:
            empty, self._empty = self._empty, None
            empty.callback(None)

    async def abort(self) -> None:
        """
        Close them all, and wait for it.
        """
        if not self.protocols:
            return
        self._empty = Deferred()
        empty = self._empty
        for protocol in list(self.protocols):
            protocol.transport.abortConnection()
        await empty

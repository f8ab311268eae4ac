# -*- test-case-name: tests.transports.test_proxy_protocol_server -*-
"""
Receives the PROXY protocol: the first bytes of a connection contain the client's address.

The header may arrive in pieces of any size, up to its limit.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
    ITransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.model.names import peerName
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.transports.proxy_header import BadHeader, ProxyHeader, readHeader

#: The time for the header to arrive, in seconds.
HEADER_TIME = 30.0

#: Methods of the transport below that the protocol above may call.
PASSED = frozenset(
    (
        "abortConnection",
        "getTcpKeepAlive",
        "getTcpNoDelay",
        "loseWriteConnection",
        "setTcpKeepAlive",
        "setTcpNoDelay",
        "stopProducing",
    )
)


@implementer(IHalfCloseableProtocol)
class ProxyProtocolTransport(ProtocolWrapper):
    """
    A connection that begins with a header.  The protocol above is built when the header has
    arrived, for the client that it names.  While that protocol is paused, it gets no data.
    """

    _log = Logger()
    transport: IStreamTransport
    wrappedProtocol: IProtocol

    def __init__(self, factory: ProxyProtocolFactory, addr: IAddress | None) -> None:
        super().__init__(factory, Protocol())
        self._clock = factory.clock
        self._addr = addr
        self._kept = b""
        self._header: ProxyHeader | None = None
        self._paused = False
        self._timer: IDelayedCall | None = None

    def __getattr__(self, name: str) -> Any:
        # Other methods of the transport below, such as counting, would include the header.
        if name not in PASSED:
            raise AttributeError(name)
        return super().__getattr__(name)

    def makeConnection(self, transport: ITransport) -> None:
        self._timer = self._clock.callLater(HEADER_TIME, self._refuse, "none came")
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        if self._header is not None:
            if self._paused or self._kept:
                self._kept += data
            else:
                self.wrappedProtocol.dataReceived(data)
            return
        self._kept += data
        try:
            header = readHeader(self._kept)
        except BadHeader as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._kept = header.rest
            self._begin(header)

    def _begin(self, header: ProxyHeader) -> None:
        self._stopTimer()
        self._header = header
        protocol = self.factory.wrappedFactory.buildProtocol(header.source or self._addr)
        if protocol is None:
            self.abortConnection()
            return
        self.wrappedProtocol = protocol
        protocol.makeConnection(self)
        self._release()

    def _refuse(self, reason: str) -> None:
        self._stopTimer()
        self._kept = b""
        self.factory.repeats.warn(
            self._log,
            "refused a client from {client}: no valid PROXY protocol header: {reason}",
            client=peerName(self._addr),
            reason=reason,
        )
        self.abortConnection()

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def pauseProducing(self) -> None:
        self._paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Deliver data again, beginning with the bytes that arrived with the header.  They are
        delivered after this call has returned.
        """
        self._paused = False
        if self._kept:
            self._clock.callLater(0, self._release)
        self.transport.resumeProducing()

    def _release(self) -> None:
        if self._kept and not self._paused and self.wrappedProtocol is not None:
            kept, self._kept = self._kept, b""
            self.wrappedProtocol.dataReceived(kept)

    def getPeer(self) -> IAddress:
        """
        The client's address, from the header.
        """
        source = None if self._header is None else self._header.source
        return source or super().getPeer()

    def getHost(self) -> IAddress:
        """
        The address that the client connected to, from the header.
        """
        destination = None if self._header is None else self._header.destination
        return destination or super().getHost()

    def readConnectionLost(self) -> None:
        self._release()
        half = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half is None:
            self.transport.loseConnection()
        else:
            half.readConnectionLost()

    def writeConnectionLost(self) -> None:
        half = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half is not None:
            half.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stopTimer()
        self._kept = b""
        super().connectionLost(reason)


class ProxyProtocolFactory(WrappingFactory[ProxyProtocolTransport]):
    """
    Builds L{ProxyProtocolTransport}s.

    @ivar clock: provides the timeout for headers.
    @ivar repeats: writes the log lines that clients can cause without end.
    """

    noisy = False

    def __init__(self, wrapped: IProtocolFactory, clock: IReactorTime) -> None:
        super().__init__(wrapped)
        self.clock = clock
        self.repeats = Repeats(clock)

    def stopFactory(self) -> None:
        """
        Stop the timer of the log when no port uses this factory any more.
        """
        super().stopFactory()
        self.repeats.stop()

    def buildProtocol(self, addr: IAddress | None) -> ProxyProtocolTransport:
        return ProxyProtocolTransport(self, addr)


@implementer(IStreamServerEndpoint)
class ProxyProtocolServerEndpoint:
    """
    A wrapper of a server endpoint whose connections begin with a header.
    """

    def __init__(self, clock: IReactorTime, endpoint: IStreamServerEndpoint) -> None:
        self._clock = clock
        self._endpoint = endpoint

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        factory = ProxyProtocolFactory(protocolFactory, self._clock)
        listening: Deferred[IListeningPort] = self._endpoint.listen(factory)
        return listening

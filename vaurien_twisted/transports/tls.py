# -*- test-case-name: tests.transports.test_tls -*-
"""
Wrappers of endpoints that add TLS.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.model.names import peerName
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.transports.application_protocols import learned
from vaurien_twisted.transports.renewal import IRenewable
from vaurien_twisted.transports.tls_engine import Credentials
from vaurien_twisted.transports.tls_factory import HandshakeFailed, TLSFactory
from vaurien_twisted.transports.tls_transport import TLSTransport


class TLSServerFactory(TLSFactory):
    """
    Serves TLS to clients.  The factory above builds a protocol when a client's handshake is
    complete.
    """

    _log = Logger()

    def __init__(
        self, options: Credentials, wrapped: IProtocolFactory, clock: IReactorTime
    ) -> None:
        super().__init__(options, False, wrapped, clock)

    def stopFactory(self) -> None:
        """
        Stop the timer of the log when no port uses this factory any more.
        """
        super().stopFactory()
        self.repeats.stop()

    def registerProtocol(self, p: TLSTransport) -> None:
        """
        A client has connected: it is read when it is known which application protocols it may
        choose.
        """
        super().registerProtocol(p)
        waiting = learned(self.wrappedFactory)
        if not waiting.called:
            p.transport.pauseProducing()
            waiting.addCallback(lambda _: p.transport.resumeProducing() if p.connected else None)

    def buildProtocol(self, addr: IAddress | None) -> TLSTransport:
        def opened(transport: TLSTransport) -> None:
            protocol = self.wrappedFactory.buildProtocol(addr)
            if protocol is None:
                transport.abortConnection()
            else:
                transport.carry(protocol)

        def failed(reason: HandshakeFailed) -> None:
            self.repeats.warn(
                self._log,
                "refused a client from {client}: {reason}",
                client=peerName(addr),
                reason=str(reason),
            )

        return TLSTransport(self, opened, failed)


class TLSClientFactory(TLSFactory):
    """
    Connects to one server with TLS.

    @param repeats: limits repeated log lines; shared by all connections to the server.
    @ivar made: fires with the protocol above, or fails with L{HandshakeFailed}.
    """

    def __init__(
        self,
        options: Credentials,
        wrapped: IProtocolFactory,
        clock: IReactorTime,
        timeout: float,
        repeats: Repeats | None = None,
    ) -> None:
        super().__init__(options, True, wrapped, clock)
        if repeats is not None:
            self.repeats = repeats
        self._timeout = timeout
        self._transport: TLSTransport | None = None
        self.made: Deferred[IProtocol] = Deferred()

    def buildProtocol(self, addr: IAddress | None) -> TLSTransport:
        def opened(transport: TLSTransport) -> None:
            protocol = self.wrappedFactory.buildProtocol(addr)
            transport.carry(protocol)
            if not self.made.called:
                self.made.callback(protocol)

        def failed(reason: HandshakeFailed) -> None:
            if not self.made.called:
                self.made.errback(reason)

        self._transport = TLSTransport(self, opened, failed, timeout=self._timeout)
        return self._transport

    def giveUp(self) -> None:
        """
        Abort the connection.
        """
        if self._transport is not None:
            self._transport.abortConnection()


@implementer(IStreamServerEndpoint, IRenewable)
class TLSServerEndpoint:
    """
    A wrapper of a server endpoint that adds TLS.

    @param read: reads the certificates and returns them as options; see
        L{vaurien_twisted.transports.certificates.serverOptions}.
    @raise Refused: C{read} raises it.
    """

    def __init__(
        self, clock: IReactorTime, endpoint: IStreamServerEndpoint, read: Callable[[], Credentials]
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._read = read
        self._options = read()
        self._factory: TLSServerFactory | None = None

    def renew(self) -> None:
        self._options = self._read()
        if self._factory is not None:
            self._factory.options = self._options

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        self._factory = TLSServerFactory(self._options, protocolFactory, self._clock)
        # A factory that must find out which protocols it accepts begins with that.
        learned(protocolFactory)
        listening: Deferred[IListeningPort] = self._endpoint.listen(self._factory)
        return listening


@implementer(IStreamClientEndpoint, IRenewable)
class TLSClientEndpoint:
    """
    A wrapper of a client endpoint that adds TLS.

    @param read: reads the certificates and returns them as options; see
        L{vaurien_twisted.transports.certificates.clientOptions}.
    @param timeout: the time for the handshake, in seconds.
    @raise Refused: C{read} raises it.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        read: Callable[[], Credentials],
        timeout: float,
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._read = read
        self._options = read()
        self._timeout = timeout
        self._repeats = Repeats(clock)

    def renew(self) -> None:
        self._options = self._read()

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect.  The result fires with the protocol when the handshake is complete, and fails
        with L{HandshakeFailed} if the handshake fails.
        """
        factory = TLSClientFactory(
            self._options, protocolFactory, self._clock, self._timeout, self._repeats
        )
        connecting: Deferred[IProtocol] = self._endpoint.connect(factory)
        made = factory.made

        def cancel(outcome: Deferred[IProtocol]) -> None:
            connecting.cancel()
            factory.giveUp()
            if not outcome.called:
                outcome.errback(ConnectingCancelledError(None))

        outcome: Deferred[IProtocol] = Deferred(cancel)

        def failed(reason: Failure) -> None:
            if not outcome.called:
                outcome.errback(reason)

        def succeeded(protocol: IProtocol) -> None:
            if not outcome.called:
                outcome.callback(protocol)

        connecting.addErrback(failed)
        made.addCallbacks(succeeded, failed)
        return outcome

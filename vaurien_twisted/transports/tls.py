# -*- test-case-name: tests.transports.test_tls -*-
"""
TLS as links want it.

Twisted's transport does the work.  What differs is how it begins and ends:

  - the protocol above is told of a connection once the handshake is over, and is built
    only then;
  - while it is paused nothing is delivered, not even what was decrypted already;
  - half-closing sends the close alert and reads on (RFC 8446, section 6.1), closing sends
    it and closes TCP, aborting resets TCP without it;
  - a peer that ends TCP without the alert has ended in order.  TCP's own ends are what a
    link has to pass on, and half of all programs end TLS so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL.SSL import Error, SysCallError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.model.names import peerName
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.transports.certificates import reasonOf

#: How long a handshake may take that nobody else has limited, in seconds.
HANDSHAKE = 30.0


#: What a transport above may say to the one below.
OF_TCP = frozenset(
    ("getTcpKeepAlive", "getTcpNoDelay", "setTcpKeepAlive", "setTcpNoDelay", "stopProducing")
)


class HandshakeFailed(ConnectError):
    """
    There is TCP, but no TLS.

    @ivar reason: why, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(string=reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"TLS: {self.reason}"


class SecuredTransport(BufferingTLSTransport):
    """
    TLS over another transport.

    @param above: the protocol above where it is there already; it is not connected again.
    @ivar opened: called once the handshake is over; it may connect a protocol by
        L{carry}.
    @ivar failed: called with a L{HandshakeFailed} where it is not to be, unless it was
        aborted from above.
    """

    _log = Logger()
    transport: Any

    def __init__(
        self,
        factory: SecuredFactory,
        opened: Callable[[SecuredTransport], None],
        failed: Callable[[HandshakeFailed], None],
        above: Any = None,
        timeout: float = HANDSHAKE,
    ) -> None:
        super().__init__(factory, Protocol() if above is None else above, False)
        self.opened = opened
        self.failed = failed
        self._clock = factory.clock
        self._repeats = factory.repeats
        self._timeout = timeout
        self._timer: IDelayedCall | None = None
        self._open = False
        self._closing = False
        self._stopped = False
        self._held = False
        self._late = False

    def __getattr__(self, name: str) -> Any:
        # All else that the transport below can do, such as counting, it does to what is said
        # in TLS.
        if name not in OF_TCP:
            raise AttributeError(name)
        return super().__getattr__(name)

    def makeConnection(self, transport: Any) -> None:
        """
        Begin the handshake.
        """
        self._timer = self._clock.callLater(self._timeout, self._tooLate)
        super().makeConnection(transport)

    def _tooLate(self) -> None:
        self._late = True
        self.abortConnection()

    def _checkHandshakeStatus(self) -> None:
        super()._checkHandshakeStatus()
        if self._handshakeDone and not self._open and not self._aborted:
            self._open = True
            self._quieten()
            self.opened(self)

    def _quieten(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def carry(self, protocol: Any) -> None:
        """
        Connect the protocol above.
        """
        self.wrappedProtocol = protocol
        protocol.makeConnection(self)

    # Reading

    def pauseProducing(self) -> None:
        """
        Deliver nothing.
        """
        self._stopped = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Go on, first with what is here already; not from within this call.
        """
        self._stopped = False
        if self._held:
            self._clock.callLater(0, self._release)
        self.transport.resumeProducing()

    def _release(self) -> None:
        if self._held and not self._stopped and self._tlsConnection is not None:
            self._flushReceiveBIO()

    def _flushReceiveBIO(self) -> None:
        self._held = self._stopped
        if self._stopped:
            self._flushSendBIO()
        else:
            super()._flushReceiveBIO()

    # Ending

    def loseWriteConnection(self) -> None:
        """
        Tell the peer that nothing more comes, after all that was written, and read on.
        """
        super().loseConnection()

    def loseConnection(self) -> None:
        """
        The same, and close TCP with it.
        """
        told = self.disconnecting
        self._closing = True
        super().loseConnection()
        if told and not self._appSendBuffer:
            self.transport.loseConnection()

    def _shutdownTLS(self) -> None:
        super()._shutdownTLS()
        if self._closing:
            self.transport.loseConnection()

    def abortConnection(self) -> None:
        """
        Reset TCP.  No alert comes before: the peer would read an end that is in order.
        """
        self._aborted = True
        self.disconnecting = True
        self.transport.abortConnection()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        error = None if reason is None else reason.value
        if self._open and isinstance(error, Error):
            if _isEnd(error):
                # How TCP ended is told by the transport below.
                reason = None
            else:
                self._repeats.warn(
                    self._log,
                    "TLS with {peer} is broken: {reason}",
                    peer=peerName(self.getPeer()),
                    reason=reasonOf(error),
                )
        super()._tlsShutdownFinished(reason)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        TCP is gone.
        """
        self._quieten()
        failed, self.failed = self.failed, _ignore
        cause = self._reason
        # Whoever was told to give up knows why.
        told = self._open or (self._aborted and cause is None and not self._late)
        super().connectionLost(reason)
        if not told:
            failed(HandshakeFailed(self._why(cause or reason)))

    def _why(self, cause: Failure) -> str:
        if self._late:
            return f"no handshake within {self._timeout:g} s"
        error: Any = cause.value
        if isinstance(error, ConnectionDone) or (isinstance(error, Error) and _isEnd(error)):
            return "the connection was closed during the handshake"
        return reasonOf(error)


def _isEnd(error: BaseException) -> bool:
    """
    Whether this is how OpenSSL says that TCP has ended without an alert.
    """
    if isinstance(error, SysCallError):
        return bool(error.args[0] == -1)
    return not error.args or not error.args[0] or "unexpected eof" in reasonOf(error)


def _ignore(reason: HandshakeFailed) -> None:
    """
    Nobody waits for the handshake any more.
    """


class SecuredFactory(TLSMemoryBIOFactory):
    """
    What all factories of L{SecuredTransport}s have in common.

    @ivar clock: times their handshakes.
    @ivar repeats: writes the log lines that peers can cause without end.
    """

    def __init__(
        self, options: Any, isClient: bool, wrapped: IProtocolFactory, clock: IReactorTime
    ) -> None:
        super().__init__(options, isClient, wrapped, clock)
        self.clock = clock
        self.repeats = Repeats(clock)


class ServingFactory(SecuredFactory):
    """
    Serves TLS to clients; the factory above builds for those that have shaken hands.
    """

    _log = Logger()

    def __init__(self, options: Any, wrapped: IProtocolFactory, clock: IReactorTime) -> None:
        super().__init__(options, False, wrapped, clock)

    def stopFactory(self) -> None:
        """
        No port is left.
        """
        super().stopFactory()
        self.repeats.stop()

    def buildProtocol(self, addr: IAddress | None) -> SecuredTransport:
        """
        A transport for a new client.
        """

        def opened(transport: SecuredTransport) -> None:
            protocol = self.wrappedFactory.buildProtocol(addr)
            if protocol is None:
                transport.abortConnection()
            else:
                transport.carry(protocol)

        def failed(reason: HandshakeFailed) -> None:
            self.repeats.warn(
                self._log,
                "a client from {client} is turned away: {reason}",
                client=peerName(addr),
                reason=str(reason),
            )

        return SecuredTransport(self, opened, failed)


class ConnectingFactory(SecuredFactory):
    """
    Speaks TLS to one server.

    @param repeats: shared by all connections to it.
    @ivar made: fires with the protocol above, or fails with L{HandshakeFailed}.
    """

    def __init__(
        self,
        options: Any,
        wrapped: IProtocolFactory,
        clock: IReactorTime,
        timeout: float,
        repeats: Repeats | None = None,
    ) -> None:
        super().__init__(options, True, wrapped, clock)
        if repeats is not None:
            self.repeats = repeats
        self._timeout = timeout
        self._transport: SecuredTransport | None = None
        self.made: Deferred[IProtocol] = Deferred()

    def buildProtocol(self, addr: IAddress | None) -> SecuredTransport:
        """
        The transport.
        """

        def opened(transport: SecuredTransport) -> None:
            protocol = self.wrappedFactory.buildProtocol(addr)
            transport.carry(protocol)
            if not self.made.called:
                self.made.callback(protocol)

        def failed(reason: HandshakeFailed) -> None:
            if not self.made.called:
                self.made.errback(reason)

        self._transport = SecuredTransport(self, opened, failed, timeout=self._timeout)
        return self._transport

    def giveUp(self) -> None:
        """
        Nobody wants it any more.
        """
        if self._transport is not None:
            self._transport.abortConnection()


@implementer(IStreamServerEndpoint)
class SecuredServerEndpoint:
    """
    Serves TLS where another endpoint listens.

    @param options: see L{vaurien_twisted.transports.certificates.serverOptions}.
    """

    def __init__(self, clock: IReactorTime, endpoint: IStreamServerEndpoint, options: Any) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._options = options

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen as the other does.
        """
        factory = ServingFactory(self._options, protocolFactory, self._clock)
        listening: Deferred[IListeningPort] = self._endpoint.listen(factory)
        return listening


@implementer(IStreamClientEndpoint)
class SecuredClientEndpoint:
    """
    Speaks TLS to what another endpoint connects to.

    @param options: see L{vaurien_twisted.transports.certificates.clientOptions}.
    @param timeout: how long the handshake may take, in seconds.
    """

    def __init__(
        self, clock: IReactorTime, endpoint: IStreamClientEndpoint, options: Any, timeout: float
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._options = options
        self._timeout = timeout
        self._repeats = Repeats(clock)

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect; fires when the handshake is over too.
        """
        factory = ConnectingFactory(
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

        def failed(reason: Any) -> None:
            if not outcome.called:
                outcome.errback(reason)

        def succeeded(protocol: IProtocol) -> None:
            if not outcome.called:
                outcome.callback(protocol)

        connecting.addErrback(failed)
        made.addCallbacks(succeeded, failed)
        return outcome

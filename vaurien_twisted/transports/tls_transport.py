# -*- test-case-name: tests.transports.test_tls -*-
"""
A TLS connection as a transport for a link:
  - the protocol above is built and connected once the handshake is complete;
  - while it is paused, it gets no data, not even bytes that are already decrypted;
  - half-closing sends the close_notify alert and reads on (RFC 8446, section 6.1), closing sends it
    and closes TCP, aborting resets TCP without it;
  - closing TCP without the alert counts as an orderly close, since many programs do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from OpenSSL.SSL import Error, ZeroReturnError
from twisted.internet.interfaces import IDelayedCall, IProtocol, IPushProducer, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure

from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.transports.certificates import reasonOf
from vaurien_twisted.transports.tls_engine import TLSEngine, failureReason, isEnd, newConnection
from vaurien_twisted.transports.tls_factory import HANDSHAKE, HandshakeFailed, TLSFactory

#: The most bytes that are collected before they are encrypted.
COLLECTED = 64_000

#: Methods of the transport below that the protocol above may call.
OF_TCP = frozenset(
    ("getTcpKeepAlive", "getTcpNoDelay", "setTcpKeepAlive", "setTcpNoDelay", "stopProducing")
)


class TLSTransport(ProtocolWrapper):
    """
    TLS over another transport.  This is the protocol of that transport.

    @param above: the protocol above, if it is connected already, as for STARTTLS.
    @ivar opened: called when the handshake is complete; it may connect a protocol by
        L{carry}.
    @ivar failed: called with a L{HandshakeFailed} if the handshake fails, unless the
        protocol above has aborted the connection.
    """

    transport: IStreamTransport
    wrappedProtocol: IProtocol
    factory: TLSFactory

    def __init__(
        self,
        factory: TLSFactory,
        opened: Callable[[TLSTransport], None],
        failed: Callable[[HandshakeFailed], None],
        above: IProtocol | None = None,
        timeout: float = HANDSHAKE,
    ) -> None:
        super().__init__(factory, Protocol() if above is None else above)
        self.opened = opened
        self.failed: Callable[[HandshakeFailed], None] | None = failed
        self._clock = factory.clock
        self._engine = TLSEngine(newConnection(factory.options, factory.isClient, self))
        self._timeout = timeout
        self._timer: IDelayedCall | None = None
        self._flushing: IDelayedCall | None = None
        self._producer: IPushProducer | None = None
        #: Why TLS has ended, if the reason differs from that of TCP.
        self._cause: Failure | None = None
        #: The connection was aborted; nothing can be read or written any more.
        self._aborted = self._over = False
        #: The alert was sent; TCP is to be closed after it.
        self._alerted = self._closing = False
        #: The protocol above has paused reading; it may have bytes left to read.
        self._paused = self._held = False

    def __getattr__(self, name: str) -> Any:
        # Other methods of the transport below, such as counting, concern encrypted bytes.
        if name not in OF_TCP:
            raise AttributeError(name)
        return super().__getattr__(name)

    @property
    def negotiatedProtocol(self) -> bytes:
        """
        The application protocol that both ends have agreed on, C{b""} for none.
        """
        return self._engine.protocol

    def makeConnection(self, transport: ITransport) -> None:
        self._timer = self._clock.callLater(self._timeout, self._tooLate)
        Protocol.makeConnection(self, transport)
        self.factory.registerProtocol(self)
        self._shakeHands()

    def _tooLate(self) -> None:
        self.failVerification(Failure(TimeoutError(f"no handshake within {self._timeout:g} s")))

    def _shakeHands(self) -> None:
        try:
            complete = self._engine.handshake()
        except Error:
            self._end(Failure())
            return
        self._send()
        if complete and not self._aborted:
            self._stopTimers()
            self.opened(self)
            self._encrypt()

    def _stopTimers(self) -> None:
        for timer in (self._timer, self._flushing):
            if timer is not None and timer.active():
                timer.cancel()
        self._timer = self._flushing = None

    def failVerification(self, reason: Failure) -> None:
        """
        Abort the handshake: the peer's certificate is not acceptable.
        """
        self._cause = reason
        self.abortConnection()

    def carry(self, protocol: IProtocol) -> None:
        """
        Connect the protocol above.
        """
        self.wrappedProtocol = protocol
        protocol.makeConnection(cast(ITransport, self))

    def dataReceived(self, data: bytes) -> None:
        if self._over:
            return
        engine = self._engine
        engine.receive(data)
        if not engine.established:
            self._shakeHands()
        if engine.established and not self._over:
            if engine.blocked:
                self._encrypt()
            self._deliver()

    def pauseProducing(self) -> None:
        self._paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Deliver data again, after this call has returned, beginning with the decrypted bytes.
        """
        self._paused = False
        if self._held:
            self._clock.callLater(0, self._release)
        self.transport.resumeProducing()

    def _release(self) -> None:
        if self._held and not self._over:
            self._deliver()

    def _deliver(self, last: bool = False) -> None:
        """
        Decrypt and deliver bytes until the protocol above pauses.

        @param last: ignore pauses, since the connection is closed.
        """
        while not self._over:
            self._held = self._paused and not last
            if self._held:
                break
            try:
                data = self._engine.read()
            except ZeroReturnError:
                # Answer the peer's alert after the bytes that were written before.
                self._encrypt()
                self._alert()
                self._end(None)
            except Error:
                self._end(Failure())
            else:
                if data is None:
                    break
                if not self._aborted:
                    self.wrappedProtocol.dataReceived(data)
        self._send()

    def write(self, data: bytes) -> None:
        """
        Send C{data}.  Small writes are collected until the reactor's next turn.
        """
        if (self.disconnecting and self._producer is None) or self._over:
            return
        engine = self._engine
        engine.write(data)
        if engine.blocked:
            if self._producer is not None:
                self._producer.pauseProducing()
        elif engine.pending > COLLECTED:
            self._encrypt()
        elif self._flushing is None:
            self._flushing = self._clock.callLater(0, self._flush)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """
        Pause C{producer} while the transport below, or OpenSSL, accepts no more data.
        """
        if self._over:
            producer.stopProducing()
        else:
            self.transport.registerProducer(producer, streaming)
            self._producer = producer

    def unregisterProducer(self) -> None:
        if self._producer is not None:
            self._producer = None
            self.transport.unregisterProducer()
            self._finish()

    def _flush(self) -> None:
        self._flushing = None
        self._encrypt()

    def _encrypt(self) -> None:
        """
        Encrypt and send the written bytes, as many as OpenSSL accepts now.
        """
        if self._over:
            return
        engine = self._engine
        waited = engine.blocked
        try:
            engine.encrypt()
        except Error:
            self._end(Failure())
            return
        self._send()
        if waited and not engine.blocked:
            if self._producer is not None:
                self._producer.resumeProducing()
            self._finish()

    def _send(self) -> None:
        data = self._engine.output()
        if data:
            self.transport.write(data)

    def loseWriteConnection(self) -> None:
        """
        Send the close_notify alert after all written bytes, and continue to read.
        """
        if self.disconnecting or not self.connected:
            return
        if not self._engine.established and not self._engine.pending:
            # There is no TLS stream to end.
            self.abortConnection()
            return
        self._encrypt()
        self.disconnecting = True
        self._finish()

    def loseConnection(self) -> None:
        """
        Send the close_notify alert after all written bytes, and close TCP.
        """
        alerted, self._closing = self._alerted, True
        self.loseWriteConnection()
        if alerted:
            self.transport.loseConnection()

    def abortConnection(self) -> None:
        """
        Reset TCP without the alert, which would mean an orderly close.
        """
        self._aborted = True
        self.disconnecting = True
        self.transport.abortConnection()

    def _finish(self) -> None:
        """
        Send the alert if the protocol above has ended and all its bytes are encrypted.
        """
        if self._producer is not None or self._alerted or self._aborted or self._over:
            return
        if self.disconnecting and not self._engine.pending:
            self._alert()

    def _alert(self) -> None:
        self._alerted = True
        both = self._engine.alert()
        self._send()
        if both or self._closing:
            self.transport.loseConnection()

    def _end(self, cause: Failure | None) -> None:
        """
        End TLS, and close TCP.

        @param cause: the reason; C{None} if the peer has closed in order.
        """
        if cause is not None and self._engine.established:
            if isEnd(cause.value):
                # The transport below reports how TCP has ended.
                cause = None
            else:
                self.factory.broken(self.getPeer(), reasonOf(cause.value))
        self._cause = self._cause or cause
        self._over = True
        self._send()
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        TCP is closed.  Deliver the bytes that arrived before.
        """
        self._stopTimers()
        established = self._engine.established
        if established and not self._over:
            self._engine.eof()
            self._deliver(last=True)
        self._over = True
        self._engine.release()
        self.connected = 0
        failed, self.failed = self.failed, None
        # Report no failed handshake if the protocol above has aborted the connection itself.
        known = established or (self._aborted and self._cause is None)
        cause = self._cause or reason
        super().connectionLost(cause)
        if failed is not None and not known:
            failed(HandshakeFailed(failureReason(cause.value)))

# -*- test-case-name: tests.transports.test_tls -*-
"""
A TLS connection as a transport, which begins and ends as a link needs it:
  - the protocol above is built and connected once the handshake is complete;
  - while it is paused nothing is delivered, not even what was decrypted already;
  - half-closing sends the close_notify alert and reads on (RFC 8446, section 6.1), closing sends it
    and closes TCP, aborting resets TCP without it;
  - a peer that closes TCP without the alert has closed in order, as half of all programs do.
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

#: How many bytes are collected at most before they are encrypted.
COLLECTED = 64_000

#: Methods of the transport below that the protocol above may call.
OF_TCP = frozenset(
    ("getTcpKeepAlive", "getTcpNoDelay", "setTcpKeepAlive", "setTcpNoDelay", "stopProducing")
)


class TLSTransport(ProtocolWrapper):
    """
    TLS over another transport, whose protocol this is.

    @param above: the protocol above if it is connected already, as for in-band TLS.
    @ivar opened: called once the handshake is complete; it may connect a protocol by
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
        #: Why TLS has ended, if that is not how TCP has ended.
        self._cause: Failure | None = None
        #: The connection was aborted; nothing can be read or written any more.
        self._aborted = self._over = False
        #: The alert was sent; TCP is to be closed behind it.
        self._alerted = self._closing = False
        #: The protocol above has paused reading; bytes may be left for it.
        self._paused = self._held = False

    def __getattr__(self, name: str) -> Any:
        # Whatever else the transport below can do, such as counting, it does to ciphertext.
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
        """
        Begin the handshake.
        """
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
        """
        Decrypt what has come, and deliver it.
        """
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
        """
        Deliver nothing.
        """
        self._paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Deliver again, first what was decrypted already; not from within this call.
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
        Deliver what can be decrypted, until the protocol above pauses.

        @param last: do not stop where it pauses, since the connection is gone.
        """
        while not self._over:
            self._held = self._paused and not last
            if self._held:
                break
            try:
                data = self._engine.read()
            except ZeroReturnError:
                # The peer's alert is answered, behind what was written before.
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
        """
        Send all of these.
        """
        self.write(b"".join(data))

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """
        Have C{producer} paused while the transport below, or OpenSSL, takes no more.
        """
        if self._over:
            producer.stopProducing()
        else:
            self.transport.registerProducer(producer, streaming)
            self._producer = producer

    def unregisterProducer(self) -> None:
        """
        Nothing more comes from the producer.
        """
        if self._producer is not None:
            self._producer = None
            self.transport.unregisterProducer()
            self._finish()

    def _flush(self) -> None:
        self._flushing = None
        self._encrypt()

    def _encrypt(self) -> None:
        """
        Encrypt and send what was written, as far as OpenSSL takes it now.
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
        """
        Give the transport below what is for the peer.
        """
        data = self._engine.output()
        if data:
            self.transport.write(data)

    def loseWriteConnection(self) -> None:
        """
        Send the alert behind all that was written, and read on.
        """
        if self.disconnecting or not self.connected:
            return
        if not self._engine.established and not self._engine.pending:
            # There is nothing to end.
            self.abortConnection()
            return
        self._encrypt()
        self.disconnecting = True
        self._finish()

    def loseConnection(self) -> None:
        """
        The same, and close TCP with it.
        """
        alerted, self._closing = self._alerted, True
        self.loseWriteConnection()
        if alerted:
            self.transport.loseConnection()

    def abortConnection(self) -> None:
        """
        Reset TCP, without an alert: the peer would take it for an end in order.
        """
        self._aborted = True
        self.disconnecting = True
        self.transport.abortConnection()

    def _finish(self) -> None:
        """
        Send the alert if the protocol above has ended and nothing can come before it.
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
        TLS is over; TCP is closed.

        @param cause: why; C{None} where the peer has ended it in order.
        """
        if cause is not None and self._engine.established:
            if isEnd(cause.value):
                # The transport below tells how TCP has ended.
                cause = None
            else:
                self.factory.broken(self.getPeer(), reasonOf(cause.value))
        self._cause = self._cause or cause
        self._over = True
        self._send()
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        TCP is closed.  What has come before is delivered.
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
        # The protocol above knows why there is no handshake if it has aborted the connection.
        known = established or (self._aborted and self._cause is None)
        cause = self._cause or reason
        super().connectionLost(cause)
        if failed is not None and not known:
            failed(HandshakeFailed(failureReason(cause.value)))

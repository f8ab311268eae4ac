# -*- test-case-name: tests.express.test_transport -*-
"""
A TCP transport that sends at once.

It keeps the contract of L{twisted.internet.tcp.Connection}: C{connectionLost} is never
called from within C{loseConnection} or C{abortConnection}, producers are paced, closing
flushes, aborting resets.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    IPushProducer,
    ISystemHandle,
    ITCPTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.express.poller import Poller

#: How many bytes one read takes at first, and at most.
LEAST_READ, MOST_READ = 16384, 262144

#: From how many waiting bytes on a producer is paused.
HIGH_WATER = 65536

#: How many bytes are handed to the kernel at once.
MOST_SENT = 262144

#: For a reset in place of an orderly end.
_LINGER = struct.pack("ii", 1, 0)

_DONE = Failure(ConnectionDone())


@implementer(ITCPTransport, IPushProducer, IConsumer, ISystemHandle)
class ExpressTransport:
    """
    A connected, non-blocking TCP socket.

    @ivar connected: until C{connectionLost} has been called.
    @ivar disconnecting: C{loseConnection} was called; what was written is still sent.
    @ivar disconnected: C{connectionLost} has been called.
    """

    __slots__ = (
        "_aborting",
        "_ended",
        "_events",
        "_fd",
        "_poller",
        "_producer",
        "_producerPaused",
        "_readSize",
        "_reading",
        "_recv",
        "_send",
        "_shut",
        "_shutting",
        "_socket",
        "_streaming",
        "_waiting",
        "connected",
        "disconnected",
        "disconnecting",
        "protocol",
    )

    _log = Logger()

    def __init__(self, sock: socket.socket, protocol: Any, poller: Poller) -> None:
        self.protocol = protocol
        self.connected = True
        self.disconnecting = False
        self.disconnected = False
        self._socket = sock
        self._recv = sock.recv
        self._send = sock.send
        self._fd = sock.fileno()
        self._poller = poller
        self._events = EPOLLIN
        self._reading = True
        self._readSize = LEAST_READ
        self._waiting: bytearray | None = None
        self._producer: Any = None
        self._streaming = False
        self._producerPaused = False
        self._ended = False
        self._shutting = False
        self._shut = False
        self._aborting = False

    def start(self) -> None:
        """
        Join the protocol.  What it does in C{connectionMade} (to pause, say) comes
        before the first read.
        """
        self._poller.register(self._fd, EPOLLIN, self._happened)
        self.protocol.makeConnection(self)

    # Events

    def _happened(self, events: int) -> None:
        if events & EPOLLOUT and self._events & EPOLLOUT:
            self._flush()
        if self._reading:
            if events & ~EPOLLOUT:
                self._read()
        elif events & (EPOLLERR | EPOLLHUP) and not self._events & EPOLLOUT:
            if events & EPOLLERR:
                self._lost(Failure(ConnectionLost()))
            elif self.connected and self._events >= 0:
                # Hung up, but what it sent is not read yet: only reading may end this.
                self._events = -1
                self._poller.unregister(self._fd)

    def _read(self) -> None:
        size = self._readSize
        try:
            data = self._recv(size)
        except BlockingIOError:
            return
        except OSError:
            self._lost(Failure(ConnectionLost()))
            return
        if data:
            if len(data) == size and size < MOST_READ:
                self._readSize = MOST_READ
            try:
                self.protocol.dataReceived(data)
            except Exception:
                self._failed()
            return
        self._ended = True
        self._stopReading()
        half = IHalfCloseableProtocol(self.protocol, None)
        if half is None:
            self._lost(_DONE)
            return
        try:
            half.readConnectionLost()
        except Exception:
            self._failed()

    def _failed(self) -> None:
        """
        The protocol raised: say so, and end the connection.
        """
        failure = Failure()
        self._log.failure("{protocol} failed", failure, protocol=self.protocol)
        self._lost(failure)

    def _watch(self) -> None:
        """
        Tell the poller what is waited for.
        """
        events = (EPOLLIN if self._reading else 0) | (EPOLLOUT if self._wantsToWrite() else 0)
        if events == self._events or not self.connected:
            return
        if self._events < 0:
            self._poller.register(self._fd, events, self._happened)
        else:
            self._poller.modify(self._fd, events)
        self._events = events

    def _wantsToWrite(self) -> bool:
        return self._waiting is not None

    # Writing

    def write(self, data: bytes) -> None:
        """
        Send C{data}: at once as much as the kernel takes, the rest as it makes room.
        """
        if self._waiting is not None or self._shutting or not self.connected or self._aborting:
            self._wait(data)
            return
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        except TypeError:
            raise TypeError("Data must be bytes, not " + type(data).__name__) from None
        except OSError:
            self._aborting = True
            self._poller.soon(lambda: self._lost(Failure(ConnectionLost())))
            return
        if sent != len(data):
            self._wait(memoryview(data)[sent:])

    def _wait(self, data: bytes | memoryview) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError("Data must be bytes, not " + type(data).__name__)
        if not self.connected or self._shutting or self._aborting or not data:
            return
        if self._waiting is None:
            self._waiting = bytearray(data)
            self._watch()
        else:
            self._waiting += data
        if self._streaming and not self._producerPaused and len(self._waiting) > HIGH_WATER:
            self._producerPaused = True
            self._producer.pauseProducing()

    def writeSequence(self, iovec: Any) -> None:
        """
        Send several pieces as one.
        """
        self.write(b"".join(iovec))

    def _flush(self) -> None:
        """
        There is room in the kernel.
        """
        waiting = self._waiting
        if waiting:
            try:
                with memoryview(waiting) as view, view[:MOST_SENT] as part:
                    sent = self._send(part)
            except BlockingIOError:
                return
            except OSError:
                self._lost(Failure(ConnectionLost()))
                return
            del waiting[:sent]
            if waiting:
                return
        self._waiting = None
        if self._producer is not None and (not self._streaming or self._producerPaused):
            self._producerPaused = False
            self._producer.resumeProducing()
        elif self.disconnecting:
            self._lost(_DONE)
            return
        elif self._shutting and not self._shut:
            self._shutDown()
        if self.connected:
            self._watch()

    def _shutDown(self) -> None:
        self._shut = True
        # Where the peer is gone already, reading will tell.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        half = IHalfCloseableProtocol(self.protocol, None)
        if half is not None:
            try:
                half.writeConnectionLost()
            except Exception:
                self._failed()

    # Ending

    def loseConnection(self) -> None:
        """
        Close after all that was written has been sent, and a producer has been
        unregistered.
        """
        if not self.connected or self.disconnecting:
            return
        self.disconnecting = True
        self._reading = False
        if self._waiting is None and self._mayEnd():
            self._poller.soon(self._endIfEmpty)
        self._watch()

    def _mayEnd(self) -> bool:
        return self._producer is None or (self._streaming and not self._producerPaused)

    def _endIfEmpty(self) -> None:
        if self._waiting is None and self.connected and self._mayEnd():
            self._lost(_DONE)

    def loseWriteConnection(self) -> None:
        """
        Half-close after all that was written has been sent.
        """
        if self._shutting or not self.connected:
            return
        if self._waiting is None and self._mayEnd():
            self._shutting = True
            self._poller.soon(self._shutIfOpen)
        else:
            self._shutting = True

    def _shutIfOpen(self) -> None:
        if self.connected and not self._shut:
            self._shutDown()

    def abortConnection(self) -> None:
        """
        Reset: whatever is unsent is dropped, and the peer reads ECONNRESET.
        """
        if not self.connected or self._aborting:
            return
        self._aborting = self.disconnecting = True
        self._reading = False
        self._waiting = None
        self._watch()
        self._poller.soon(lambda: self._lost(Failure(ConnectionAborted())))

    def _lost(self, reason: Failure) -> None:
        if not self.connected:
            return
        self.connected = False
        self.disconnected = True
        self._reading = False
        self._waiting = None
        if self._producer is not None:
            self._producer.stopProducing()
            self._producer = None
        sock, protocol = self._socket, self.protocol
        if self._events >= 0:
            self._poller.forget(self._fd)
        if reason.check(ConnectionAborted):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        sock.close()
        try:
            protocol.connectionLost(reason)
        except Exception:
            self._log.failure("{protocol} failed", protocol=protocol)

    # Producing: the reading side

    def pauseProducing(self) -> None:
        """
        Stop reading.
        """
        self._stopReading()

    def resumeProducing(self) -> None:
        """
        Read on, unless the connection is ending.
        """
        if self.connected and not self.disconnecting and not self._ended and not self._reading:
            self._reading = True
            self._watch()

    def stopProducing(self) -> None:
        """
        Close.
        """
        self.loseConnection()

    def _stopReading(self) -> None:
        if self._reading:
            self._reading = False
            self._watch()

    # Consuming: the writing side

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        Pace C{producer} by what can be sent.

        @raise RuntimeError: one is registered already.
        """
        if self._producer is not None:
            raise RuntimeError(
                f"Cannot register producer {producer}: {self._producer} is registered already"
            )
        if self.disconnected:
            producer.stopProducing()
            return
        self._producer = producer
        self._streaming = streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """
        No more comes from the producer.
        """
        self._producer = None
        self._streaming = self._producerPaused = False
        if self.connected and self._waiting is None:
            if self.disconnecting:
                self._poller.soon(self._endIfEmpty)
            elif self._shutting and not self._shut:
                self._poller.soon(self._shutIfOpen)

    # What there is to know

    def getHost(self) -> IPv4Address | IPv6Address:
        """
        This side's address.
        """
        return toAddress(self._socket.getsockname())

    def getPeer(self) -> IPv4Address | IPv6Address:
        """
        The other side's address.
        """
        return toAddress(self._socket.getpeername())

    def getHandle(self) -> socket.socket:
        """
        The socket.
        """
        return self._socket

    def fileno(self) -> int:
        """
        The socket's file descriptor, -1 once it is closed.
        """
        return self._socket.fileno()

    def getTcpNoDelay(self) -> bool:
        """
        Whether small pieces are sent at once.
        """
        return bool(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def setTcpNoDelay(self, enabled: bool) -> None:
        """
        Send small pieces at once, or let the kernel collect them.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, enabled)

    def getTcpKeepAlive(self) -> bool:
        """
        Whether the kernel probes an idle peer.
        """
        return bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """
        Let the kernel probe an idle peer.
        """
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, enabled)


def toAddress(name: Any) -> IPv4Address | IPv6Address:
    """
    Twisted's address for a socket's name.
    """
    if len(name) == 2:
        return IPv4Address("TCP", *name)
    return IPv6Address("TCP", *name)

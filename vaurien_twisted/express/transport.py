# -*- test-case-name: tests.express.test_transport,tests.express.test_ending -*-
"""
A TCP transport that sends written bytes at once.

It behaves like L{twisted.internet.tcp.Connection}: C{connectionLost} is never called from within
C{loseConnection} or C{abortConnection}, producers are paused while bytes wait, closing sends all
written bytes first, aborting resets the connection.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
from socket import SocketType
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionLost
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

from vaurien_twisted.express.connected_socket import RESET, ConnectedSocket
from vaurien_twisted.express.poller import GIVEN_UP, Handler, Poller
from vaurien_twisted.express.splice import Gate, splice
from vaurien_twisted.express.writer import DONE, Sending

#: The size of the first reads, and the largest size, in bytes.
LEAST_READ, MOST_READ = 16384, 262144

#: The most reads after a failed send, enough to empty the receive buffer.
LAST_READS = 64

#: Instead of events: the transport has not started; the poller does not watch it.
_NEW, _NOTHING = -2, -1

_LOST, _ABORTED = Failure(ConnectionLost()), Failure(ConnectionAborted())


@implementer(ITCPTransport, IPushProducer, IConsumer, ISystemHandle)
class ExpressTransport(Sending, ConnectedSocket):
    """
    A connected, non-blocking TCP socket.

    @param peer: the address of the peer.
    @param whenLost: called after the protocol's C{connectionLost}.
    @ivar bytesRead: how many bytes were read so far.
    """

    # _ended: whether the peer has ended its stream.  _events: the events that the poller watches,
    # which may be more than needed for a while.
    __slots__ = (
        "_ended",
        "_events",
        "_fd",
        "_joint",
        "_peer",
        "_readSize",
        "_reading",
        "_recv",
        "_whenLost",
        "bytesRead",
    )

    _log = Logger()

    def __init__(
        self,
        sock: SocketType,
        protocol: Any,
        poller: Poller,
        peer: IPv4Address | IPv6Address,
        whenLost: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(sock, protocol, poller)
        self._recv = sock.recv
        self._fd = sock.fileno()
        self._peer = peer
        self._whenLost = whenLost
        self._events = _NEW
        self._reading = True
        self._readSize = LEAST_READ
        self._ended = False
        self._joint: Handler | None = None
        self.bytesRead = 0

    def start(self) -> None:
        """
        Connect the protocol and begin to read.  If the protocol pauses the transport in
        C{connectionMade}, nothing is read.

        @raise Exception: raised by the protocol; the connection is closed.
        """
        try:
            self.protocol.makeConnection(self)
            self._events = _NOTHING
            self._watch()
        except Exception:
            self._lost(Failure())
            raise

    # Events

    def adopt(self, watched: int, bytesRead: int, bytesWritten: int) -> None:
        """
        Take the place of another handler of the socket's events, instead of L{start}.

        @param watched: the events that the poller watches.
        @param bytesRead: how many bytes were read before.
        @param bytesWritten: how many bytes were sent before.
        """
        self._events = watched
        self.bytesRead, self.bytesWritten = bytesRead, bytesWritten
        self._poller.handle(self._fd, self.handle)

    def handle(self, events: int) -> None:
        """
        Handle events of the socket, or L{GIVEN_UP}.
        """
        if (events != EPOLLIN or not self._reading) and not self._mayRead(events):
            return
        try:
            data = self._recv(self._readSize)
        except BlockingIOError:
            return
        except OSError:
            self.failReading()
            return
        if data:
            self.deliver(data)
        else:
            self.end()

    def failReading(self) -> None:
        """
        Reading has failed: the connection is lost.
        """
        self._lost(_LOST)

    def deliver(self, data: bytes) -> None:
        """
        Pass bytes that were read to the protocol.
        """
        size = len(data)
        self.bytesRead += size
        if size == self._readSize:
            self._readMore()
        try:
            self.protocol.dataReceived(data)
        except Exception:
            self._failed()

    def _readMore(self) -> None:
        """
        A read has filled its buffer: make the next one larger.
        """
        self._readSize = MOST_READ

    def spliceTo(self, target: ExpressTransport | None, gate: Gate | None = None) -> None:
        """
        Send bytes that are read directly to another transport, not to the protocol.  The protocols
        still learn of the end of the stream and of errors, and pausing works as before.

        @param target: the other transport; C{None}: bytes go to the protocol again.
        @param gate: called with the bytes; returns whether they go to C{target}.  Others, and those
            read while C{target} has bytes waiting, go to the protocol.
        """
        before = self._joint
        self._joint = None if target is None else splice(self, target, gate)
        if self._events >= 0 and before is not self._joint:
            self._poller.handle(self._fd, self._joint or self.handle)

    def _mayRead(self, events: int) -> bool:
        """
        Handle all events but reading.

        @return: whether to read.
        """
        if events == GIVEN_UP:
            self._lost(_LOST)
        elif events & EPOLLOUT and not self._aborting:
            self._flush()
        if self._reading:
            return events != EPOLLOUT
        if not self.connected or self._aborting:
            return False
        if not events & (EPOLLERR | EPOLLHUP):
            self._watch()
        elif events & EPOLLERR and (self._ended or self.disconnecting):
            self._lost(_LOST)
        else:
            # Bytes of the peer are still unread, so only a read may end the connection.
            self._events = _NOTHING
            self._poller.unregister(self._fd)
        return False

    def _watch(self) -> None:
        """
        Tell the poller which events to wait for.  Pausing does not call this, since a short pause
        needs no system call; if it lasts, the next event does.
        """
        events = (EPOLLIN if self._reading else 0) | (0 if self._waiting is None else EPOLLOUT)
        watched = self._events
        if events == watched or watched == _NEW or not self.connected:
            return
        if watched == _NOTHING:
            self._poller.register(self._fd, events, self._joint or self.handle)
        else:
            self._poller.modify(self._fd, events)
        self._events = events

    def end(self) -> None:
        """
        The peer has ended its direction.
        """
        self._ended = True
        self._reading = False
        half = IHalfCloseableProtocol(self.protocol, None)
        if self._broken or half is None:
            self._lost(_LOST if self._broken else DONE)
            return
        try:
            half.readConnectionLost()
        except Exception:
            self._failed()

    def _failed(self) -> None:
        failure = Failure()
        self._log.failure("{protocol} failed", failure, protocol=self.protocol)
        self._lost(failure)

    # Ending

    def _break(self) -> None:
        """
        Sending has failed: read what the peer had sent before, then end the connection.
        """
        for _ in range(LAST_READS):
            if not self._reading:
                break
            self.handle(EPOLLIN)
        self._lost(_LOST)

    def loseConnection(self) -> None:
        """
        Close the connection once all written bytes are sent and no producer is registered.
        """
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._reading = False
            if self._waiting is None:
                self._poller.soon(self._finish)

    def abortConnection(self) -> None:
        """
        Reset the connection: unsent bytes are discarded, and the peer gets ECONNRESET.
        """
        if self.connected and not self._aborting:
            self._aborting = self.disconnecting = True
            self._reading = self._direct = False
            self._waiting = None
            self._poller.soon(self._abort)

    def _abort(self) -> None:
        self._lost(_ABORTED)

    def _lost(self, reason: Failure) -> None:
        """
        Close the socket and tell the protocol, unless that was done already.
        """
        if not self.connected:
            return
        self.connected = self._reading = self._direct = False
        self.disconnected = True
        self._waiting = self._joint = None
        if self._events >= 0:
            self._poller.forget(self._fd)
        if self._aborting:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()
        protocol, self.protocol = self.protocol, None
        producer, self._producer = self._producer, None
        whenLost, self._whenLost = self._whenLost, None
        try:
            if producer is not None:
                producer.stopProducing()
        except Exception:
            self._log.failure("{producer} failed", producer=producer)
        try:
            protocol.connectionLost(reason)
        except Exception:
            self._log.failure("{protocol} failed", protocol=protocol)
        if whenLost is not None:
            whenLost()

    # Producing: the reading side

    def pauseProducing(self) -> None:
        self._reading = False

    def resumeProducing(self) -> None:
        """
        Continue to read, unless the connection is ending.
        """
        if self.connected and not self.disconnecting and not self._ended:
            self._reading = True
            self._watch()

    def stopProducing(self) -> None:
        self.loseConnection()

    #: Twisted's own transports have these names, too.
    stopReading = pauseProducing
    startReading = resumeProducing

    def stopConsuming(self) -> None:
        """
        Unregister the producer, and close.
        """
        self.unregisterProducer()
        self.loseConnection()

# -*- test-case-name: tests.express.test_transport,tests.express.test_ending -*-
"""
A TCP transport that sends at once.

It keeps the contract of L{twisted.internet.tcp.Connection}: C{connectionLost} is never
called from within C{loseConnection} or C{abortConnection}, producers are paced, closing
flushes, aborting resets.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
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
from vaurien_twisted.express.joint import Gate, joint
from vaurien_twisted.express.poller import GIVEN_UP, Handler, Poller
from vaurien_twisted.express.writer import DONE, Sending

#: How many bytes one read takes at first, and at most.
LEAST_READ, MOST_READ = 16384, 262144

#: How many reads may follow a failed send: what a receive buffer holds.
LAST_READS = 64

#: What a transport watches that has not begun, and one that the poller does not have.
_NEW, _NOTHING = -2, -1

_LOST, _ABORTED = Failure(ConnectionLost()), Failure(ConnectionAborted())


@implementer(ITCPTransport, IPushProducer, IConsumer, ISystemHandle)
class ExpressTransport(Sending, ConnectedSocket):
    """
    A connected, non-blocking TCP socket.

    @param peer: its address.
    @param whenLost: called after the protocol's C{connectionLost}.
    @ivar bytesRead: how many bytes of the peer's were read so far.
    """

    # _ended: the peer sends nothing more.  _events: what the poller watches; it may be more
    # than is wanted until that happens.
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
        sock: socket.socket,
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
        Join the protocol.  What it does in C{connectionMade} (to pause, say) comes
        before the first read.

        @raise Exception: what the protocol raised; the connection is closed.
        """
        try:
            self.protocol.makeConnection(self)
            self._events = _NOTHING
            self._watch()
        except Exception:
            self._lost(Failure())
            raise

    # Events

    def _happened(self, events: int) -> None:
        if (events != EPOLLIN or not self._reading) and not self._mayRead(events):
            return
        try:
            data = self._recv(self._readSize)
        except BlockingIOError:
            return
        except OSError:
            self._lost(_LOST)
            return
        if data:
            self._deliver(data)
        else:
            self._end()

    def _deliver(self, data: bytes) -> None:
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
        What was read has filled its buffer.
        """
        self._readSize = MOST_READ

    def joinTo(self, target: ExpressTransport | None, gate: Gate | None = None) -> None:
        """
        From now on send what is read straight to another transport, without showing it to
        the protocol; with C{None} hand it to the protocol again.  The end of it, and
        whatever goes wrong, is told to the protocols as ever, and pausing works as ever.

        @param gate: told of the bytes, says whether they go that way; those that do not,
            and any that come while C{target} has others waiting, go to the protocol.
        """
        before = self._joint
        self._joint = None if target is None else joint(self, target, gate)
        if self._events >= 0 and before is not self._joint:
            self._poller.handle(self._fd, self._joint or self._happened)

    def _mayRead(self, events: int) -> bool:
        """
        Whether to read, after whatever else has happened.
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
            # What the peer sent is not read yet: only reading may end this.
            self._events = _NOTHING
            self._poller.unregister(self._fd)
        return False

    def _watch(self) -> None:
        """
        Tell the poller what is waited for.  Pausing does not: if it lasts, the next event
        brings us here.
        """
        events = (EPOLLIN if self._reading else 0) | (0 if self._waiting is None else EPOLLOUT)
        watched = self._events
        if events == watched or watched == _NEW or not self.connected:
            return
        if watched == _NOTHING:
            self._poller.register(self._fd, events, self._joint or self._happened)
        else:
            self._poller.modify(self._fd, events)
        self._events = events

    def _end(self) -> None:
        """
        The peer sends nothing more.
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
        """
        The protocol or its producer raised: say so, and end the connection.
        """
        failure = Failure()
        self._log.failure("{protocol} failed", failure, protocol=self.protocol)
        self._lost(failure)

    # Ending

    def _break(self) -> None:
        """
        Sending has failed: the connection is lost, after what the peer had sent before.
        """
        for _ in range(LAST_READS):
            if not self._reading:
                break
            self._happened(EPOLLIN)
        self._lost(_LOST)

    def loseConnection(self) -> None:
        """
        Close after all that was written has been sent, and a producer has been
        unregistered.
        """
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._reading = False
            if self._waiting is None:
                self._poller.soon(self._finish)

    def abortConnection(self) -> None:
        """
        Reset: whatever is unsent is dropped, and the peer reads ECONNRESET.
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
        Close the socket and tell the protocol; nothing where that was done.
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
        """
        Stop reading.
        """
        self._reading = False

    def resumeProducing(self) -> None:
        """
        Read on, unless the connection is ending.
        """
        if self.connected and not self.disconnecting and not self._ended:
            self._reading = True
            self._watch()

    def stopProducing(self) -> None:
        """
        Close.
        """
        self.loseConnection()

    #: By these names Twisted's own transports do the same.
    stopReading = pauseProducing
    startReading = resumeProducing

    def stopConsuming(self) -> None:
        """
        Unregister the producer, and close.
        """
        self.unregisterProducer()
        self.loseConnection()

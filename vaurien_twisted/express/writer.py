# -*- test-case-name: tests.express.test_writer,tests.express.test_producers -*-
"""
The sending half of a transport: it writes at once as many bytes as the kernel accepts, and the
rest when the kernel has room.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from socket import SocketType
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProducer, IPushProducer
from twisted.python.failure import Failure

from vaurien_twisted.express.poller import Poller

#: A producer is paused while at least this number of bytes wait.
HIGH_WATER = 65536

#: The most bytes that are passed to the kernel in one call.
MOST_SENT = 262144

#: The reason of a connection that was closed in order.
DONE = Failure(ConnectionDone())


class Sending(ABC):
    """
    Writes, pauses and resumes producers, and closes or half-closes when all is sent.

    @ivar connected: C{connectionLost} has not been called yet.
    @ivar disconnecting: C{loseConnection} was called; written bytes are still sent.
    @ivar disconnected: C{connectionLost} has been called.
    @ivar bytesWritten: the number of bytes that the kernel has accepted so far.
    """

    # _direct: the next write can be sent at once.  _shutting, _shut: a half-close was
    # requested, was done.  _broken: sending has failed.
    __slots__ = (
        "_aborting",
        "_broken",
        "_direct",
        "_poller",
        "_producer",
        "_producerPaused",
        "_send",
        "_shut",
        "_shutting",
        "_socket",
        "_streaming",
        "_waiting",
        "bytesWritten",
        "connected",
        "disconnected",
        "disconnecting",
        "protocol",
    )

    def __init__(self, sock: SocketType, protocol: Any, poller: Poller) -> None:
        self.protocol = protocol
        self.connected = self._direct = True
        self.disconnecting = self.disconnected = False
        self._shutting = self._shut = self._aborting = self._broken = False
        self._socket = sock
        self._send = sock.send
        self._poller = poller
        self._waiting: bytearray | None = None
        self._producer: IPushProducer | None = None
        self._streaming = self._producerPaused = False
        self.bytesWritten = 0

    @abstractmethod
    def _watch(self) -> None:
        """
        Tell the poller for which events this transport waits.
        """

    @abstractmethod
    def _break(self) -> None:
        """
        Handle an error of the kernel while sending.
        """

    @abstractmethod
    def _failed(self) -> None:
        """
        Log the exception that the protocol or its producer has raised, and end the connection.
        """

    @abstractmethod
    def _lost(self, reason: Failure) -> None:
        """
        Handle the end of the connection.
        """

    @property
    def sent(self) -> bool:
        """
        Whether the kernel has accepted all written bytes.
        """
        return self._waiting is None

    def write(self, data: bytes) -> None:
        """
        Send C{data}: at once as many bytes as the kernel accepts, the rest when it has room.

        @raise TypeError: C{data} is not bytes.
        """
        if not self._direct:
            self._wait(data)
            return
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        except TypeError:
            raise TypeError("Data must be bytes") from None
        except OSError:
            self._direct = False
            self._broken = True
            self._poller.soon(self._break)
            return
        self.bytesWritten += sent
        if sent != len(data):
            self._wait(memoryview(data).cast("B")[sent:])

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """
        Send several pieces as one.

        @raise TypeError: a piece is not bytes.
        """
        try:
            data = b"".join(iovec)
        except TypeError:
            raise TypeError("Data must be bytes") from None
        self.write(data)

    def _wait(self, data: bytes | memoryview) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError("Data must be bytes")
        if not self.connected or self._shut or self._aborting or self._broken or not data:
            return
        if self._waiting is None:
            self._waiting = bytearray(data)
            self._direct = False
            self._watch()
        else:
            self._waiting += data
        producer = self._producer
        if producer is None or not self._streaming or self._producerPaused:
            return
        if len(self._waiting) > HIGH_WATER:
            self._producerPaused = True
            producer.pauseProducing()

    def _flush(self) -> None:
        """
        Send waiting bytes: the kernel has room.
        """
        waiting = self._waiting
        if waiting:
            try:
                with memoryview(waiting) as view, view[:MOST_SENT] as part:
                    sent = self._send(part)
            except BlockingIOError:
                return
            except OSError:
                self._broken = True
                self._break()
                return
            self.bytesWritten += sent
            del waiting[:sent]
            if waiting:
                return
        self._waiting = None
        self._settle()
        if self._producer is not None and (not self._streaming or self._producerPaused):
            self._producerPaused = False
            try:
                self._producer.resumeProducing()
            except Exception:
                self._failed()
        elif self.disconnecting:
            self._lost(DONE)
        elif self._shutting:
            self._shutDown()
        self._watch()

    def _settle(self) -> None:
        """
        Update whether the next write can be sent at once.  Writes of a pull producer wait for
        the event of the poller, at which the producer is asked for more.
        """
        self._direct = (
            self._waiting is None
            and (self._producer is None or self._streaming)
            and self.connected
            and not (self._shut or self._aborting or self._broken)
        )

    def loseWriteConnection(self) -> None:
        """
        Half-close when all written bytes have been sent and no producer is registered.
        """
        if self.connected and not self._shutting:
            self._shutting = True
            if self._waiting is None:
                self._poller.soon(self._finish)

    def _finish(self) -> None:
        """
        Close or half-close as requested, unless bytes wait or a producer is registered.
        """
        if self._waiting is not None or not self.connected or self._aborting:
            return
        if self._producer is not None and (not self._streaming or self._producerPaused):
            return
        if self.disconnecting:
            self._lost(DONE)
        elif self._shutting:
            self._shutDown()

    def _shutDown(self) -> None:
        if self._shut:
            return
        self._shut = True
        self._direct = False
        # If the peer is gone already, the next read reports it.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        half = IHalfCloseableProtocol(self.protocol, None)
        if half is not None:
            try:
                half.writeConnectionLost()
            except Exception:
                self._failed()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """
        Pause and resume C{producer} so that few bytes wait.

        @param streaming: whether it is a push producer; a pull producer is asked for more
            whenever the kernel has room.
        @raise RuntimeError: a producer is registered already.
        """
        if self._producer is not None:
            raise RuntimeError(
                f"Cannot register producer {producer}: {self._producer} is registered already"
            )
        if self.disconnected:
            producer.stopProducing()
            return
        # A pull producer is never paused.
        known = self._producer = cast(IPushProducer, producer)
        self._streaming = streaming
        if not streaming:
            self._direct = False
            known.resumeProducing()
            if self._producer is known and self._waiting is None:
                # All earlier bytes have been sent, but the producer must still be asked for more.
                self._waiting = bytearray()
                self._watch()

    def unregisterProducer(self) -> None:
        pull = self._producer is not None and not self._streaming
        self._producer = None
        self._streaming = self._producerPaused = False
        if pull:
            self._settle()
        if self._waiting is None and (self.disconnecting or self._shutting):
            self._poller.soon(self._finish)

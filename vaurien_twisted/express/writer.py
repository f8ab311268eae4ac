# -*- test-case-name: tests.express.test_writer,tests.express.test_producers -*-
"""
The sending half of a transport: at once what the kernel takes, the rest as it makes room.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProducer, IPushProducer
from twisted.python.failure import Failure

from vaurien_twisted.express.poller import Poller

#: From how many waiting bytes on a producer is paused.
HIGH_WATER = 65536

#: How many bytes are handed to the kernel at once.
MOST_SENT = 262144

#: Why a connection ends that was closed.
DONE = Failure(ConnectionDone())


class Sending(ABC):
    """
    Writes, paces producers, and closes or half-closes once all is sent.

    @ivar connected: until C{connectionLost} has been called.
    @ivar disconnecting: C{loseConnection} was called; what was written is still sent.
    @ivar disconnected: C{connectionLost} has been called.
    @ivar bytesWritten: how many bytes the kernel has taken so far.
    """

    # _direct: what is written can be sent at once.  _shutting, _shut: a half-close was
    # asked for, was done.  _broken: sending has failed.
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

    def __init__(self, sock: socket.socket, protocol: Any, poller: Poller) -> None:
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
        Tell the poller what is waited for.
        """

    @abstractmethod
    def _break(self) -> None:
        """
        Sending has failed.
        """

    @abstractmethod
    def _failed(self) -> None:
        """
        The protocol or its producer raised: say so, and end the connection.
        """

    @abstractmethod
    def _lost(self, reason: Failure) -> None:
        """
        The connection is over.
        """

    @property
    def sent(self) -> bool:
        """
        Whether the kernel has taken all that was written.
        """
        return self._waiting is None

    def write(self, data: bytes) -> None:
        """
        Send C{data}: at once as much as the kernel takes, the rest as it makes room.

        @raise TypeError: it is not bytes.
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

        @raise TypeError: one is not bytes.
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
        Whether what is written next can be sent at once.  That of a pull producer waits for
        its event, which is what asks it for more.
        """
        self._direct = (
            self._waiting is None
            and (self._producer is None or self._streaming)
            and self.connected
            and not (self._shut or self._aborting or self._broken)
        )

    def loseWriteConnection(self) -> None:
        """
        Half-close after all that was written has been sent, and a producer has been
        unregistered.
        """
        if self.connected and not self._shutting:
            self._shutting = True
            if self._waiting is None:
                self._poller.soon(self._finish)

    def _finish(self) -> None:
        """
        Close or half-close, unless something is still to be sent.
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
        # Where the peer is gone already, reading will tell.
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
        Pace C{producer} by what can be sent.

        @param streaming: whether it is a push producer; a pull producer is asked for more
            whenever there is room in the kernel.
        @raise RuntimeError: one is registered already.
        """
        if self._producer is not None:
            raise RuntimeError(
                f"Cannot register producer {producer}: {self._producer} is registered already"
            )
        if self.disconnected:
            producer.stopProducing()
            return
        # A producer that is not streaming is never told to pause.
        known = self._producer = cast(IPushProducer, producer)
        self._streaming = streaming
        if not streaming:
            self._direct = False
            known.resumeProducing()
            if self._producer is known and self._waiting is None:
                # What was written before has been sent: it is asked for more all the same.
                self._waiting = bytearray()
                self._watch()

    def unregisterProducer(self) -> None:
        """
        No more comes from the producer.
        """
        pull = self._producer is not None and not self._streaming
        self._producer = None
        self._streaming = self._producerPaused = False
        if pull:
            self._settle()
        if self._waiting is None and (self.disconnecting or self._shutting):
            self._poller.soon(self._finish)

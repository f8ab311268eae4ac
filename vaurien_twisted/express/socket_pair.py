# -*- test-case-name: tests.relays.test_socket_links -*-
"""
Two connected sockets, each of which sends what the other reads, without transports and protocols.

Most connections need only a few reads and writes, and the ends of both directions.  Making
transports and protocols takes much longer than that, so they are made only on demand.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from select import EPOLLIN
from socket import MSG_DONTWAIT, SocketType

from vaurien_twisted.express.poller import Poller
from vaurien_twisted.express.transport import LEAST_READ, ExpressTransport

#: After the end of a direction, its socket stays readable.  The poller is told to watch no more at
#: this event, because the other direction often ends before.
SURPLUS = 2


class Direction:
    """
    One direction of a pair.

    @param source: the socket that is read.
    @param target: the socket that is written to.
    @ivar other: the other direction.
    @ivar passed: how many bytes have passed.
    @ivar ended: whether the source has ended, and the target has been half-closed.
    @ivar transport: the transport of C{source}, once there is one.
    """

    __slots__ = (
        "_pair",
        "_source",
        "_surplus",
        "_target",
        "ended",
        "other",
        "passed",
        "transport",
    )

    other: Direction

    def __init__(self, pair: SocketPair, source: SocketType, target: SocketType) -> None:
        self._pair = pair
        self._source = source
        self._target = target
        self._surplus = 0
        self.passed = 0
        self.ended = False
        self.transport: ExpressTransport | None = None

    def happened(self, events: int) -> None:
        """
        Handle the events of the source.
        """
        if self.ended or not events or self.transport is not None:
            self._unusual(events)
            return
        try:
            data = self._source.recv(LEAST_READ, MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._outgrow().failReading()
            return
        size = len(data)
        if not size:
            self._end()
            return
        try:
            sent = self._target.send(data, MSG_DONTWAIT)
        except OSError:
            # The transport gets the error, too.
            sent = 0
        self.passed += sent
        if sent != size:
            self._outgrow().deliver(data[sent:])
        elif size == LEAST_READ:
            # Transports read more at once.
            self._outgrow()

    def _end(self) -> None:
        self.ended = True
        if self.other.ended:
            self._pair.close()
            return
        try:
            self._target.shutdown(socket.SHUT_WR)
        except OSError:
            # The peer is gone already: its socket reports it.
            return

    def _unusual(self, events: int) -> None:
        if self.transport is None and events == EPOLLIN:
            self._surplus += 1
            if self._surplus == SURPLUS:
                self._pair.poller.modify(self._source.fileno(), 0)
        else:
            self._outgrow().handle(events)

    def _outgrow(self) -> ExpressTransport:
        if self.transport is None:
            self._pair.outgrow()
        assert self.transport is not None
        return self.transport

    def adopt(self, transport: ExpressTransport) -> None:
        """
        C{transport} has the source from now on.
        """
        self.transport = transport
        watched = 0 if self._surplus >= SURPLUS else EPOLLIN
        transport.adopt(watched, self.passed, self.other.passed)


class SocketPair(ABC):
    """
    The sockets of a client and of its backend.

    @param client: connected; need not be non-blocking.
    @param backend: connected; need not be non-blocking.
    @ivar poller: passes the events of both.
    @ivar toBackend: the direction from the client to the backend.
    @ivar toClient: the direction from the backend to the client.
    """

    __slots__ = ("_backend", "_client", "poller", "toBackend", "toClient")

    def __init__(self, client: SocketType, backend: SocketType, poller: Poller) -> None:
        self.poller = poller
        self._client = client
        self._backend = backend
        toBackend = self.toBackend = Direction(self, client, backend)
        toClient = self.toClient = Direction(self, backend, client)
        toBackend.other = toClient
        toClient.other = toBackend

    def start(self) -> None:
        """
        Begin to relay.

        @raise OSError: the kernel cannot watch another socket; nothing has changed.
        """
        poller, client, backend = self.poller, self._client.fileno(), self._backend.fileno()
        poller.register(backend, EPOLLIN, self.toClient.happened)
        try:
            poller.register(client, EPOLLIN, self.toBackend.happened)
        except OSError:
            poller.unregister(backend)
            raise

    def close(self) -> None:
        """
        Both directions have ended: close both sockets.
        """
        poller, client, backend = self.poller, self._client, self._backend
        poller.forget(client.fileno())
        client.close()
        poller.forget(backend.fileno())
        backend.close()
        self.over()

    @abstractmethod
    def over(self) -> None:
        """
        Both sockets are closed.
        """

    @abstractmethod
    def outgrow(self) -> None:
        """
        Make transports of the sockets; each direction is to L{adopt<Direction.adopt>} its own.
        """

# -*- test-case-name: tests.relays.test_transports -*-
"""
The two connections of a link: pausing, closing and resetting them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.interfaces.network import ICountedTransport, IStreamTransport
from vaurien_twisted.relays.byte_counter import counted
from vaurien_twisted.relays.delayed_reset import DelayedReset
from vaurien_twisted.relays.pause_reasons import FULL, PEER, REPLACED, UNCONNECTED, PauseReasons
from vaurien_twisted.relays.turn_timer import TurnTimer, watched

#: Called with bytes before they pass; returns whether they may pass.
Gate = Callable[[bytes], bool]


class EndProtocol(Protocol):
    """
    A protocol that faces the client or the backend.

    @ivar transport: its connection.
    @ivar dataReceived: called with the bytes that the transport reads.
    """

    transport: ICountedTransport
    dataReceived: Callable[[bytes], None]


class TransportPair:
    """
    The client's and the backend's transports, each C{None} before it is connected and after it
    is lost.

    @ivar clientEnded: the client will send nothing more.
    @ivar clientDrained: called when the buffer of bytes to the client is empty again.
    @ivar backendEnded: the backend will send nothing more.
    @ivar turns: counts and times the turns of bytes that pass unchanged, C{None} for no timing.
    """

    __slots__ = (
        "_backendSource",
        "_clientSource",
        "_last",
        "backend",
        "backendEnded",
        "client",
        "clientDrained",
        "clientEnded",
        "turns",
    )

    def __init__(self, client: IStreamTransport) -> None:
        self.client: Any = client
        self.backend: Any = None
        self.clientEnded = False
        self._last: DelayedReset | None = None
        self.clientDrained: Callable[[], None] | None = None
        self.backendEnded = False
        self.turns: TurnTimer | None = None
        self._clientSource = PauseReasons(client)
        self._clientSource.pause(UNCONNECTED)
        self._backendSource: PauseReasons | None = None

    @property
    def gone(self) -> bool:
        """
        Whether both connections are lost.
        """
        return self.client is None and self.backend is None

    @property
    def joined(self) -> bool:
        """
        Whether the backend has been connected.
        """
        return self._backendSource is not None

    def join(self, backend: IStreamTransport) -> None:
        """
        Store the backend's transport.  From now on each side pauses the other while it cannot
        be written to.
        """
        self.backend = backend
        source = self._backendSource = PauseReasons(backend)
        source.drained = self._drained
        self.client.registerProducer(source, True)
        backend.registerProducer(self._clientSource, True)

    def _drained(self) -> None:
        if self.clientDrained is not None:
            self.clientDrained()

    @property
    def clientFull(self) -> bool:
        """
        Whether the buffer of bytes to the client is full.
        """
        return self._backendSource is not None and self._backendSource.paused(PEER)

    def hold(self) -> None:
        """
        Pause both transports until others L{replace} them.
        """
        self._clientSource.pause(REPLACED)
        if self._backendSource is not None:
            self._backendSource.pause(REPLACED)

    def stopPacing(self) -> None:
        """
        End the pausing of each side by the other.
        """
        for transport in (self.client, self.backend):
            transport.unregisterProducer()

    def replace(self, client: IStreamTransport, backend: IStreamTransport) -> None:
        """
        Use other transports for the same connections, such as TLS; they are not paused.
        """
        self.client = client
        self._clientSource = PauseReasons(client)
        self.join(backend)

    def start(self) -> None:
        """
        Resume the client.
        """
        self._clientSource.resume(UNCONNECTED)

    def bare(self, client: EndProtocol, backend: EndProtocol) -> None:
        """
        Send all bytes from one transport to the other.

        @param client: the protocol that faces the client.
        @param backend: the protocol that faces the backend.
        """
        toBackend, toClient, turns = self.backend.write, self.client.write, self.turns
        if turns is None:
            self.splice()
        else:
            turns.renew()
            toBackend = watched(turns.asked, toBackend)
            toClient = watched(turns.answered, toClient)
            self.splice(turns.asked, turns.answered)
        client.dataReceived = counted(self.client, toBackend)
        backend.dataReceived = counted(self.backend, toClient)

    def splice(self, fromClient: Gate | None = None, fromBackend: Gate | None = None) -> None:
        """
        Let each transport write the bytes that it reads directly to the other, if both support
        that.

        @param fromClient: called with all bytes of the client; those that it rejects go to the
            protocol.
        @param fromBackend: the same for the backend's bytes.
        """
        client, backend = self.client, self.backend
        if hasattr(client, "spliceTo") and hasattr(backend, "spliceTo"):
            client.spliceTo(backend, fromClient)
            backend.spliceTo(client, fromBackend)

    def detach(self) -> None:
        """
        Let each transport deliver the bytes that it reads to its protocol.
        """
        for transport in (self.client, self.backend):
            if hasattr(transport, "spliceTo"):
                transport.spliceTo(None)

    def paceClient(self, full: bool) -> None:
        """
        Pause the client while there is no room for its bytes.
        """
        if full:
            self._clientSource.pause(FULL)
        else:
            self._clientSource.resume(FULL)

    def paceBackend(self, full: bool) -> None:
        """
        Pause the backend while there is no room for its bytes.
        """
        if self._backendSource is None:
            return
        if full:
            self._backendSource.pause(FULL)
        else:
            self._backendSource.resume(FULL)

    def endWriting(self, transport: IStreamTransport) -> None:
        """
        Half-close if the transport supports that, otherwise close it.
        """
        transport.unregisterProducer()
        end = getattr(transport, "loseWriteConnection", transport.loseConnection)
        end()

    def close(self) -> None:
        """
        Close both in order, after the bytes that were already written to them.
        """
        for transport in (self.client, self.backend):
            if transport is not None:
                transport.unregisterProducer()
                transport.loseConnection()

    def resetBehind(self, clock: IReactorTime) -> None:
        """
        Reset the remaining connections, after the bytes that were already written to them.
        """
        for transport in (self.client, self.backend):
            if transport is not None:
                transport.unregisterProducer()
                self._last = DelayedReset(transport, clock)
                self._last.begin()

    def forget(self) -> None:
        """
        Stop waiting for written bytes.
        """
        if self._last is not None:
            self._last.stopProducing()
            self._last = None

    def reset(self) -> None:
        """
        Reset both.  Bytes in transit are lost.
        """
        self.forget()
        for transport in (self.client, self.backend):
            if transport is not None:
                transport.unregisterProducer()
                transport.abortConnection()

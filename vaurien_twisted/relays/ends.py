# -*- test-case-name: tests.relays.test_link -*-
"""
The end of a link: the end of one side is passed on to the other, after all its bytes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.framed import FramedPath
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.turn_timer import TurnTimer


class LinkState(Enum):
    """
    How a link handles the bytes that it reads.
    """

    #: It writes them to the other side: nothing can happen to them.
    BARE = "bare"
    #: It divides them into exchanges.
    FRAMED = "framed"
    #: It cannot divide them any more: they pass through its write queues in turns.
    OPAQUE = "opaque"
    #: It discards them.
    CLOSING = "closing"


class Ends(ABC):
    """
    Ends the two connections of a link.

    @ivar state: how the link handles its bytes.
    """

    __slots__ = ("_context", "_framed", "_transports", "state")

    def __init__(self, context: ProxyContext, transports: TransportPair) -> None:
        self.state = LinkState.BARE
        self._context = context
        self._transports = transports
        if context.timesTurns:
            observe = context.counters.duration.observe
            transports.turns = TurnTimer(context.reactor.seconds, observe)
        self._framed: FramedPath | None = None

    @abstractmethod
    def _stop(self) -> None:
        """
        Stop relaying.
        """

    @abstractmethod
    def _forget(self) -> None:
        """
        Handle the loss of a connection: if both are lost, the link has ended.
        """

    def _cut(self, then: ConnectionFate) -> None:
        """
        End the link, as a stream filter requests.

        @param then: how to end it.
        """
        if then is ConnectionFate.RESET:
            self.reset()
        else:
            self.hangUp()

    def clientEnded(self) -> None:
        """
        The client will send nothing more: tell the backend after all it has sent.
        """
        if self.state is not LinkState.CLOSING and not self._transports.clientEnded:
            self._transports.clientEnded = True
            if self._framed is None:
                self._endBackend()
            else:
                self._framed.exchanges.clientEnded(self._endBackend)

    def backendEnded(self) -> None:
        """
        The backend will send nothing more: tell the client after all it has sent.
        """
        if self.state is not LinkState.CLOSING and not self._transports.backendEnded:
            self._transports.backendEnded = True
            if self._framed is None:
                self._endClient()
            else:
                self._framed.exchanges.backendEnded(self._endClient)

    def _endBackend(self) -> None:
        transports, framed = self._transports, self._framed
        said = framed is None or framed.exchanges.backendSaid
        if transports.client is None or (transports.backendEnded and said):
            self.close()
        elif framed is None:
            transports.endWriting(transports.backend)
        else:
            framed.filters.endUpstream()

    def _endClient(self) -> None:
        transports, framed = self._transports, self._framed
        said = framed is None or framed.exchanges.clientSaid
        if transports.backend is None or (transports.clientEnded and said):
            self.close()
        elif framed is None:
            transports.endWriting(transports.client)
        else:
            framed.filters.endDownstream()

    def clientLost(self, reason: Failure) -> None:
        """
        The client's connection is lost.  End the backend's after all bytes of the client, or at
        once if the client's was reset.
        """
        transports, framed = self._transports, self._framed
        transports.client = None
        if self.state is LinkState.CLOSING:
            self._settle()
        elif transports.backend is None:
            self.close()
        elif not reason.check(ConnectionDone):
            transports.clientEnded = True
            if framed is not None and framed.exchanges.readsClient:
                framed.exchanges.afterClient(self._resetBehind)
            else:
                self._resetBehind()
        elif transports.clientEnded:
            if framed is None:
                self.close()
            else:
                framed.exchanges.afterClient(self.close)
        else:
            self.clientEnded()
        self._forget()

    def backendLost(self, reason: Failure) -> None:
        """
        The backend's connection is lost.  End the client's after all bytes of the backend, or
        at once if the backend's was reset.
        """
        transports, framed = self._transports, self._framed
        transports.backend = None
        if self.state is LinkState.CLOSING:
            self._settle()
        elif not reason.check(ConnectionDone):
            transports.backendEnded = True
            if framed is not None and framed.exchanges.readsBackend:
                framed.exchanges.afterBackend(self._resetBehind)
            else:
                self._resetBehind()
        elif transports.backendEnded:
            if framed is None:
                self.close()
            else:
                framed.exchanges.afterBackend(self.close)
        else:
            self.backendEnded()
        self._forget()

    def _settle(self) -> None:
        if self._framed is not None:
            self._framed.filters.settle()

    def close(self) -> None:
        """
        Close both connections in order, each after the bytes that were written to it or wait in
        its stream filters.
        """
        if self.state is LinkState.CLOSING:
            return
        if self._framed is None:
            self.hangUp()
            return
        self.state = LinkState.CLOSING
        self._framed.close(self.hangUp)

    def hangUp(self) -> None:
        """
        Close both connections in order, each after the bytes that were already written to it.
        Bytes that wait in write queues and stream filters are lost.
        """
        self._stop()
        self._transports.close()

    def reset(self) -> None:
        """
        Reset both connections.  Bytes in transit are lost, and each end gets ECONNRESET.
        """
        self._stop()
        self._transports.reset()

    def _resetBehind(self) -> None:
        """
        One end was reset: reset the other, after the bytes that were already written to it.
        """
        self._stop()
        self._transports.resetBehind(self._context.reactor)

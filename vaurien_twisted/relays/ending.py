# -*- test-case-name: tests.relays.test_ending -*-
"""
Last words: what one end has said before it was reset reaches the other, which is reset then.

Express transports hand to the kernel at once what they can.  Twisted's own (UNIX sockets,
TLS, TCP) collect what is written, and would drop it in a reset, and what is unread where
writing fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import IDelayedCall, IPullProducer, IReactorTime, ITransport
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.relays.byte_counter import ByteCounter

#: For how long an end may take no more of the other's last words before it is reset, in
#: seconds.
PATIENCE = 30.0

#: How many reads may follow a write that failed: what a receive buffer holds.
LAST_READS = 64


def lowest(transport: object) -> IStreamTransport:
    """
    The transport that has the socket, without TLS and counting above it.
    """
    while True:
        if isinstance(transport, ByteCounter):
            transport = transport.below
        elif isinstance(transport, ProtocolWrapper):
            transport = transport.transport
        else:
            return cast(IStreamTransport, transport)


@implementer(IPullProducer)
class LastWords:
    """
    Resets a connection after all that was written to it has gone to the kernel, or after
    L{PATIENCE}.
    """

    def __init__(self, transport: IStreamTransport, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._asked = False
        self._timer: IDelayedCall | None = None

    def begin(self) -> None:
        """
        Begin to wait; no other producer may be registered.
        """
        below = lowest(self._transport)
        if below is self._transport and getattr(below, "sent", False):
            below.abortConnection()
            return
        self._timer = self._clock.callLater(PATIENCE, self._reset)
        # TLS joins what is written in one turn of the reactor.
        self._clock.callLater(0, self._listen, below)

    def _listen(self, below: IStreamTransport) -> None:
        if self._timer is None:
            return
        # A transport asks a pull producer for more whenever its buffer is empty.
        below.unregisterProducer()
        below.registerProducer(self, False)
        startWriting = getattr(below, "startWriting", None)
        if startWriting is not None and self._timer is not None:
            startWriting()

    def resumeProducing(self) -> None:
        """
        Nothing waits any more, but at the first time: that tells of being registered.
        """
        if self._asked:
            self._reset()
        self._asked = True

    def stopProducing(self) -> None:
        """
        The connection is gone.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _reset(self) -> None:
        self.stopProducing()
        self._transport.abortConnection()


def readLast(transport: ITransport) -> None:
    """
    Have one of Twisted's own transports read what its peer has said before it tells that
    writing has failed.
    """
    below: Any = lowest(transport)
    write: Callable[[bytes], object] | None = getattr(below, "writeSomeData", None)
    if write is None:
        return

    def writeSomeData(data: bytes) -> object:
        written = write(data)
        if isinstance(written, Exception):
            for _ in range(LAST_READS):
                if below.disconnecting or below.doRead() is not None:
                    break
        return written

    below.writeSomeData = writeSomeData

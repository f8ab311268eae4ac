# -*- test-case-name: tests.relays.test_delayed_reset -*-
"""
Delivers the bytes that one end had sent before its connection was reset; then the other end is
reset.

Express transports pass written bytes to the kernel at once.  Twisted's own transports (UNIX
sockets, TLS, TCP) buffer them.  A reset would discard this buffer, and a failed write would discard
bytes that were not read yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import IDelayedCall, IPullProducer, IReactorTime, ITransport
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.relays.byte_counter import ByteCounter

#: After how many seconds an end that does not read the remaining bytes is reset.
PATIENCE = 30.0

#: The most reads after a failed write, enough to empty the receive buffer.
LAST_READS = 64


def lowest(transport: object) -> IStreamTransport:
    """
    The transport that has the socket, below TLS and byte counters.
    """
    while True:
        if isinstance(transport, ByteCounter):
            transport = transport.below
        elif isinstance(transport, ProtocolWrapper):
            transport = transport.transport
        else:
            return cast(IStreamTransport, transport)


@implementer(IPullProducer)
class DelayedReset:
    """
    Resets a connection once all written bytes were passed to the kernel, or after L{PATIENCE}
    seconds.
    """

    def __init__(self, transport: IStreamTransport, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._asked = False
        self._timer: IDelayedCall | None = None

    def begin(self) -> None:
        """
        Begin to wait.  The transport must have no other producer.
        """
        below = lowest(self._transport)
        if below is self._transport and getattr(below, "sent", False):
            below.abortConnection()
            return
        self._timer = self._clock.callLater(PATIENCE, self._reset)
        # TLS collects the bytes that are written in one turn of the reactor.
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
        The buffer is empty.  The first call is only the answer to the registration.
        """
        if self._asked:
            self._reset()
        self._asked = True

    def stopProducing(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _reset(self) -> None:
        self.stopProducing()
        self._transport.abortConnection()


def readLast(transport: ITransport) -> None:
    """
    Make one of Twisted's own transports read what its peer has sent before it reports that writing
    has failed.
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

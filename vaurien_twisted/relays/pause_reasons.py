# -*- test-case-name: tests.relays.test_pause_reasons -*-
"""
Pauses a transport for several reasons at once.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

#: The reasons: the other side reads too slowly, a write queue is full, the backend is not connected
#: yet, the transport is about to be replaced.
PEER, FULL, UNCONNECTED, REPLACED = 1, 2, 4, 8


@implementer(IPushProducer)
class PauseReasons:
    """
    The reasons why a transport is paused.  The transport reads only while there is none, so the end
    of one reason does not end another.

    It is also the push producer of the transport that the bytes are written to, which sets and
    removes the reason L{PEER}.

    @ivar drained: called when the buffer of that transport is empty again.
    """

    __slots__ = ("_reasons", "_transport", "drained")

    def __init__(self, transport: IPushProducer) -> None:
        self._transport = transport
        self._reasons = 0
        self.drained: Callable[[], None] | None = None

    def pause(self, reason: int) -> None:
        """
        Add C{reason}, and stop reading.  Does nothing if the reason is there already.
        """
        if not self._reasons:
            self._transport.pauseProducing()
        self._reasons |= reason

    def resume(self, reason: int) -> None:
        """
        Remove C{reason}, and read again if it was the last one.
        """
        if self._reasons & reason:
            self._reasons &= ~reason
            if not self._reasons:
                self._transport.resumeProducing()

    def paused(self, reason: int) -> bool:
        """
        Whether C{reason} is one of the reasons.
        """
        return bool(self._reasons & reason)

    def pauseProducing(self) -> None:
        self.pause(PEER)

    def resumeProducing(self) -> None:
        self.resume(PEER)
        if self.drained is not None:
            self.drained()

    def stopProducing(self) -> None:
        """
        The other transport is closed; the link closes this one.
        """

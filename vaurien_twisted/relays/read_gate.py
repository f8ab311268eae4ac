# -*- test-case-name: tests.relays.test_read_gate -*-
"""
Pausing a transport for several reasons at once.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

#: The reasons: the other side writes too slowly, a write queue is full, there is nowhere to send to
#: yet, the transport is about to be another one.
PEER, FULL, UNCONNECTED, REPLACED = 1, 2, 4, 8


@implementer(IPushProducer)
class PauseReasons:
    """
    The reading side of a transport.  It reads only while no reason to pause is left,
    so that the peer's resuming cannot end a wait, nor a wait's end the peer's pause.

    As a push producer it stands for the reason L{PEER}: register it with the
    transport that what is read here is written to.

    @ivar drained: called when that transport's buffer is empty again.
    """

    __slots__ = ("_reasons", "_transport", "drained")

    def __init__(self, transport: IPushProducer) -> None:
        self._transport = transport
        self._reasons = 0
        self.drained: Callable[[], None] | None = None

    def pause(self, reason: int) -> None:
        """
        Stop reading for C{reason}; nothing happens if that reason was given before.
        """
        if not self._reasons:
            self._transport.pauseProducing()
        self._reasons |= reason

    def resume(self, reason: int) -> None:
        """
        C{reason} is gone; read on if it was the last.
        """
        if self._reasons & reason:
            self._reasons &= ~reason
            if not self._reasons:
                self._transport.resumeProducing()

    def paused(self, reason: int) -> bool:
        """
        Whether C{reason} is among those that are left.
        """
        return bool(self._reasons & reason)

    def pauseProducing(self) -> None:
        """
        The other transport's buffer is full.
        """
        self.pause(PEER)

    def resumeProducing(self) -> None:
        """
        The other transport's buffer is empty.
        """
        self.resume(PEER)
        if self.drained is not None:
            self.drained()

    def stopProducing(self) -> None:
        """
        The other transport is gone; the link closes this one.
        """

# -*- test-case-name: tests.relays.test_streams -*-
"""
Flow control of a whole connection in one direction (RFC 9113, sections 5.2 and 6.9).

The receiver's WINDOW_UPDATEs reach the sender, and each knows the same window, as long as all
that the one sends reaches the other.  Where the proxy sends bytes of its own, or credits the
sender for bytes that it keeps back, the two differ until the receiver has credited these bytes.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.frames import FIRST_WINDOW, LARGEST_WINDOW


class Window:
    """
    The window of one receiver.

    @ivar room: how many bytes it takes now.
    @ivar owed: how many bytes of its next credit are not the sender's: they were the proxy's
        own, or are credited already.
    """

    __slots__ = ("owed", "room")

    def __init__(self) -> None:
        self.room = FIRST_WINDOW
        self.owed = 0

    def credit(self, increment: int) -> int:
        """
        The receiver has sent a WINDOW_UPDATE.

        @return: how much of it is the sender's.
        @raise Violation: the window exceeds the largest that there can be.
        """
        self.room += increment
        if self.room > LARGEST_WINDOW:
            raise Violation("FLOW_CONTROL_ERROR", "the connection's window exceeds 2^31-1 bytes")
        kept = min(self.owed, increment)
        self.owed -= kept
        return increment - kept

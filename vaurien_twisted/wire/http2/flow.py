# -*- test-case-name: tests.relays.test_streams -*-
"""
Flow control of a whole connection in one direction (RFC 9113, sections 5.2 and 6.9).

WINDOW_UPDATEs of the receiver reach the sender.  Both know the same window as long as all bytes
pass.  If the proxy adds bytes, or credits the sender for bytes that it keeps back, the two windows
differ until the receiver has credited these bytes.
"""

from __future__ import annotations

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.windows import FIRST_WINDOW, LARGEST_WINDOW


class Window:
    """
    The window of one receiver.

    @ivar room: how many bytes it accepts now.
    @ivar owed: how many bytes of its next credit are not passed to the sender: the proxy has added
        them, or has credited them already.
    """

    __slots__ = ("owed", "room")

    def __init__(self) -> None:
        self.room = FIRST_WINDOW
        self.owed = 0

    def credit(self, increment: int) -> int:
        """
        The receiver has sent a WINDOW_UPDATE.

        @return: the part of it to pass to the sender.
        @raise Violation: the window exceeds 2**31 - 1 bytes.
        """
        self.room += increment
        if self.room > LARGEST_WINDOW:
            raise Violation("FLOW_CONTROL_ERROR", "the connection's window exceeds 2^31-1 bytes")
        kept = min(self.owed, increment)
        self.owed -= kept
        return increment - kept

# -*- test-case-name: tests.wire.test_starttls -*-
"""
Removes the offer of TLS from a MySQL server's greeting.

Source: MySQL manual, "Protocol::HandshakeV10".
"""

from __future__ import annotations

from vaurien_twisted.wire.mysql.packets import (
    CLIENT_SSL,
    FULL,
    GREETING,
    unpackHeader,
    unpackShort,
)

#: The longest greeting that is read, in bytes.
GREETING_LIMIT = 4096


class Greeting:
    """
    Collects the first bytes of the server until they are a whole greeting, or not a greeting.

    @ivar whole: whether no more bytes are held back.
    """

    __slots__ = ("_kept", "whole")

    def __init__(self) -> None:
        self._kept = bytearray()
        self.whole = False

    def take(self, data: bytes) -> bytes:
        """
        Add bytes of the server.

        @return: the bytes that pass, without the offer of TLS.
        """
        kept = self._kept
        kept += data
        if len(kept) < 5:
            return b""
        size = 4 + (unpackHeader(kept)[0] & FULL)
        if kept[4] != GREETING or size > 4 + GREETING_LIMIT:
            return self.release()
        if len(kept) < size:
            return b""
        data = self.release()
        return withoutTLS(data[:size]) + data[size:]

    def release(self) -> bytes:
        """
        Release the bytes that are held back.
        """
        kept, self._kept = bytes(self._kept), bytearray()
        self.whole = True
        return kept


def withoutTLS(greeting: bytes) -> bytes:
    """
    A greeting without the capability.

    @param greeting: the packet, from its header on.
    """
    # After the version's name: thread 4, scramble 8, filler 1; then the lower capabilities.
    at = greeting.find(b"\0", 5) + 14
    if not 14 < at <= len(greeting) - 2:
        return greeting
    offered = int(unpackShort(greeting, at)[0]) & ~CLIENT_SSL
    return greeting[:at] + offered.to_bytes(2, "little") + greeting[at + 2 :]

# -*- test-case-name: tests.wire.grpc.test_messages -*-
"""
The messages of a gRPC stream: each begins with a compressed flag of one byte and a length of four
bytes (grpc/grpc, doc/PROTOCOL-HTTP2.md).
"""

from __future__ import annotations

#: The length of the prefix of a message, in bytes.
PREFIX = 5


class Messages:
    """
    Finds the ends of messages in the DATA of one direction.
    """

    __slots__ = ("_left", "_prefix")

    def __init__(self) -> None:
        self._prefix = b""
        self._left = 0

    def ends(self, data: bytes) -> list[int]:
        """
        The offsets at which messages end in C{data}.
        """
        found = []
        at = 0
        while at < len(data):
            if not self._left:
                more = data[at : at + PREFIX - len(self._prefix)]
                self._prefix += more
                at += len(more)
                if len(self._prefix) < PREFIX:
                    break
                self._left = int.from_bytes(self._prefix[1:], "big")
                self._prefix = b""
            else:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
            if not self._left:
                found.append(at)
        return found

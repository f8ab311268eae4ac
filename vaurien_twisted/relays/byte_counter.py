# -*- test-case-name: tests.relays.test_byte_counter -*-
"""
Counts the bytes of transports.

Express transports count their bytes themselves.  All others (TLS, UNIX sockets, Twisted's TCP) are
wrapped in a L{ByteCounter}, which costs a function call for each read and write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import ITransport

from vaurien_twisted.interfaces.network import ICountedTransport


class ByteCounter:
    """
    A wrapper of a transport that counts its bytes.

    @ivar bytesRead: how many bytes were read.
    @ivar bytesWritten: how many bytes were written to the transport.
    """

    __slots__ = ("_transport", "_write", "bytesRead", "bytesWritten")

    def __init__(self, transport: ITransport) -> None:
        self._transport = transport
        self._write = transport.write
        self.bytesRead = 0
        self.bytesWritten = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    @property
    def below(self) -> ITransport:
        """
        The wrapped transport.
        """
        return self._transport

    def write(self, data: bytes) -> None:
        self.bytesWritten += len(data)
        self._write(data)

    def reading(self, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """
        A function that counts bytes and passes them to C{take}.
        """

        def counted(data: bytes) -> None:
            self.bytesRead += len(data)
            take(data)

        return counted


def metered(transport: ITransport) -> ICountedTransport:
    """
    C{transport} itself if it counts its bytes, else a L{ByteCounter} for it.
    """
    counts = hasattr(transport, "bytesRead")
    return cast(ICountedTransport, transport if counts else ByteCounter(transport))


def counted(transport: object, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """
    The function to pass the bytes to that C{transport} reads: it counts them if the transport does
    not, and passes them to C{take}.
    """
    return transport.reading(take) if isinstance(transport, ByteCounter) else take

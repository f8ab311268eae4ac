# -*- test-case-name: tests.relays.test_byte_counter -*-
"""
Counting bytes as they pass.

Express transports count their own.  For all others (TLS, UNIX, Twisted's TCP) a L{ByteCounter}
stands in, which costs them a call for each read and write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import ITransport

from vaurien_twisted.interfaces.network import ICountedTransport


class ByteCounter:
    """
    A transport that counts; in all else the one it stands for.

    @ivar bytesRead: how many bytes the other side sent.
    @ivar bytesWritten: how many bytes the transport was given to send.
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
        The transport itself.
        """
        return self._transport

    def write(self, data: bytes) -> None:
        """
        Send C{data}.
        """
        self.bytesWritten += len(data)
        self._write(data)

    def reading(self, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """
        What counts bytes and hands them to C{take}.
        """

        def counted(data: bytes) -> None:
            self.bytesRead += len(data)
            take(data)

        return counted


def metered(transport: ITransport) -> ICountedTransport:
    """
    C{transport} itself where it counts its bytes, else a L{ByteCounter} for it.
    """
    counts = hasattr(transport, "bytesRead")
    return cast(ICountedTransport, transport if counts else ByteCounter(transport))


def counted(transport: object, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """
    What is to get the bytes that C{transport} reads, so that C{take} gets them counted.
    """
    return transport.reading(take) if isinstance(transport, ByteCounter) else take

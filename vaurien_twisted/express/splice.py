# -*- test-case-name: tests.express.test_transport -*-
"""
Joins two transports, so that bytes that one reads are sent to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from select import EPOLLIN
from typing import Protocol

from vaurien_twisted.express.poller import Handler

#: Called with bytes before they are passed on; returns whether they may be.
Gate = Callable[[bytes], bool]


class Reading(Protocol):
    """
    The reading half of a transport.
    """

    bytesRead: int
    _reading: bool
    _readSize: int

    @property
    def _recv(self) -> Callable[[int], bytes]: ...

    def handle(self, events: int) -> None: ...

    def failReading(self) -> None: ...

    def deliver(self, data: bytes) -> None: ...

    def _readMore(self) -> None: ...

    def end(self) -> None: ...


class WriteHalf(Protocol):
    """
    The writing half of a transport.
    """

    bytesWritten: int
    _direct: bool

    @property
    def _send(self) -> Callable[[bytes], int]: ...

    def write(self, data: bytes) -> None: ...


def splice(source: Reading, target: WriteHalf, gate: Gate | None) -> Handler:
    """
    The handler of the events of C{source} that sends what it reads to C{target}.  Errors, partial
    writes and the end of the stream are handled by C{source} and C{target} themselves.

    @param gate: called with all bytes; those that may not be passed on go to the protocol of
        C{source}.  C{None}: all may.
    """
    recv, send, otherwise = source._recv, target._send, source.handle

    def happened(events: int) -> None:
        if events != EPOLLIN or not source._reading or not target._direct:
            otherwise(events)
            return
        try:
            data = recv(source._readSize)
        except BlockingIOError:
            return
        except OSError:
            # Another read would return the end of the stream in place of the error.
            source.failReading()
            return
        if not data:
            source.end()
            return
        if gate is not None and not gate(data):
            source.deliver(data)
            return
        size = len(data)
        source.bytesRead += size
        try:
            sent = send(data)
        except OSError:
            target.write(data)
        else:
            target.bytesWritten += sent
            if sent != size:
                target.write(data[sent:])
        if size == source._readSize:
            source._readMore()

    return happened

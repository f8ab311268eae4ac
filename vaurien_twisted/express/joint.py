# -*- test-case-name: tests.express.test_joint -*-
"""
The shortest way from one transport to another: what is read goes on in the same breath,
past the protocols of both.
"""

from __future__ import annotations

from collections.abc import Callable
from select import EPOLLIN
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaurien_twisted.express.poller import Handler
    from vaurien_twisted.express.transport import ExpressTransport

#: Told of bytes before they go on, says whether they may.
Gate = Callable[[bytes], bool]


def joint(source: ExpressTransport, target: ExpressTransport, gate: Gate | None) -> Handler:
    """
    Handles the events of C{source} so that what it reads is sent to C{target}.
    Whatever is out of the ordinary is left to C{source} and C{target} themselves.

    @param gate: asked about all bytes; those that may not go on are handed to the protocol.
    """
    recv, send, otherwise = source._recv, target._send, source._happened

    def happened(events: int) -> None:
        if events != EPOLLIN or not source._reading or not target._direct:
            otherwise(events)
            return
        try:
            data = recv(source._readSize)
        except OSError:
            # It meets the same again.
            otherwise(events)
            return
        if not data:
            source._end()
            return
        if gate is not None and not gate(data):
            source._deliver(data)
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

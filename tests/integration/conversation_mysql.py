"""
Conversations in MySQL's protocol, made by chance from a seed.
"""

from __future__ import annotations

import socket
from typing import Any

from tests.integration.support import PATIENCE
from vaurien_twisted.wire.mysql_packets import FULL, packet, unpackHeader

#: The commands by their first byte.
QUIT, QUERY, PING, PREPARE, EXECUTE = 0x01, 0x03, 0x0E, 0x16, 0x17


def command(code: int, body: bytes | str = b"") -> bytes:
    """
    A command in one packet.
    """
    return packet(0, bytes((code,)) + (body.encode() if isinstance(body, str) else body))


def packets(data: bytes) -> list[bytes]:
    """
    The payloads of packets that are whole.
    """
    found, at = [], 0
    while at < len(data):
        size = unpackHeader(data, at)[0] & FULL
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


class RawSession:
    """
    The socket of a connection that PyMySQL has opened.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._socket: socket.socket = connection._sock
        self._socket.settimeout(PATIENCE)
        self._kept = b""

    def send(self, data: bytes) -> None:
        """
        Send.
        """
        self._socket.sendall(data)

    def read(self, count: int = 1) -> list[bytes]:
        """
        The payloads of so many packets.

        @raise EOFError: the connection has ended.
        """
        found = []
        for _ in range(count):
            header = self._take(4)
            found.append(self._take(unpackHeader(header)[0] & FULL))
        return found

    def _take(self, size: int) -> bytes:
        while len(self._kept) < size:
            more = self._socket.recv(65536)
            if not more:
                raise EOFError(self._kept)
            self._kept += more
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    @property
    def pending(self) -> bytes:
        """
        What was read and not taken.
        """
        return self._kept

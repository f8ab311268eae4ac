"""
Conversations in PostgreSQL's protocol, made by chance from a seed.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

from tests.integration.support import PATIENCE
from tests.wire.postgresql_conversation_parts import FLUSH, SYNC, execute, message, parse, query

__all__ = ["FLUSH", "SYNC", "RawSession", "bind", "execute", "kinds", "parse", "query"]


def bind(statement: str = "", portal: str = "") -> bytes:
    """
    A Bind without parameters.
    """
    return message("B", f"{portal}\0{statement}\0".encode() + bytes(6))


def messages(data: bytes) -> Iterator[tuple[str, bytes]]:
    """
    The messages that a server sent, each as its type and the whole of it.
    """
    at = 0
    while at < len(data):
        size = 1 + struct.unpack_from(">I", data, at + 1)[0]
        yield chr(data[at]), data[at : at + size]
        at += size


def kinds(data: bytes) -> str:
    """
    Their types; of rows in a row and of what comes unasked only one.
    """
    found = ""
    for kind, _ in messages(data):
        if kind not in "NSA" and not (kind in "Dd" and found.endswith(kind)):
            found += kind
    return found


class RawSession:
    """
    The socket of a connection that a driver has opened.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self._socket.settimeout(PATIENCE)
        self._kept = b""

    def ask(self, data: bytes, until: str = "Z") -> bytes:
        """
        Send, and read up to the end of the first message of one of these types.
        """
        self._socket.sendall(data)
        return self.read(until)

    def read(self, until: str = "Z") -> bytes:
        """
        Read so far.

        @raise EOFError: the connection has ended.
        """
        at = 0
        while True:
            kept = self._kept
            while len(kept) >= at + 5:
                stop = at + 1 + struct.unpack_from(">I", kept, at + 1)[0]
                if len(kept) < stop:
                    break
                if chr(kept[at]) in until:
                    self._kept = kept[stop:]
                    return kept[:stop]
                at = stop
            more = self._socket.recv(65536)
            if not more:
                raise EOFError(kept)
            self._kept += more

    def close(self) -> None:
        """
        End it.
        """
        self._socket.close()
        self._connection.close()

"""
A link with stages, between real sockets.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from tests.integration.children import ChildCase
from vaurien_twisted.client.blocking import Client

MEGABYTE = 2**20


def flood(side: socket.socket) -> None:
    """
    Send until nobody listens any more.
    """
    block = bytes(MEGABYTE)
    with suppress(OSError):
        while True:
            side.sendall(block)


class StagedCase(ChildCase):
    """
    A client, the backend's side of its link, and the control of the proxy between them.
    """

    def addresses(
        self, behavior: str = "dummy", **options: Any
    ) -> tuple[Client, socket.socket, socket.socket]:
        """
        With this behavior in force.
        """
        proxy, client, backend = self.pair()
        self.proxy = proxy
        control = self.client(proxy)
        control.set_behavior(behavior, **options)
        return control, client, backend

    def assertReset(self, side: socket.socket) -> None:
        """
        The next that is read is ECONNRESET.
        """
        with self.assertRaises(ConnectionResetError):
            side.recv(1)

"""
Tests for addresses that accept both IPv4 and IPv6.
"""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.transports import dual_stack
from vaurien_twisted.transports.dual_stack import bothFamilies, canDualStack

ALL = (":8000", "0.0.0.0:8000", "[::]:8000")


class BothFamiliesTests(SynchronousTestCase):
    """
    L{bothFamilies}.
    """

    def test_both(self) -> None:
        """
        Any address of the machine means those of IPv6 as well.
        """
        self.patch(dual_stack, "canDualStack", lambda: True)
        self.assertEqual({bothFamilies(text) for text in ALL}, {"[::]:8000"})
        self.assertEqual(bothFamilies(":0"), "[::]:0")

    def test_noIPv6(self) -> None:
        """
        Where the machine has no IPv6, those of IPv4 only.
        """
        self.patch(dual_stack, "canDualStack", lambda: False)
        self.assertEqual({bothFamilies(text) for text in ALL}, {"0.0.0.0:8000"})

    def test_others(self) -> None:
        """
        Single addresses, names, endpoint strings and invalid text stay as they are.
        """
        for text in (
            "127.0.0.1:80",
            "[::1]:80",
            "localhost:80",
            "db:80",
            "tcp:80",
            "unix:/tmp/x",
            ":99999",
            "x",
        ):
            self.assertEqual(bothFamilies(text), text)

    def test_probe(self) -> None:
        """
        A machine without IPv6 refuses the socket.
        """

        def refuse(*args: object) -> None:
            raise OSError("address family not supported by protocol")

        self.patch(socket, "socket", refuse)
        canDualStack.cache_clear()
        self.addCleanup(canDualStack.cache_clear)
        self.assertFalse(canDualStack())

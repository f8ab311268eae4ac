"""
Tests for the tests' own L{tests.ports}.
"""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from tests import ports
from tests.ports import freePort


class FreePortTests(SynchronousTestCase):
    """
    L{freePort}.
    """

    def test_different(self) -> None:
        """
        Each is given once, can be listened on, and is none of the kernel's choices.
        """
        given = [freePort() for _ in range(50)]
        self.assertEqual(len(set(given)), 50)
        for port in given[:5]:
            socket.create_server(("127.0.0.1", port)).close()
        with socket.create_server(("127.0.0.1", 0)) as chosen:
            self.assertNotIn(chosen.getsockname()[1], ports._free())

    def test_taken(self) -> None:
        """
        What somebody listens on is passed over; where there is nothing else that is said.
        """
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.patch(ports, "_free", lambda: range(port, port + 1))
            self.assertRaises(RuntimeError, freePort)

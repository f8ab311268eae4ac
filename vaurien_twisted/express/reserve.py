# -*- test-case-name: tests.express.test_port -*-
"""
What to do with clients when the process has no file descriptors left.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress


class Reserve:
    """
    Keeps one file descriptor back.  Without it a client that cannot be accepted would
    neither be served nor told, and its listening socket would report it for ever.
    """

    def __init__(self) -> None:
        self._fd: int | None = None

    def keep(self) -> None:
        """
        Keep one, unless there is none to be had.
        """
        if self._fd is None:
            with suppress(OSError):
                self._fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def release(self) -> None:
        """
        Keep none.
        """
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def turnAway(self, listener: socket.socket, most: int) -> int:
        """
        Accept up to C{most} waiting clients by means of what was kept, and close their
        connections.

        @return: how many there were.
        """
        if self._fd is None:
            return 0
        self.release()
        count = 0
        with suppress(OSError):
            while count < most:
                listener.accept()[0].close()
                count += 1
        self.keep()
        return count

# -*- test-case-name: tests.transports.test_descriptors -*-
"""
Keeps file descriptors free for the control service.

The system limits the number of open descriptors of a process (getrlimit(2), C{RLIMIT_NOFILE}).  If
clients of proxies took all of them, the control service could not accept connections, and no file
could be opened.  The kernel gives each new descriptor the lowest free number (open(2)), so clients
are refused once they get high numbers.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable

from twisted.logger import Logger

#: The least number of descriptors that are reserved for control, files and everything else except
#: clients of proxies.  At most four times as many are reserved.
RESERVED = 64

#: How many of those are not for connections to control, but for files and for connections that are
#: about to be closed; at most half of them.
SPARE = 16

#: The number of connections to control that are accepted at a time; for each one above the limit,
#: another is closed then.
AT_ONCE = 12

#: The shortest time between two equal log lines, in seconds.
EVERY = 10.0


def limit() -> int:
    """
    The most descriptors of this process; 2**31 if there is no limit.
    """
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 2**31 if soft == resource.RLIM_INFINITY else soft


def reserved(most: int) -> int:
    """
    The number of reserved descriptors of C{most}: a sixteenth, but at least L{RESERVED} and at most
    four times as many; a quarter if that is less.
    """
    return min(most // 4, max(RESERVED, min(4 * RESERVED, most // 16)))


def descriptorOf(transport: object) -> int:
    """
    The number of a transport's file descriptor; -1 if it has none.
    """
    fileno: Callable[[], int] | None = getattr(transport, "fileno", None)
    return -1 if fileno is None else fileno()


class Descriptors:
    """
    Decides whether another client, or another connection to a backend, may use a descriptor.

    @param seconds: a clock; limits the rate of log lines.
    @param limited: returns the current limit, which can change at run time (prlimit(1)).
    @ivar refused: how many connections were refused.
    """

    _log = Logger()

    def __init__(self, seconds: Callable[[], float], limited: Callable[[], int] = limit) -> None:
        self._seconds = seconds
        self._limited = limited
        self.refused = 0
        self._logged = 0
        self._loggedAt = -EVERY
        self._highest = 0
        self._measure()

    def _measure(self) -> None:
        most = self._limited()
        self._most = most - reserved(most)

    def allows(self, fd: int) -> bool:
        if fd > self._highest:
            self._highest = fd
        if fd < self._most:
            return True
        self._measure()
        return fd < self._most

    def more(self) -> bool:
        """
        Whether a connection to a backend may use another descriptor.  A descriptor is opened to
        find out, but only after clients got high numbers.
        """
        if self._highest < self._most // 2:
            return True
        try:
            fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        os.close(fd)
        self._highest = 0
        return self.allows(fd)

    def logRefusal(self, name: str) -> None:
        """
        Count a refusal, and log it unless one was logged less than L{EVERY} seconds ago.

        @param name: the name of the proxy, or its address.
        """
        self.refused += 1
        now = self._seconds()
        if 0 <= now - self._loggedAt < EVERY:
            return
        self._log.error(
            "{name}: no file descriptors are left, clients refused: {count}; the limit of "
            "this process is {limit} (ulimit -n)",
            name=name,
            count=self.refused - self._logged,
            limit=self._limited(),
        )
        self._logged, self._loggedAt = self.refused, now

"""
Ports for servers that must be told one.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

#: Below are ports that are somebody's by custom.
FIRST = 10_000

#: From which the kernel picks for those who leave it the choice (ip(7)).
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

_random = random.SystemRandom()
_given: set[int] = set()


def freePort() -> int:
    """
    A port of this machine that nothing listens on now, and that nobody is given by chance
    before it is used: neither those who ask the kernel for any port, nor those who connect
    from any, nor who asks here again.
    """
    for _ in range(1000):
        port = _random.choice(_free())
        if port not in _given and _bindable(port):
            _given.add(port)
            return port
    raise RuntimeError("all ports seem to be taken")


def _free() -> range:
    """
    The larger part of what the kernel leaves alone.
    """
    try:
        low, high = map(int, RANGE.read_text().split())
    except OSError:
        # As Linux has it by default.
        low, high = 32768, 60999
    return max(range(FIRST, low), range(high + 1, 65536), key=len)


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

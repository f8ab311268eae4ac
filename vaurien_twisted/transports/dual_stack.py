# -*- test-case-name: tests.transports.test_dual_stack -*-
"""
Addresses that accept both IPv4 and IPv6.

Programs in Go, such as Toxiproxy, listen on both for C{:P}, C{0.0.0.0:P} and C{[::]:P} (package
C{net}, C{Listen}): on an IPv6 socket that accepts IPv4 as well (RFC 3493 section 5.3).
"""

from __future__ import annotations

import socket
from functools import cache

from vaurien_twisted.transports.addresses import listenPlace


def bothFamilies(text: str) -> str:
    """
    The address that listens on all IPv4 and IPv6 addresses, for one that listens on all of one
    kind; C{0.0.0.0:P} if the machine has no IPv6.  Other addresses stay as they are.

    @param text: C{HOST:PORT} or an endpoint string.
    """
    place = listenPlace(text)
    if place is None or place[0] not in ("0.0.0.0", "::"):
        return text
    return f"[::]:{place[1]}" if canDualStack() else f"0.0.0.0:{place[1]}"


@cache
def canDualStack() -> bool:
    """
    Whether an IPv6 socket of this machine can take IPv4 connections.
    """
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind(("::ffff:127.0.0.1", 0))
    except OSError:
        return False
    return True

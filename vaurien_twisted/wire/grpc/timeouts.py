# -*- test-case-name: tests.wire.grpc.test_statuses -*-
"""
The deadline of a gRPC call, the header C{grpc-timeout} of its request (grpc/grpc,
doc/PROTOCOL-HTTP2.md).
"""

from __future__ import annotations

import re

#: At most eight digits and a unit.
TIMEOUT = re.compile(rb"\ngrpc-timeout: ?(\d{1,8})([HMSmun])\r")

#: The units, in seconds.
UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}


def timeoutOf(head: bytes) -> float | None:
    """
    The time that a call may take, in seconds; C{None} if it has no deadline.

    @param head: the head of the request in the form of HTTP/1.
    """
    match = TIMEOUT.search(head)
    return None if match is None else int(match[1]) * UNITS[match[2]]

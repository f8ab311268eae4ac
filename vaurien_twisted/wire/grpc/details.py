# -*- test-case-name: tests.relays.test_streams_grpc -*-
"""
Details of a gRPC status: C{google.rpc.Status} with a C{google.rpc.RetryInfo}, as
C{grpc-status-details-bin} carries them (googleapis, google/rpc/status.proto and
error_details.proto).

The three messages have two or three fields each, and are encoded here in the wire format of
Protocol Buffers.
"""

from __future__ import annotations

import base64

#: The type of the detail.
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"

VARINT, BYTES = 0, 2


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | VARINT) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | BYTES) + _varint(len(value)) + value


def statusDetails(status: int, message: str, retryDelay: float) -> str:
    """
    The value of C{grpc-status-details-bin} that asks the client to wait before it tries again.

    @param retryDelay: how long the client waits, in seconds.
    """
    seconds, nanos = divmod(round(retryDelay * 10**9), 10**9)
    duration = _number(1, seconds) + _number(2, nanos)
    detail = _bytes(1, RETRY_INFO.encode()) + _bytes(2, _bytes(1, duration))
    said = _number(1, status) + _bytes(2, message.encode()) + _bytes(3, detail)
    return base64.b64encode(said).decode().rstrip("=")

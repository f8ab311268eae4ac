# -*- test-case-name: tests.relays.test_streams_grpc -*-
"""
A gRPC status in place of a call's reply, or after the messages that pass (grpc/grpc,
doc/PROTOCOL-HTTP2.md, "Responses").
"""

from __future__ import annotations

from vaurien_twisted.model.errors import WireError
from vaurien_twisted.wire.grpc.details import statusDetails
from vaurien_twisted.wire.grpc.statuses import STATUSES
from vaurien_twisted.wire.http.errors import fieldsFor

#: The characters that C{grpc-message} holds unchanged; all others are percent-encoded.
PLAIN = frozenset(range(0x20, 0x7F)) - {ord("%")}


def fieldsOf(status: int, error: WireError) -> list[tuple[str, str]]:
    """
    The fields of a trailer with the status C{error}.
    """
    message = error.message
    if not message and status:
        message = STATUSES[status - 1].message
    fields = [("grpc-status", str(status))]
    if message:
        fields.append(("grpc-message", encoded(message)))
    if error.retryDelay:
        fields.append(("grpc-status-details-bin", statusDetails(status, message, error.retryDelay)))
    return [*fields, *fieldsFor(error)]


def alone(status: int, error: WireError) -> list[tuple[str, str]]:
    """
    The fields of a complete reply that consists of a trailer ("Trailers-Only").
    """
    return [(":status", "200"), ("content-type", "application/grpc"), *fieldsOf(status, error)]


def encoded(message: str) -> str:
    """
    A message, percent-encoded for C{grpc-message}.
    """
    said = message.encode("utf-8", "replace")
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in said)

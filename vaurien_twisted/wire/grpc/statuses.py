# -*- test-case-name: tests.wire.grpc.test_statuses -*-
"""
The status codes of gRPC (grpc/grpc, doc/statuscodes.md).
"""

from __future__ import annotations

from vaurien_twisted.model.errors import WireError

#: The situation in which gRPC errors apply: a call has begun.
CALL = "call"


def _row(code: str, message: str, description: str, retried: bool = False) -> WireError:
    fits = (CALL,) if retried else ()
    return WireError(code, message, description, fits=fits, family="gRPC")


#: The codes in the order of their numbers, from 1.  Transient are those that gRPC's documents
#: recommend to retry: the call (UNAVAILABLE), the call after a pause (RESOURCE_EXHAUSTED), or the
#: whole operation (ABORTED).
STATUSES = (
    _row("CANCELLED", "the call was cancelled", "The call was cancelled, usually by the caller."),
    _row("UNKNOWN", "unknown error", "The server failed with an error that is not gRPC's."),
    _row(
        "INVALID_ARGUMENT",
        "the request is not valid",
        "The request is wrong, whatever the state of the system.",
    ),
    _row(
        "DEADLINE_EXCEEDED",
        "the deadline expired before the operation could complete",
        "The deadline has passed before the call was complete.",
    ),
    _row("NOT_FOUND", "not found", "What was asked for does not exist."),
    _row("ALREADY_EXISTS", "already exists", "What was to be created exists already."),
    _row(
        "PERMISSION_DENIED",
        "permission denied",
        "The caller is known, and may not do this.",
    ),
    _row(
        "RESOURCE_EXHAUSTED",
        "the quota is exhausted",
        "A quota or another resource is exhausted; the client may try again later.",
        True,
    ),
    _row(
        "FAILED_PRECONDITION",
        "the system is not in the required state",
        "The system is not in the state that the call needs; trying again does not help.",
    ),
    _row(
        "ABORTED",
        "the operation was aborted",
        "A conflict of concurrent operations; the client may repeat the whole operation.",
        True,
    ),
    _row("OUT_OF_RANGE", "out of range", "The call asked for more than there is."),
    _row(
        "UNIMPLEMENTED",
        "the method is not implemented",
        "The server has no such method, or has it disabled.",
    ),
    _row("INTERNAL", "internal error", "Something in the server is seriously broken."),
    _row(
        "UNAVAILABLE",
        "the service is currently unavailable",
        "The service is unavailable for now; the client may try the call again.",
        True,
    ),
    _row("DATA_LOSS", "data is lost", "Data is lost or corrupted for good."),
    _row(
        "UNAUTHENTICATED",
        "the request has no valid credentials",
        "The request has no valid credentials.",
    ),
)

#: The numbers by name.
NUMBERS = {"OK": 0, **{row.code: number for number, row in enumerate(STATUSES, 1)}}

#: The names by number.
NAMES = {number: name for name, number in NUMBERS.items()}


def statusOf(code: str) -> int | None:
    """
    The number of a status, from its name (C{UNAVAILABLE}) or its number (C{14}); C{None} if it is
    neither.
    """
    if code.isdigit() and len(code) < 3:
        return int(code) if int(code) in NAMES else None
    return NUMBERS.get(code)


def nameOf(status: str) -> str:
    """
    The name of a status from its number; the number itself if it has no name.
    """
    return NAMES.get(int(status), status) if status.isdigit() and len(status) < 3 else status

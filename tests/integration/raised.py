"""
What clients meet under each fault: the table of docs/clients.rst, which
L{tests.integration.test_raised} tries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

#: The clients of HTTP: curl and httpx over HTTP/1.1 and HTTP/2, and C{nghttp}.
HTTP_CLIENTS = ("curl, 1.1", "curl, 2", "httpx, 1.1", "httpx, 2", "nghttp")

GRPC_CLIENTS = ("grpcio", "grpclib")

#: How what a client meets is written where it is fine: the status 200, or all messages.
FINE = "200"


#: What a client meets that gives up.
GIVEN_UP = frozenset(("28", "ReadTimeout", "timeout", "DEADLINE_EXCEEDED", "TimeoutError"))


def possible(met: str) -> list[str]:
    """
    What an entry says that a client can meet.
    """
    return met.split(" or ")


class Row(NamedTuple):
    """
    A fault, and what each client meets.

    @ivar fault: what C{vaurienctl set-behavior} takes.
    @ivar met: by client; where several are possible, with C{or} between them.
    """

    fault: str
    met: Sequence[str]

    @property
    def rule(self) -> dict[str, Any]:
        """
        The rule of the fault.
        """
        name, *options = self.fault.split()
        return {"behavior": name, "options": dict(each.split("=", 1) for each in options)}


def same(fault: str, met: str) -> Row:
    """
    A row in which all clients of HTTP meet the same.
    """
    return Row(fault, [met] * len(HTTP_CLIENTS))


def held(fault: str) -> Row:
    """
    A row in which all clients of HTTP give up.
    """
    return Row(fault, ["28", "28", "ReadTimeout", "ReadTimeout", "timeout"])


def reset(code: str, curl: str) -> Row:
    """
    The row of a stream that is reset with a code.
    """
    met = [FINE, curl, FINE, "RemoteProtocolError", f"RST_STREAM {code}"]
    return Row(f"error code=rst-stream:{code}", met)


#: What httpx raises in HTTP/2 for a body that is shorter than Content-Length: its own exception, or
#: that of h2.
SHORT_BODY = "InvalidBodyLengthError or LocalProtocolError"

#: Requests.
REQUESTS = (
    same("error code=503", "503"),
    same("error code=503 at=reply", "503"),
    Row(
        "error at=partial count=100",
        ["18", "92", "RemoteProtocolError", SHORT_BODY, "failed"],
    ),
    Row(
        "error at=partial count=100 then=reset",
        ["56", "92", "ReadError", "RemoteProtocolError", "RST_STREAM INTERNAL_ERROR"],
    ),
    Row("error code=slow-headers pause=30", ["28", FINE, "ReadTimeout", FINE, FINE]),
    held("error code=slow-body pause=30"),
    Row(
        "error code=wrong-length",
        ["18", "92", "RemoteProtocolError", SHORT_BODY, "failed"],
    ),
    Row("error code=malformed-chunk", ["56", FINE, "RemoteProtocolError", FINE, FINE]),
    Row(
        "error code=empty",
        ["52", "16 or 18 or 56", "RemoteProtocolError", "RemoteProtocolError", "failed"],
    ),
    reset("CANCEL", "92"),
    reset("REFUSED_STREAM", "56"),
    reset("INTERNAL_ERROR", "92"),
    reset("ENHANCE_YOUR_CALM", "92"),
    # curl tries again, in HTTP/1.1.
    reset("HTTP_1_1_REQUIRED", FINE),
    Row("error code=goaway", [FINE, FINE, FINE, "LocalProtocolError", FINE]),
    Row("error code=goaway:ENHANCE_YOUR_CALM", [FINE, FINE, FINE, "LocalProtocolError", FINE]),
    Row(
        "error code=goaway-unprocessed",
        [FINE, "16 or 18 or 55 or 56", FINE, "RemoteProtocolError", "failed or GOAWAY NO_ERROR"],
    ),
    held("delay sleep=30"),
    held("hang"),
    Row(
        "delay_message message=1 sleep=30",
        [FINE, "28", FINE, "ReadTimeout", "timeout"],
    ),
    Row("abort", ["56", "55 or 56", "ReadError", "ReadError or WriteError", "failed"]),
    Row(
        "max_streams count=0",
        [
            FINE,
            "28 or 56",
            FINE,
            "LocalProtocolError or ReadTimeout or RemoteProtocolError",
            "RST_STREAM REFUSED_STREAM or timeout",
        ],
    ),
    same("patch status=503", "503"),
)

#: Replies that stream.
STREAMS = (
    Row(
        "events fault=cut count=2",
        [
            "18",
            "92",
            "RemoteProtocolError",
            "RemoteProtocolError",
            "RST_STREAM INTERNAL_ERROR",
        ],
    ),
    Row(
        "events fault=cut count=2 then=reset",
        ["56", "55 or 56", "ReadError", "ReadError or WriteError", "failed"],
    ),
    same("events fault=cut count=2 then=end", FINE),
    Row(
        "events fault=cut count=2 then=rst-stream http2_code=CANCEL",
        ["56", "92", "ReadError", "RemoteProtocolError", "RST_STREAM CANCEL"],
    ),
    Row(
        "events fault=cut count=2 then=goaway",
        [
            "18",
            "16 or 18 or 55 or 56",
            "RemoteProtocolError",
            "RemoteProtocolError",
            "GOAWAY NO_ERROR",
        ],
    ),
    held("events fault=stall count=2"),
    same("events fault=slow pause=0.01", FINE),
    same("events fault=split pause=0.01", FINE),
    same("events fault=join", FINE),
    same("events fault=lose", FINE),
    same("events fault=garble", FINE),
    same("events fault=error", FINE),
)

#: Calls of gRPC whose reply is a stream of five messages.
CALLS = (
    Row("error code=UNAVAILABLE", ["UNAVAILABLE", "GRPCError UNAVAILABLE"]),
    Row("error code=503", ["UNAVAILABLE", "GRPCError UNAVAILABLE"]),
    Row("error code=404", ["UNIMPLEMENTED", "GRPCError UNIMPLEMENTED"]),
    Row("error code=400", ["INTERNAL", "GRPCError INTERNAL"]),
    Row("error code=rst-stream:CANCEL", ["CANCELLED", "StreamTerminatedError"]),
    Row("error code=rst-stream:REFUSED_STREAM", ["UNAVAILABLE", "StreamTerminatedError"]),
    Row("error code=rst-stream:INTERNAL_ERROR", ["INTERNAL", "StreamTerminatedError"]),
    Row(
        "error code=rst-stream:ENHANCE_YOUR_CALM",
        ["RESOURCE_EXHAUSTED", "StreamTerminatedError"],
    ),
    Row("error code=rst-stream:HTTP_1_1_REQUIRED", ["INTERNAL", "StreamTerminatedError"]),
    Row("error code=goaway", [FINE, "StreamTerminatedError"]),
    Row("error code=goaway:ENHANCE_YOUR_CALM", [FINE, "StreamTerminatedError"]),
    # Of grpcio, the second attempt meets the same here.
    Row("error code=goaway-unprocessed", ["UNAVAILABLE", "StreamTerminatedError"]),
    Row(
        "error at=partial unit=units count=2 code=DATA_LOSS",
        ["DATA_LOSS", "GRPCError DATA_LOSS"],
    ),
    Row("error at=partial unit=units count=2", ["UNKNOWN", "TimeoutError"]),
    Row(
        "error at=partial unit=units count=2 then=reset",
        ["INTERNAL", "StreamTerminatedError"],
    ),
    Row("error at=partial count=3", ["UNKNOWN", "AssertionError"]),
    Row("error at=partial count=3 then=reset", ["INTERNAL", "StreamTerminatedError"]),
    Row("error at=partial count=3 code=UNAVAILABLE", ["UNAVAILABLE", "AssertionError"]),
    Row("exceed_deadline", ["DEADLINE_EXCEEDED", "TimeoutError"]),
    Row("delay_message message=2 sleep=30", ["DEADLINE_EXCEEDED", "TimeoutError"]),
    Row("hang", ["DEADLINE_EXCEEDED", "TimeoutError"]),
    Row("abort", ["UNAVAILABLE", "StreamTerminatedError"]),
    Row("error code=empty", ["UNAVAILABLE", "StreamTerminatedError"]),
    Row("error code=wrong-length", ["UNKNOWN", "StreamTerminatedError"]),
    Row("patch status=503", ["UNAVAILABLE", "GRPCError UNAVAILABLE"]),
)


def table(clients: Iterable[str], rows: Iterable[Row]) -> str:
    """
    Rows as a table of reStructuredText.
    """
    lines = [".. list-table::", "   :header-rows: 1", ""]
    heads = ["fault", *clients]
    marked = [[f"``{row.fault}``", *row.met] for row in rows]
    for cells in (heads, *marked):
        lines += [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(cells)]
    return "\n".join(lines) + "\n"


def tables() -> list[str]:
    """
    All tables, as docs/clients.rst has them.
    """
    return [
        table(HTTP_CLIENTS, REQUESTS),
        table(HTTP_CLIENTS, STREAMS),
        table(GRPC_CLIENTS, CALLS),
    ]

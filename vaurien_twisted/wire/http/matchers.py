# -*- test-case-name: tests.wire.http.test_matchers -*-
"""
The matchers of HTTP requests and the fault header, read from the head.
"""

from __future__ import annotations

import re

from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMAND, YES_OR_NO, Matcher
from vaurien_twisted.wire.http.head import FOLD
from vaurien_twisted.wire.http2.stream import StreamFacts
from vaurien_twisted.wire.websocket.messages import OPCODES, messageOf

#: Finds the path in a request target (RFC 9112, section 3.2).
PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)")

#: The header field with which a client requests a fault.
FAULT_HEADER = re.compile(rb"\nx-vaurien-behavior:([^\r\n]*)", re.IGNORECASE)


def pathOf(target: str) -> str:
    """
    The path of a request target, without decoding and without the query.  The path of
    C{http://host} is C{"/"}; C{*} and the C{host:port} of C{CONNECT} are returned unchanged.
    """
    match = PATH.match(target)
    return (match[1] if match is not None else "") or "/"


def fieldsOf(head: bytes) -> list[str]:
    """
    The fields of a head, C{"Name: value"} each, in Latin-1.  A folded line is joined to the one
    before with a space (RFC 9112, section 5.2).
    """
    if b"\n " in head or b"\n\t" in head:
        head = FOLD.sub(b" ", head)
    return head.decode("latin-1").rstrip("\r\n").split("\n")[1:]


def callOf(exchange: Exchange) -> tuple[str, str] | None:
    """
    The service and the method that a call of gRPC names in its path, C{/SERVICE/METHOD};
    C{None} for any other exchange.
    """
    context = exchange.context
    if not isinstance(context, StreamFacts) or not context.grpc:
        return None
    service, _, method = exchange.subject.removeprefix("/").rpartition("/")
    return service, method


def faultHeaderOf(head: bytes) -> str:
    """
    The value of the first C{X-Vaurien-Behavior} field, C{""} if there is none.
    """
    match = FAULT_HEADER.search(head)
    return "" if match is None else match[1].decode("latin-1").strip()


def _path(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    message = messageOf(exchange)
    target = exchange.subject if message is None else message.target
    return (pathOf(target),) if exchange.command else ()


def _called(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    if messageOf(exchange) is not None:
        return ()
    call = callOf(exchange)
    return (exchange.command,) if call is None else (exchange.command, call[1])


def _service(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    call = callOf(exchange)
    return () if call is None else (call[0],)


def _grpc(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    return (YES_OR_NO[callOf(exchange) is None],)


def _fields(connection: Connection, exchange: Exchange) -> list[str]:
    return fieldsOf(exchange.head)


def _opcode(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    return () if messageOf(exchange) is None else (exchange.command,)


def _text(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    message = messageOf(exchange)
    return () if message is None or exchange.command != "text" else (message.text,)


#: The matchers for C{when}.
TARGETS = (
    COMMAND,
    Matcher(
        "method",
        "word",
        "The method, such as GET or POST; of a call of gRPC also the method that is called.",
        _called,
    ),
    Matcher(
        "path",
        "glob",
        "The path as sent, with its escapes and without the query, such as /api/*. "
        "* also matches slashes.",
        _path,
    ),
    Matcher(
        "header",
        "fields",
        'Header fields of the request: {"X-Tenant": "a*"}. Of a repeated field any may match.',
        _fields,
    ),
    Matcher(
        "service",
        "glob",
        "gRPC: the service with its package, such as shop.Orders or shop.*.",
        _service,
    ),
    Matcher(
        "opcode",
        "word",
        "WebSocket: what a message is: text, binary, close, ping, pong.",
        _opcode,
        (*OPCODES.values(), "reserved"),
    ),
    Matcher(
        "text",
        "glob",
        "WebSocket: the text of a message that is not compressed, as far as its first frame and "
        "16 KiB go.",
        _text,
    ),
    Matcher("grpc", "word", "Whether it is a call of gRPC: true or false.", _grpc, YES_OR_NO),
)

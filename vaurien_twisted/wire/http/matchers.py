# -*- test-case-name: tests.wire.http.test_matchers -*-
"""
What rules and callers can ask of an HTTP request, read from its head.
"""

from __future__ import annotations

import re

from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.wire.http.head import FOLD

#: What stands before and after the path in a request target (RFC 9112, section 3.2).
PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)")

#: The field by which a caller asks for a fault.
FAULT_HEADER = re.compile(rb"\nx-vaurien-behavior:([^\r\n]*)", re.IGNORECASE)


def pathOf(target: str) -> str:
    """
    The path of a request target, as it was sent: nothing is decoded, and the query is
    left out.  That of C{http://host} is C{"/"}; C{*} and the C{host:port} of C{CONNECT}
    stand for themselves.
    """
    match = PATH.match(target)
    return (match[1] if match is not None else "") or "/"


def fieldsOf(head: bytes) -> list[str]:
    """
    The fields of a head, C{"Name: value"} each, one character for each byte.  A line that
    is folded onto the one before stands in it, after a space (RFC 9112, section 5.2).
    """
    if b"\n " in head or b"\n\t" in head:
        head = FOLD.sub(b" ", head)
    return head.decode("latin-1").rstrip("\r\n").split("\n")[1:]


def faultHeaderOf(head: bytes) -> str:
    """
    What the caller asks for in C{X-Vaurien-Behavior}, C{""} for nothing.  Of several
    such fields the first counts.
    """
    match = FAULT_HEADER.search(head)
    return "" if match is None else match[1].decode("latin-1").strip()


def _method(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    return (exchange.command,)


def _path(connection: Connection, exchange: Exchange) -> tuple[str, ...]:
    return (pathOf(exchange.subject),) if exchange.command else ()


def _fields(connection: Connection, exchange: Exchange) -> list[str]:
    return fieldsOf(exchange.head)


#: What C{when} can ask of a request.
TARGETS = (
    COMMAND,
    Matcher("method", "word", "The method, such as GET or POST; the same as command.", _method),
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
)

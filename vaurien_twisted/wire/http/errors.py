# -*- test-case-name: tests.wire.http.test_errors -*-
"""
HTTP errors, and the replies by which a server sends them.

Reason phrases are those that nginx sends; the status codes are RFC 9110's, section
15, and RFC 6585's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.head import ENDLESS

#: The only situation: a request was read.
ANY = "any"

ROWS = (
    WireError(
        "408",
        "Request Time-out",
        "The client took too long to send its request; the server closes the connection.",
    ),
    WireError(
        "413",
        "Request Entity Too Large",
        "The request's body exceeds what the server accepts; it closes the connection.",
    ),
    WireError(
        "421",
        "Misdirected Request",
        "The server is not set up to answer for the host named in the request.",
    ),
    WireError(
        "429", "Too Many Requests", "The client exceeded a rate limit and is told to wait a second."
    ),
    WireError(
        "500",
        "Internal Server Error",
        "The application failed in a way that it did not foresee.",
        fits=(ANY,),
    ),
    WireError("501", "Not Implemented", "The server knows no such method for any resource."),
    WireError(
        "502",
        "Bad Gateway",
        "A gateway could not reach the server behind it or could not read its reply.",
        fits=(ANY,),
    ),
    WireError(
        "503",
        "Service Temporarily Unavailable",
        "The server is overloaded or down for maintenance; the client may retry in a second.",
        fits=(ANY,),
    ),
    WireError(
        "504",
        "Gateway Time-out",
        "A gateway waited in vain for the reply of the server behind it.",
        fits=(ANY,),
    ),
)

#: After these a server closes: it has not read the request, or not all of it.
CLOSING = frozenset({400, 408, 413, 414, 431})

#: These have Retry-After: one second.
RETRYING = frozenset({429, 503})

CODE = re.compile(r"[1-5][0-9][0-9]")
CONNECTION = re.compile(rb"\nconnection[ \t]*:([^\r\n]*)")
EXPECTS = re.compile(rb"\nexpect[ \t]*:[^\r\n]*?100-continue")
HTTP_1_0 = re.compile(rb"[^\n]* http/1\.0 *\r?\n")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def refuse(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The reply with C{error}: a complete HTTP/1.1 response.

    @param error: a preset, or one with any code from 100 to 599; without a message
        it gets the registered phrase.
        Header fields of the error that declare the body's length replace the true ones.
    @return: C{None} if the exchange is not an HTTP request, or the code is not a status.
    """
    if not exchange.command or CODE.fullmatch(error.code) is None:
        return None
    body = None if error.body is None else error.body.encode()
    return compose(exchange, int(error.code), error.message, refusing(error), body)


def refusing(error: WireError) -> list[tuple[str, str]]:
    """
    The header fields of an error with a status: the configured ones, and Retry-After.
    """
    fields = fieldsFor(error)
    if int(error.code) in RETRYING and not any(name.lower() == "retry-after" for name, _ in fields):
        fields.append(("Retry-After", "1"))
    return fields


def fieldsFor(error: WireError) -> list[tuple[str, str]]:
    """
    The configured header fields, each reduced to one line.
    """
    fields = ((CONTROLS.sub(" ", name), CONTROLS.sub(" ", value)) for name, value in error.headers)
    return [(name.strip(), value.strip()) for name, value in fields]


def compose(
    exchange: Exchange,
    status: int,
    phrase: str = "",
    fields: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
) -> Reply:
    """
    A whole response to this very request, and whether the connection then closes.

    It has no body if the request or the status forbids one (RFC 9110, section 6.4.1).  If
    L{answersEarly}, it is sent at once, and the connection closes.

    @param status: 100 to 599.
    @param phrase: the reason, without line ends; C{""} for the registered one.
    @param fields: further valid fields.  A Content-Type replaces C{text/plain}.  A Content-Length
        or Transfer-Encoding replaces the length of C{body}, and the connection then closes, since
        it may be wrong.
    @param body: C{None} for one line that repeats the status.
    """
    phrase = CONTROLS.sub(" ", phrase).strip() or registered(status)
    if body is None:
        body = repeated(status, phrase)
    head = exchange.head.lower()
    early = answersEarly(exchange)
    tunnel = exchange.command == "CONNECT"
    own = {name.lower(): value.lower() for name, value in fields}
    framed = "content-length" in own or "transfer-encoding" in own
    closes = early or tunnel or status < 200 or status in CLOSING or not keepsAlive(head)
    closes = closes or framed or "close" in own.get("connection", "")
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in fields]
    bodyless = status < 200 or status == 204 or (tunnel and status < 300)
    if not bodyless:
        if "content-type" not in own:
            lines.append("Content-Type: text/plain; charset=utf-8")
        if not framed:
            lines.append(f"Content-Length: {len(body)}")
    if "connection" not in own:
        lines.append(f"Connection: {'close' if closes else 'keep-alive'}")
    data = "".join(line + "\r\n" for line in [*lines, ""]).encode("latin-1", "replace")
    if not bodyless and status != 304 and exchange.command != "HEAD":
        data += body
    return Reply(data, ConnectionFate.CLOSE if closes else ConnectionFate.KEEP, early)


def answersEarly(exchange: Exchange) -> bool:
    """
    Whether a reply in the server's place is given before the request is complete: the
    client waits for 100 (Continue), and the server need not read the body (RFC 9110,
    section 10.1.1), or the end of the request is not known.
    """
    head = exchange.head.lower()
    continues = EXPECTS.search(head) is not None and HTTP_1_0.match(head) is None
    return continues or exchange.context == ENDLESS


def keepsAlive(head: bytes) -> bool:
    """
    Whether the client would send more on this connection (RFC 9112, section 9.3).

    @param head: the request's, in lower case.
    """
    options = {
        option.strip(b" \t") for value in CONNECTION.findall(head) for option in value.split(b",")
    }
    if b"close" in options:
        return False
    return HTTP_1_0.match(head) is None or b"keep-alive" in options


def repeated(status: int, phrase: str) -> bytes:
    """
    A body of one line with a status and its phrase.
    """
    return f"{status} {phrase}\n".encode("utf-8", "replace")


def registered(status: int) -> str:
    """
    The registered reason phrase of a status; C{"Unknown"} if there is none.
    """
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"

# -*- test-case-name: tests.wire.http2.test_header_blocks -*-
"""
The errors of C{http} that end a stream or a connection of HTTP/2: C{rst-stream:CANCEL}, C{goaway},
C{goaway-unprocessed}.
"""

from __future__ import annotations

from vaurien_twisted.model.errors import WireError
from vaurien_twisted.wire.http2.codes import parseCode

#: The beginnings of such errors; a colon and the name or number of an error code may follow.
RESET, GOAWAY, UNPROCESSED = "rst-stream", "goaway", "goaway-unprocessed"

#: The default error codes: CANCEL for a stream, NO_ERROR for a connection.
USUAL = {RESET: 8, GOAWAY: 0, UNPROCESSED: 0}


def _row(code: str, description: str) -> WireError:
    return WireError(code, "", description, family="HTTP/2")


#: The rows of these errors.
ENDINGS = (
    _row(
        "rst-stream:CANCEL",
        "The server gives this stream up; the others go on.",
    ),
    _row(
        "rst-stream:REFUSED_STREAM",
        "The server has not begun with this request; clients may send it again.",
    ),
    _row(
        "rst-stream:INTERNAL_ERROR",
        "The server fails on this stream; the others go on.",
    ),
    _row(
        "rst-stream:ENHANCE_YOUR_CALM",
        "The server finds that the client sends too much.",
    ),
    _row(
        "rst-stream:HTTP_1_1_REQUIRED",
        "The server wants this request in HTTP/1.1.",
    ),
    _row(
        "goaway",
        "The server shuts down. It serves this request and those before it, no later "
        "ones, and then closes the connection.",
    ),
    _row(
        "goaway-unprocessed",
        "The server shuts down, and has not begun with this request; those before it "
        "are served. Clients may send it again on another connection.",
    ),
    _row(
        "goaway:ENHANCE_YOUR_CALM",
        "As goaway, because the client sends too much.",
    ),
)


def codeOf(error: str) -> tuple[str, int]:
    """
    The kind of ending of an error, and its error code; C{""} if it is not an ending.
    """
    ending, colon, code = error.partition(":")
    if ending not in USUAL:
        return "", 0
    number = parseCode(code) if colon else USUAL[ending]
    return ("", 0) if number is None else (ending, number)


def isEnding(error: str) -> bool:
    """
    Whether an error is one of the endings.
    """
    return bool(codeOf(error)[0])

"""
The error codes of HTTP/2 (RFC 9113, section 7).
"""

from __future__ import annotations

#: The codes by name.
CODES = {
    "NO_ERROR": 0x0,
    "PROTOCOL_ERROR": 0x1,
    "INTERNAL_ERROR": 0x2,
    "FLOW_CONTROL_ERROR": 0x3,
    "SETTINGS_TIMEOUT": 0x4,
    "STREAM_CLOSED": 0x5,
    "FRAME_SIZE_ERROR": 0x6,
    "REFUSED_STREAM": 0x7,
    "CANCEL": 0x8,
    "COMPRESSION_ERROR": 0x9,
    "CONNECT_ERROR": 0xA,
    "ENHANCE_YOUR_CALM": 0xB,
    "INADEQUATE_SECURITY": 0xC,
    "HTTP_1_1_REQUIRED": 0xD,
}

#: The names by code.
NAMES = {number: name for name, number in CODES.items()}

#: The largest code that a frame can carry.
LARGEST = 2**32 - 1


class Violation(Exception):
    """
    One end has violated HTTP/2, or exceeded a limit.  The connection must end.

    @ivar code: the name of the error code for GOAWAY.
    @ivar reason: what was wrong, in one line.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parseCode(text: str) -> int | None:
    """
    The number of an error code, from its name (C{CANCEL}) or a number (C{8}, C{0x8}); C{None} if it
    is neither.
    """
    known = CODES.get(text.upper().replace("-", "_"))
    if known is not None:
        return known
    try:
        number = int(text, 0)
    except ValueError:
        return None
    return number if 0 <= number <= LARGEST else None

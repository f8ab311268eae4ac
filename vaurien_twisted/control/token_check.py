# -*- test-case-name: tests.control.test_token_check -*-
"""
Keeping out who has no token.
"""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest

from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import Problem

#: In a header of our own, for clients whose C{Authorization} is taken.
HEADER = "X-Vaurien-Token"


class TokenCheck:
    """
    A check that lets a request pass only if it brings the token: as C{Authorization:
    Bearer TOKEN} (RFC 6750), as the password of C{Authorization: Basic} (RFC 7617), which
    is what programs make of C{http://:TOKEN@HOST/}, or as C{X-Vaurien-Token: TOKEN}.

    @param token: C{""} lets all pass.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode("ascii")

    def check(self, request: IRequest) -> None:
        """
        @raise Problem: 401, it brings none, or another.
        """
        if not self._token:
            return
        found = list(request.requestHeaders.getRawHeaders(HEADER.encode(), []))
        for value in request.requestHeaders.getRawHeaders(b"authorization", []):
            found.append(_credentials(value))
        # Compared in full, so that the time it takes tells nothing.
        if not any(compare_digest(each, self._token) for each in found):
            raise Problem(
                401,
                "this service wants its token: send it as Authorization: Bearer TOKEN",
                "Authorization",
                "header",
                {"WWW-Authenticate": 'Bearer realm="vaurien"'},
            )


def _credentials(value: bytes) -> bytes:
    """
    The token in an C{Authorization} header, C{b""} if there is none.
    """
    scheme, _, rest = value.strip().partition(b" ")
    match scheme.lower():
        case b"bearer":
            return rest.strip()
        case b"basic":
            try:
                return base64.b64decode(rest, validate=True).partition(b":")[2]
            except binascii.Error:
                return b""
    return b""

# -*- test-case-name: tests.control.test_token_check -*-
"""
Refuses requests without the token.
"""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest

from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import Problem

#: A header of Vaurien, for clients that use C{Authorization} for another purpose.
HEADER = "X-Vaurien-Token"


class TokenCheck:
    """
    A check for the token: as C{Authorization: Bearer TOKEN} (RFC 6750), as the password of
    C{Authorization: Basic} (RFC 7617), which is what programs make of C{http://:TOKEN@HOST/}, or
    as C{X-Vaurien-Token: TOKEN}.

    @param token: C{""} accepts all requests.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode("ascii")

    def check(self, request: IRequest) -> None:
        """
        Check the token of a request.

        @raise Problem: 401: there is none, or it is wrong.
        """
        if not self._token:
            return
        found = list(request.requestHeaders.getRawHeaders(HEADER.encode(), []))
        for value in request.requestHeaders.getRawHeaders(b"authorization", []):
            found.append(_credentials(value))
        # In constant time, so that the time does not reveal the token.
        if not any(compare_digest(each, self._token) for each in found):
            raise Problem(
                401,
                "this service needs its token: send it as Authorization: Bearer TOKEN",
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

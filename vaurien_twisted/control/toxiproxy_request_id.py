# -*- test-case-name: tests.control.test_toxiproxy_request_id -*-
"""
The header C{X-Toxiproxy-Request-Id} of answers to Toxiproxy's requests.
"""

from __future__ import annotations

import base64
import secrets

from twisted.web.iweb import IRequest

#: The bytes of an identifier: Toxiproxy's are those of github.com/rs/xid, 20 characters of
#: C{0-9a-v} (base32hex, RFC 4648 section 7, without padding).
SIZE = 12


def setRequestId(request: IRequest) -> None:
    """
    Add a unique identifier to the answer of a request.
    """
    number = base64.b32hexencode(secrets.token_bytes(SIZE)).rstrip(b"=").lower()
    request.setHeader(b"x-toxiproxy-request-id", number)

"""
HTTP on a link in memory, for tests of replies that are edited.
"""

from __future__ import annotations

import http.client
import socket
from typing import cast

from tests.relays.session import Session
from tests.support import REGISTRY
from tests.wire.http.test_errors import FakeSocket
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.wire.http.protocol import HTTP

BUILDER = RuleBuilder(REGISTRY, wire=HTTP())


class HTTPSession(Session):
    """
    A client and a backend that speak HTTP, with a link between them.
    """

    builder = BUILDER

    def told(self) -> list[tuple[str, str]]:
        """
        What the journal has: what kind of entry, and the effect.
        """
        return [(each["kind"], each["effect"]) for each in self.journal.since() if "effect" in each]

    def converse(
        self, *parts: bytes, request: bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    ) -> bytes:
        """
        A request, and what the client gets of its reply that comes in these parts.
        """
        self.ask(request)
        return b"".join(self.answer(part) for part in parts)


def reply(
    body: bytes, kind: str, how: str = "chunked", *fields: str, status: str = "200 OK"
) -> bytes:
    """
    A reply with this body.

    @param how: C{chunked} (each line a chunk), C{sized} or C{endless}.
    """
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields]
    if how == "sized":
        lines.append(f"Content-Length: {len(body)}")
    elif how == "chunked":
        lines.append("Transfer-Encoding: chunked")
        chunks = [b"%x\r\n%b\r\n" % (len(line), line) for line in body.splitlines(True)]
        body = b"".join([*chunks, b"0\r\n\r\n"])
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body


def read(data: bytes, method: str = "GET") -> http.client.HTTPResponse:
    """
    A reply as an independent client reads it, without its body.
    """
    response = http.client.HTTPResponse(cast(socket.socket, FakeSocket(data)), method=method)
    response.begin()
    return response

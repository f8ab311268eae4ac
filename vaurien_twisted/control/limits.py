# -*- test-case-name: tests.control.test_limits -*-
"""
A bound on what a client can make us hold.
"""

from __future__ import annotations

from io import BytesIO

from twisted.web.server import Request

from vaurien_twisted.control.answers import JSON, Problem, encode

#: The longest body that is taken, in bytes: 1 MiB.
LIMIT = 2**20

#: How much more of a refused body is read and forgotten, in bytes, so that a client
#: which sends before it listens still hears the answer (RFC 9112 section 9.6).
PATIENCE = 16 * LIMIT


def tooLarge() -> Problem:
    """
    The refusal of a body over L{LIMIT}.
    """
    return Problem(413, f"the body is over {LIMIT} bytes, which is the most that is read")


class BoundedRequest(Request):
    """
    A request that is answered with 413 as soon as its body is known to be over
    L{LIMIT}: by its Content-Length before a byte of it was read, else by counting.
    """

    _taken = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """
        The head is there; C{length} is what Content-Length says, C{None} if unknown.
        """
        super().gotLength(0 if length is not None and length > LIMIT else length)
        if length is not None and length > LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """
        A part of the body.
        """
        self._taken += len(data)
        if not self._refused:
            if self._taken <= LIMIT:
                super().handleContentChunk(data)
                return
            self._refuse()
        if self._taken > LIMIT + PATIENCE:
            self.channel.loseConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        The request is complete.
        """
        if self._refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self._refused = True
        if self.content is not None:
            self.content.close()
        self.content = BytesIO()
        # Or else "100 Continue" would follow, and ask for the body all the same.
        self.requestHeaders.removeHeader(b"expect")
        body = encode(tooLarge().told())
        # The request's own way of answering needs its method and path, which it is
        # told only once the whole body has been read.
        head = (
            f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {JSON}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.channel.write(head.encode() + body)

"""
Random conversations in HTTP: bodies by length and in chunks, interim replies, replies
without bodies.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Session, Speech, Turn, binary, size

ERROR_HEAD = (
    b"HTTP/1.1 503 Service Temporarily Unavailable\r\nRetry-After: 1\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n"
    b"Connection: keep-alive\r\n\r\n"
)


def begin(dice: Random) -> Session:
    """
    Any connection.
    """

    def body(end: bytes) -> tuple[bytes, bytes]:
        """
        Fields that say how long a body is, and the body.
        """
        if dice.random() < 0.5:
            data = binary(dice, size(dice, 20000))
            coding = dice.choice((b"", b"", b"", b"Transfer-Encoding: identity" + end))
            return coding + b"Content-Length: %b%d" % (
                dice.choice((b"", b"", b"00")),
                len(data),
            ) + end, data
        parts = b""
        for _ in range(dice.randrange(4)):
            data = binary(dice, 1 + size(dice))
            extension = dice.choice((b"", b"", b";a=b"))
            parts += dice.choice((b"", b"00")) + b"%x" % len(data) + extension + end + data + end
        trailers = b"".join(b"T: %d" % n + end for n in range(dice.choice((0, 0, 2))))
        return b"Transfer-Encoding: chunked" + end, parts + b"0" + end + trailers + end

    def fields(end: bytes) -> bytes:
        long = b"y" * dice.choice((1, 1, 1, 100, 2000, 70000 if dice.random() < 0.02 else 5))
        folded = dice.choice((b"", b"", end + b" more"))
        return b"".join(b"X-%d: " % n + long + folded + end for n in range(dice.randrange(3)))

    def one() -> Turn:
        """
        One request.
        """
        end = dice.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
        method = dice.choice((b"GET", b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE"))
        bad = dice.random() < 0.3
        path = dice.choice((b"/bad", b"/bad/x?y")) if bad else b"/k%d" % dice.randrange(9)
        request = method + b" " + path + b" HTTP/1.1" + end + b"Host: a" + end + fields(end)
        if method in (b"POST", b"PUT"):
            length, data = body(end)
            request += length + end + data
        else:
            request += end
        interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * dice.choice((0, 0, 0, 1, 2))
        status = dice.choice((b"200 OK", b"200 OK", b"404", b"500 X", b"204 No", b"304 Not"))
        reply = b"HTTP/1.1 " + status + end + fields(end)
        if status[:3] in (b"204", b"304"):
            reply += dice.choice((b"", b"Content-Length: 5" + end)) + end
        else:
            length, data = body(end)
            overridden = length.startswith(b"Transfer-Encoding: chunked") and dice.random() < 0.2
            reply += length + (b"Content-Length: 7" + end if overridden else b"") + end
            reply += b"" if method == b"HEAD" else data
        error = ERROR_HEAD + (b"" if method == b"HEAD" else b"boom")
        return Turn(request, interim + reply, error if bad else b"", len(interim))

    def speak() -> list[Flight]:
        """
        A few requests.
        """
        return [[one() for _ in range(dice.choice((1, 1, 1, 2, 5, 10)))]]

    return Session([], speak)


SPEECH = Speech("http", begin, {"code": 503, "body": "boom"}, {"path": "/bad*"})

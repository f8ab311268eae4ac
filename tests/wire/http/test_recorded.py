"""
Tests with what a real server said: nginx 1.22.1, byte for byte.

The client asks for a file; for its head, nothing and a chunked page in one
pipeline; posts in chunks, and after 100 Continue, to what takes no posts; ends
lines with LF only; speaks HTTP/1.0 with and without keep-alive.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import Heard, converse, take
from vaurien_twisted.wire.http.protocol import HTTP, HTTPOptions

#: Who said what, in turn: see L{tests.wire.http.test_recorded} for what it asks.
NGINX: list[tuple[str, bytes]] = [
    (
        "client",
        (b"GET /hello.txt HTTP/1.1\r\nHost: app.test\r\nUser-Agent: recorder\r\n\r\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 200 OK\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:16 GMT\r\n"
            b"Content-Type: text/plain\r\n"
            b"Content-Length: 6\r\n"
            b"Last-Modified: Mon, 23 Nov 2026 06:02:40 GMT\r\n"
            b"Connection: keep-alive\r\n"
            b'ETag: "6b03d700-6"\r\n'
            b"Accept-Ranges: bytes\r\n"
            b"\r\n"
            b"hello\n"
        ),
    ),
    (
        "client",
        (
            b"HEAD /hello.txt HTTP/1.1\r\n"
            b"Host: app.test\r\n"
            b"\r\n"
            b"GET /empty HTTP/1.1\r\n"
            b"Host: app.test\r\n"
            b"\r\n"
            b"GET /ssi HTTP/1.1\r\n"
            b"Host: app.test\r\n"
            b"\r\n"
        ),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 200 OK\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:16 GMT\r\n"
            b"Content-Type: text/plain\r\n"
            b"Content-Length: 6\r\n"
            b"Last-Modified: Mon, 23 Nov 2026 06:02:40 GMT\r\n"
            b"Connection: keep-alive\r\n"
            b'ETag: "6b03d700-6"\r\n'
            b"Accept-Ranges: bytes\r\n"
            b"\r\n"
            b"HTTP/1.1 204 No Content\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:16 GMT\r\n"
            b"Connection: keep-alive\r\n"
            b"\r\n"
            b"HTTP/1.1 200 OK\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:16 GMT\r\n"
            b"Content-Type: text/html\r\n"
            b"Transfer-Encoding: chunked\r\n"
            b"Connection: keep-alive\r\n"
            b"\r\n"
            b"5\r\n"
            b"hi b\n"
            b"\r\n"
            b"0\r\n"
            b"\r\n"
        ),
    ),
    (
        "client",
        (b"POST /up HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ),
    (
        "client",
        (b"5\r\nhello\r\n0\r\n\r\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 405 Not Allowed\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:17 GMT\r\n"
            b"Content-Type: text/html\r\n"
            b"Content-Length: 157\r\n"
            b"Connection: keep-alive\r\n"
            b"\r\n"
            b"<html>\r\n"
            b"<head><title>405 Not Allowed</title></head>\r\n"
            b"<body>\r\n"
            b"<center><h1>405 Not Allowed</h1></center>\r\n"
            b"<hr><center>nginx/1.22.1</center>\r\n"
            b"</body>\r\n"
            b"</html>\r\n"
        ),
    ),
    (
        "client",
        (
            b"\r\n"
            b"POST /up HTTP/1.1\r\n"
            b"Host: app.test\r\n"
            b"Expect: 100-continue\r\n"
            b"Content-Length: 5\r\n"
            b"\r\n"
        ),
    ),
    (
        "backend",
        (b"HTTP/1.1 100 Continue\r\n\r\n"),
    ),
    (
        "client",
        (b"hello"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 405 Not Allowed\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:19 GMT\r\n"
            b"Content-Type: text/html\r\n"
            b"Content-Length: 157\r\n"
            b"Connection: keep-alive\r\n"
            b"\r\n"
            b"<html>\r\n"
            b"<head><title>405 Not Allowed</title></head>\r\n"
            b"<body>\r\n"
            b"<center><h1>405 Not Allowed</h1></center>\r\n"
            b"<hr><center>nginx/1.22.1</center>\r\n"
            b"</body>\r\n"
            b"</html>\r\n"
        ),
    ),
    (
        "client",
        (b"GET /busy HTTP/1.1\nHost: app.test\n\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 503 Service Temporarily Unavailable\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:19 GMT\r\n"
            b"Content-Type: text/html\r\n"
            b"Content-Length: 197\r\n"
            b"Connection: keep-alive\r\n"
            b"\r\n"
            b"<html>\r\n"
            b"<head><title>503 Service Temporarily Unavailable</title></head>\r\n"
            b"<body>\r\n"
            b"<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n"
            b"<hr><center>nginx/1.22.1</center>\r\n"
            b"</body>\r\n"
            b"</html>\r\n"
        ),
    ),
    (
        "client",
        (b"GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 200 OK\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:20 GMT\r\n"
            b"Content-Type: text/plain\r\n"
            b"Content-Length: 6\r\n"
            b"Last-Modified: Mon, 23 Nov 2026 06:02:40 GMT\r\n"
            b"Connection: keep-alive\r\n"
            b'ETag: "6b03d700-6"\r\n'
            b"Accept-Ranges: bytes\r\n"
            b"\r\n"
            b"hello\n"
        ),
    ),
    (
        "client",
        (b"GET /hello.txt HTTP/1.1\r\nHost: app.test\r\nRange: bytes=1-2\r\n\r\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 206 Partial Content\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:20 GMT\r\n"
            b"Content-Type: text/plain\r\n"
            b"Content-Length: 2\r\n"
            b"Last-Modified: Mon, 23 Nov 2026 06:02:40 GMT\r\n"
            b"Connection: keep-alive\r\n"
            b'ETag: "6b03d700-6"\r\n'
            b"Content-Range: bytes 1-2/6\r\n"
            b"\r\n"
            b"el"
        ),
    ),
    (
        "client",
        (b"GET /ssi HTTP/1.0\r\n\r\n"),
    ),
    (
        "backend",
        (
            b"HTTP/1.1 200 OK\r\n"
            b"Server: nginx/1.22.1\r\n"
            b"Date: Mon, 23 Nov 2026 06:13:21 GMT\r\n"
            b"Content-Type: text/html\r\n"
            b"Connection: close\r\n"
            b"\r\n"
            b"hi b\n"
        ),
    ),
]


#: Number, command, subject, status and last bytes of each exchange's reply.
EXCHANGES = [
    (1, "GET", "/hello.txt", b"200", b"\r\n\r\nhello\n"),
    (2, "HEAD", "/hello.txt", b"200", b"Accept-Ranges: bytes\r\n\r\n"),
    (3, "GET", "/empty", b"204", b"Connection: keep-alive\r\n\r\n"),
    (4, "GET", "/ssi", b"200", b"5\r\nhi b\n\r\n0\r\n\r\n"),
    (5, "POST", "/up", b"405", b"</html>\r\n"),
    (6, "POST", "/up", b"405", b"</html>\r\n"),
    (7, "GET", "/busy", b"503", b"</html>\r\n"),
    (8, "GET", "/hello.txt", b"200", b"\r\n\r\nhello\n"),
    (9, "GET", "/hello.txt", b"206", b"\r\n\r\nel"),
    (10, "GET", "/ssi", b"200", b"\r\n\r\nhi b\n"),
]


class RecordedTests(SynchronousTestCase):
    """
    The recorded conversation divides as its parties meant it.
    """

    def play(self, size: int) -> Heard:
        """
        The conversation in parts of C{size} bytes, to its end.
        """
        framer = HTTP().framer(HTTPOptions(), "127.0.0.1:80")
        heard = converse(framer, NGINX, size)
        self.assertEqual(heard.ended, (list(range(1, 11)), list(range(1, 10))))
        take(heard, framer, framer.backendEnded(), True)
        self.assertEqual(heard.ended[1], list(range(1, 11)))
        self.assertEqual((heard.error, framer.opaque), ("", ""))
        return heard

    def check(self, heard: Heard) -> None:
        """
        Every exchange is there with all its bytes.
        """
        told = [
            (
                number,
                heard.exchanges[number].command,
                heard.exchanges[number].subject,
                heard.replies[number][9:12],
                heard.replies[number][-len(last) :],
            )
            for number, _, _, _, last in EXCHANGES
        ]
        self.assertEqual(told, EXCHANGES)
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
        self.assertEqual(
            b"".join(heard.replies[number] for number in range(1, 11)),
            b"".join(data for who, data in NGINX if who == "backend" and data != interim),
        )
        # The blank line before the second post is nobody's; which bytes it is alone tells.
        self.assertEqual(heard.loose, [b"\r\n", interim])
        self.assertEqual(
            b"".join(heard.requests[number] for number in range(1, 11)),
            b"".join(data.removeprefix(b"\r\n") for who, data in NGINX if who == "client"),
        )

    def test_whole(self) -> None:
        """
        As it was sent.
        """
        self.check(self.play(0))

    def test_byteByByte(self) -> None:
        """
        One byte at a time.
        """
        self.check(self.play(1))

    def test_sevens(self) -> None:
        """
        In parts that end anywhere.
        """
        self.check(self.play(7))

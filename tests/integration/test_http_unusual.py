"""
Unusual HTTP between real servers and real clients: nginx, Twisted, Python's http.server,
and a server of the tests' own that says what no other would; curl and http.client.
"""

from __future__ import annotations

import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest import skipIf

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import blockingCallFromThread
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing
from tests.integration.support import PATIENCE, inThread, run, theReactor
from tests.integration.test_http import HTTPCase, get
from tests.wire.http.test_unusual import REPLIES

GET = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /struck HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: a\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

#: Requests, and after which of the servers the connection stays open.
REQUESTS = (
    (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKS, ""),
    (
        POST + b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
        "http.server twisted",
    ),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS, ""),
    (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "http.server"),
    (POST + b"Content-Length: " + b"0" * 30 + b"5\r\n\r\nhello", "nginx http.server twisted"),
    (GET[:-2] + b"X: a\r\n b\r\n\r\n", "http.server twisted"),
    (GET.replace(b"\r\n", b"\n"), "nginx http.server"),
    (b"\r\n" + GET, "nginx"),
    (GET[:-2] + b"X: " + b"y" * 7000 + b"\r\n\r\n", "nginx http.server twisted"),
    (GET[:-2] + b"X: y\r\n" * 90 + b"\r\n", "nginx http.server twisted"),
    (
        POST + b"Transfer-Encoding: chunked\r\n\r\n000005;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
        "nginx twisted",
    ),
)


class Handler(BaseHTTPRequestHandler):
    """
    Says what body it read.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """
        Of the length that Content-Length gives; it knows no other.
        """
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *values: Any) -> None:
        """
        Quietly.
        """


class Bodies(Resource):
    """
    Says what body it read.
    """

    isLeaf = True

    def render(self, request: Any) -> bytes:
        """
        All of it.
        """
        body: bytes = request.content.read()
        return body


class Says(Protocol):
    """
    Answers each request for C{/N} with the reply of that number.
    """

    def connectionMade(self) -> None:
        """
        Nothing was heard.
        """
        self.heard = b""

    def dataReceived(self, data: bytes) -> None:
        """
        One request at a time.
        """
        self.heard += data
        if self.heard.endswith(b"\r\n\r\n"):
            match = re.match(rb"GET /(\d+) ", self.heard)
            self.heard = b""
            self.transport.write(REPLIES[int(match[1])] if match else b"HTTP/1.1 404 X\r\n\r\n")


class RequestTests(HTTPCase):
    """
    Requests, as three servers read them.
    """

    def serve(self) -> dict[str, str]:
        """
        Where the servers are, by name.
        """
        simple = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serving = Thread(target=simple.serve_forever, daemon=True)
        serving.start()
        self.addCleanup(simple.server_close)
        self.addCleanup(simple.shutdown)
        port = blockingCallFromThread(
            theReactor(), theReactor().listenTCP, 0, Site(Bodies()), 50, "127.0.0.1"
        )
        self.addCleanup(port.stopListening)
        return {
            "nginx": self.server.backend,
            "http.server": f"127.0.0.1:{simple.server_port}",
            "twisted": f"127.0.0.1:{port.getHost().port}",
        }

    def talk(self, address: str, said: bytes) -> bytes:
        """
        What is answered until the end, without what differs each time.
        """
        host, port = address.rsplit(":", 1)
        heard = b""
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(said)
            try:
                while data := connection.recv(65536):
                    heard += data
            except ConnectionResetError:
                # A server that closes without having read all does that to its clients.
                pass
        return re.sub(rb"(Date|Server): [^\r]*", b"", heard)

    @inThread
    def test_pitfall29Servers(self) -> None:
        """
        Each server answers through the proxy as without it; where it stays on the
        connection, a rule strikes the next request.
        """
        for name, backend in self.serve().items():
            self.reopen(backend, "http")
            for sent, stays in REQUESTS:
                rule(self, fault({"path": "/nowhere"}, code=503))
                direct = self.talk(backend, sent + LAST)
                self.assertEqual(self.talk(self.proxy.address, sent + LAST), direct, sent[:100])
                if name in stays.split():
                    rule(self, fault({"path": "/struck"}, code=503))
                    told = self.talk(self.proxy.address, sent + LAST)
                    self.assertEqual(
                        re.findall(rb"HTTP/1.1 (\d+)", told), [b"200", b"503"], (name, sent[:100])
                    )


class ReplyTests(HTTPCase):
    """
    Replies, as two clients read them.
    """

    async def prepare(self) -> None:
        """
        The tests' own server.
        """
        port = theReactor().listenTCP(0, Factory.forProtocol(Says), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        await self.open(f"127.0.0.1:{port.getHost().port}", "http")

    @inThread
    def test_pitfall29Client(self) -> None:
        """
        http.client reads on one connection all that it can read, and is struck by a rule
        between two of them.
        """
        rule(self, fault({"path": "/struck"}, code=503))
        client = self.kept()
        for number in (0, 1, 2, 3, 4, 5, 13, 14, 17, 20, 23, 24, 25):
            each = REPLIES[number]
            client.request("GET", f"/{number}")
            response = client.getresponse()
            self.assertIn(response.read(), (b"hello", b"no", b""), each[:200])
            self.assertEqual(get(client, "/struck")[0], 503)
        self.assertEqual(self.opaque(), [])

    @skipIf(missing("curl"), "curl is not installed")
    @inThread
    def test_pitfall29Curl(self) -> None:
        """
        curl, too.  It takes no length beside a coding but chunked.
        """
        rule(self, fault({"path": "/struck"}, code=503))
        words = [
            "--silent",
            "--max-time",
            f"{PATIENCE:.0f}",
            "--write-out",
            "\n%{http_code} %{num_connects}\n",
        ]
        for number in (0, 1, 14, 20, 24, 25):
            before = len(decided(self))
            told = run("curl", *words, self.url(str(number)), self.url("struck")).stdout
            self.assertRegex(told, r"^(hello)?\n20\d 1\n503 [^\n]*\n\n503 0\n$", REPLIES[number])
            self.assertEqual(len(decided(self)), before + 1)
        self.assertEqual(self.opaque(), [])

"""
The PROXY protocol on either side of a proxy: HAProxy before it, nginx and HAProxy behind it.
"""

from __future__ import annotations

import http.client
import socket
import struct
from typing import Any

from tests.integration.authority import papers
from tests.integration.ruling import fault, rule
from tests.integration.secured import nginx, serving, trusting
from tests.integration.servers import Server, answers, find, freePort, missing, newFolder, start
from tests.integration.support import ProxyCase, inThread, run

#: Whom the headers speak of, as of documents (RFC 5737, RFC 3849).
FOUR, SIX = "192.0.2.7", "2001:db8::7"

ONE = f"PROXY TCP4 {FOUR} 192.0.2.1 4000 80\r\n".encode()
ONE_SIX = b"PROXY TCP6 2001:DB8:0::7 2001:db8::1 4000 80\r\n"
TWO = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack(
    "!H4s4sHH", 12, socket.inet_aton(FOUR), socket.inet_aton("192.0.2.1"), 4000, 80
)
TWO_SIX = b"\r\n\r\n\0\r\nQUIT\n\x21\x21" + struct.pack(
    "!H16s16sHH3s",
    39,
    socket.inet_pton(socket.AF_INET6, SIX),
    socket.inet_pton(socket.AF_INET6, "2001:db8::1"),
    4000,
    80,
    # Something more that a sender may add, to be passed over.
    b"\x04\0\0",
)
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

ASKED = b"GET /asked HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

#: HAProxy, which tells the client's address to what is behind it.
HAPROXY = """\
global
    maxconn 100
defaults
    mode tcp
    timeout connect 15s
    timeout client 15s
    timeout server 15s
listen one
    bind 127.0.0.1:{one}
    server proxy 127.0.0.1:{proxy} send-proxy
listen two
    bind 127.0.0.1:{two}
    server proxy 127.0.0.1:{proxy} send-proxy-v2
"""


class ReceivedTests(ProxyCase):
    """
    Clients that come by way of others.
    """

    skip = missing("nginx")

    async def prepare(self) -> None:
        """
        A proxy that expects the header, before nginx.
        """
        plain = nginx().ports["plain"]
        await self.open(f"127.0.0.1:{plain}", "http", listen="haproxy:127.0.0.1:0")

    def say(self, *parts: bytes) -> bytes:
        """
        Send parts one after the other; what comes back up to the end.
        """
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                client.sendall(part)
            found = b""
            try:
                while data := client.recv(65536):
                    found += data
            except ConnectionResetError:
                return b"reset"
            return found

    def about(self, client: str) -> None:
        """
        Only that client meets an error.
        """
        rule(self, fault({"client": client}, code="503"))

    @inThread
    def test_versions(self) -> None:
        """
        Rules see the client of the header, in both versions and families.
        """
        for header, client in ((ONE, FOUR), (TWO, FOUR), (ONE_SIX, SIX), (TWO_SIX, SIX)):
            self.about(client)
            self.assertIn(b" 503 ", self.say(header + ASKED), header)
            self.about("192.0.2.99")
            self.assertIn(b"plain\n", self.say(header + ASKED), header)

    @inThread
    def test_byteByByte(self) -> None:
        """
        However it is cut, and though the first segment is one byte.
        """
        self.about(FOUR)
        for header in (ONE, TWO):
            parts = [bytes([byte]) for byte in header]
            self.assertIn(b" 503 ", self.say(*parts, ASKED))

    @inThread
    def test_unknown(self) -> None:
        """
        Where the header names nobody it is who connected.
        """
        self.about("127.0.0.1")
        for header in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff:: 1\r\n", LOCAL):
            self.assertIn(b" 503 ", self.say(header + ASKED))

    @inThread
    def test_none(self) -> None:
        """
        Without a header, or with one that is broken or too long, a client is turned away.
        """
        for said in (
            ASKED,
            b"PROXY TCP4 nobody 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 one 2\r\n",
            b"PROXY " + b"x" * 200,
            TWO[:12] + b"\x21\x11\xff\xff" + b"x" * 5000,
            TWO[:12] + b"\x21\x77\0\x0c" + b"x" * 12,
            TWO[:12] + b"\x21\x11\0\x02" + b"xx",
        ):
            self.assertEqual(self.say(said), b"reset", said[:60])
        self.assertEqual(self.proxy.proxy.relays.accepted, 0)

    @inThread
    def test_halfClose(self) -> None:
        """
        A client that half-closes is answered.
        """
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as client:
            client.sendall(ONE + ASKED)
            client.shutdown(socket.SHUT_WR)
            self.assertTrue(client.makefile("rb").read().endswith(b"plain\n"))

    @inThread
    def test_beforeTLS(self) -> None:
        """
        The header comes before the handshake.
        """
        listen = f"haproxy:{serving()}"
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=listen)
        self.about(FOUR)
        plain = socket.create_connection(("127.0.0.1", self.proxy.port), 15)
        plain.sendall(TWO)
        with trusting().wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(ASKED)
            self.assertIn(b" 503 ", client.recv(65536))


class HAProxyTests(ProxyCase):
    """
    HAProxy before the proxy.
    """

    skip = missing("haproxy", "nginx", "curl")
    haproxy: Server

    async def prepare(self) -> None:
        """
        A proxy that expects the header, between HAProxy and nginx.
        """
        plain = nginx().ports["plain"]
        await self.open(f"127.0.0.1:{plain}", "http", listen="haproxy:tcp:0:interface=127.0.0.1")

    @inThread
    def test_through(self) -> None:
        """
        Both versions, as HAProxy sends them.
        """
        folder, one, two = newFolder("haproxy"), freePort(), freePort()
        settings = folder / "settings"
        settings.write_text(HAPROXY.format(one=one, two=two, proxy=self.proxy.port))
        command = [find("haproxy") or "haproxy", "-f", str(settings), "-db"]
        said = b"HEAD / HTTP/1.0\r\n\r\n"
        self.addCleanup(start(command, one, folder, lambda: answers(one, said)).stop)
        rule(self, fault({"client": "127.0.0.2"}, code="503"))
        for port in (one, two):
            for source, expected in (("127.0.0.1", "200"), ("127.0.0.2", "503")):
                words = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--interface", source]
                done = run("curl", *words, f"http://127.0.0.1:{port}/")
                self.assertEqual(done.stdout, expected)


class SentTests(ProxyCase):
    """
    Backends that want to know the client.
    """

    skip = missing("nginx")

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        nginx()

    def get(self, host: str = "127.0.0.1", **more: Any) -> str:
        """
        What nginx says of the client, who comes from an address of its own.
        """
        source = None if ":" in host else ("127.0.0.9", 0)
        client = http.client.HTTPConnection(
            host, self.proxy.port, timeout=15, source_address=source
        )
        self.addCleanup(client.close)
        client.request("GET", "/")
        return client.getresponse().read().decode().strip()

    @inThread
    def test_versions(self) -> None:
        """
        nginx knows the client, by both versions; and where it connected to.
        """
        for version in ("v1", "v2"):
            port = nginx().ports["proxied"]
            for backend in (f"127.0.0.1:{port}", f"localhost:{port}", f"tcp:127.0.0.1:{port}"):
                self.reopen(f"proxied:{version}:{backend}", "http")
                self.assertEqual(self.get(), f"127.0.0.9 {self.proxy.port}")
            self.reopen(f"proxied:{version}:127.0.0.1:{port}", "http", listen="[::1]:0")
            self.assertEqual(self.get("::1"), f"::1 {self.proxy.port}")

    @inThread
    def test_beforeTLS(self) -> None:
        """
        The header comes before the handshake.
        """
        trust = papers().authority.folder
        for backend in (
            f"tls:localhost:{nginx().ports['both']}:trustRoots={trust}",
            f"ssl:127.0.0.1:{nginx().ports['both']}",
        ):
            self.reopen(f"proxied:v2:{backend}", "http")
            self.assertEqual(self.get(), "127.0.0.9 TLSv1.3")

    @inThread
    def test_passedOn(self) -> None:
        """
        The client of a header that was received is the one that is told.
        """
        backend = f"proxied:v1:127.0.0.1:{nginx().ports['proxied']}"
        self.reopen(backend, "http", listen="haproxy:127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as client:
            client.sendall(TWO + ASKED)
            self.assertTrue(client.makefile("rb").read().endswith(f"{FOUR} 80\n".encode()))

    @inThread
    def test_unix(self) -> None:
        """
        A client by a UNIX socket has no address that nginx would understand.
        """
        folder = newFolder("socket")
        path = str(folder / "proxy")
        self.addCleanup(folder.rmdir)
        for version in ("v1", "v2"):
            backend = f"proxied:{version}:127.0.0.1:{nginx().ports['proxied']}"
            self.reopen(backend, "http", listen=f"unix:{path}{version}")
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(15)
                client.connect(f"{path}{version}")
                client.sendall(ASKED)
                self.assertTrue(client.makefile("rb").read().endswith(b"\r\n\r\n \n"))

"""
nginx, with a proxy between it and its clients.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import socket
import time
from typing import Any
from unittest import skipIf

import treq
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.web.client import HTTPConnectionPool

from tests.integration.servers import FILES, Server, missing, nginx
from tests.integration.support import PATIENCE, ProxyCase, inThread, run, theReactor


class HTTPCase(ProxyCase):
    """
    A proxy before nginx.
    """

    skip = missing("nginx")
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = nginx()
        await self.open(self.server.backend, "http", seed=7)
        self.pool = HTTPConnectionPool(theReactor())
        self.addCleanup(self.pool.closeCachedConnections)

    def url(self, path: str) -> str:
        """
        Where C{path} is, through the proxy.
        """
        return f"http://{self.proxy.address}/{path}"

    def file(self, name: str) -> bytes:
        """
        What nginx should serve.
        """
        return (self.server.folder / "files" / name).read_bytes()

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, bytes, Any]:
        """
        The status, the body and the headers of an answer.
        """
        more = {"timeout": PATIENCE, **more}
        response = await treq.request(method, self.url(path), pool=self.pool, **more)
        return response.code, await response.content(), response.headers

    def raw(self) -> socket.socket:
        """
        A connection of one's own.
        """
        connection = socket.create_connection((self.proxy.host, self.proxy.port), PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def kept(self) -> http.client.HTTPConnection:
        """
        A client that stays on one connection.
        """
        client = http.client.HTTPConnection(self.proxy.host, self.proxy.port, timeout=PATIENCE)
        # It would else hide that the connection was closed.
        client.auto_open = 0
        client.connect()
        self.addCleanup(client.close)
        return client


def get(client: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """
    The status and the body.
    """
    client.request("GET", path)
    response = client.getresponse()
    return response.status, response.read()


class HTTPThroughTests(HTTPCase):
    """
    With nothing asked, everything passes as it is.
    """

    async def test_files(self) -> None:
        """
        Files of every size have their hash, on one connection, through treq.
        """
        for name, size in FILES.items():
            code, body, _ = await self.ask("GET", name)
            self.assertEqual((code, len(body)), (200, size))
            expected = hashlib.sha256(self.file(name)).hexdigest()
            self.assertEqual(hashlib.sha256(body).hexdigest(), expected)
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @inThread
    def test_head(self) -> None:
        """
        HEAD has a length and no body; the next answer is not taken for it.
        """
        client = self.kept()
        client.request("HEAD", "/large")
        response = client.getresponse()
        self.assertEqual((response.status, response.read()), (200, b""))
        self.assertEqual(response.getheader("content-length"), str(FILES["large"]))
        self.assertEqual(get(client, "/small"), (200, self.file("small")))

    @inThread
    def test_chunkedReply(self) -> None:
        """
        A reply in chunks is whole.
        """
        client = self.kept()
        client.request("GET", "/chunked/lines")
        response = client.getresponse()
        self.assertEqual(response.getheader("transfer-encoding"), "chunked")
        self.assertEqual(response.read(), self.file("lines"))
        self.assertEqual(get(client, "/one"), (200, self.file("one")))

    async def test_post(self) -> None:
        """
        A body reaches nginx.
        """
        code, body, headers = await self.ask("POST", "post", data=b"a=1&b=2")
        self.assertEqual((code, body), (200, b"taken"))
        self.assertEqual(headers.getRawHeaders("x-said"), ["a=1&b=2"])

    @inThread
    def test_chunkedRequest(self) -> None:
        """
        A file that is sent in chunks comes back the same.
        """
        data = os.urandom(3 * 2**20)
        client = self.kept()
        parts = (data[start : start + 70_000] for start in range(0, len(data), 70_000))
        name = f"/kept/{time.monotonic_ns()}"
        client.request("PUT", name, parts, encode_chunked=True)
        response = client.getresponse()
        response.read()
        self.assertEqual(response.status, 201)
        status, back = get(client, name)
        self.assertEqual(status, 200)
        self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(data).digest())

    @inThread
    def test_pipeline(self) -> None:
        """
        A hundred requests sent as one are answered in their order.
        """
        paths = [b"/one", b"/small", b"/nowhere", b"/lines"] * 25
        asked = b"".join(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in paths[:-1])
        asked += b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % paths[-1]
        connection = self.raw()
        connection.sendall(asked)
        told = connection.makefile("rb").read()
        lengths = [int(word) for word in re.findall(rb"Content-Length: (\d+)\r", told)]
        lines = len(self.file("lines"))
        missing = lengths[2]
        self.assertEqual(lengths, [1, 1000, missing, lines] * 25)
        self.assertTrue(told.endswith(self.file("lines")))
        self.assertEqual(told.count(self.file("small")), 25)

    @skipIf(missing("curl"), "curl is not installed")
    @inThread
    def test_curl(self) -> None:
        """
        curl gets several files over one connection.
        """
        names = [*FILES, "chunked/lines"]
        words = [
            "--silent",
            "--fail",
            "--max-time",
            f"{PATIENCE:.0f}",
            "--write-out",
            "%{num_connects}",
        ]
        for name in names:
            words += ["--output", "/dev/null", self.url(name)]
        ended = run("curl", *words)
        self.assertEqual((ended.returncode, ended.stdout), (0, "1" + "0" * (len(names) - 1)))


class HTTPFaultTests(HTTPCase):
    """
    Each behavior, as a client sees it.
    """

    @inThread
    def test_error(self) -> None:
        """
        Requests are refused with different statuses; the same connection then works.
        """
        client = self.kept()
        self.assertEqual(get(client, "/one"), (200, self.file("one")))
        self.behave("error")
        seen = {get(client, "/one")[0] for _ in range(30)}
        self.assertLessEqual(seen, {500, 502, 503, 504})
        self.assertGreater(len(seen), 1)
        self.behave("dummy")
        self.assertEqual(get(client, "/small"), (200, self.file("small")))
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @inThread
    def test_errorBetween(self) -> None:
        """
        Refusals take their place among the server's replies in a pipeline.
        """
        self.behave("50:error")
        request = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
        connection = self.raw()
        connection.sendall(request * 49 + request[:-2] + b"Connection: close\r\n\r\n")
        told = connection.makefile("rb").read()
        codes = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+) ", told)]
        effects = [effect.split()[-1] for effect in self.effects()]
        self.assertEqual(len(codes), 50)
        self.assertEqual([str(code) for code in codes if code != 200], effects)
        self.assertGreater(codes.count(200), 10)
        self.assertGreater(len(effects), 10)

    async def test_errorWithBody(self) -> None:
        """
        A request with a body is refused, and nginx does not get it.
        """
        self.proxy.setBehavior("error")
        name = f"kept/{time.monotonic_ns()}"
        code, _, _ = await self.ask("PUT", name, data=os.urandom(2**20))
        self.assertIn(code, (500, 502, 503, 504))
        self.proxy.setBehavior("dummy")
        code, _, _ = await self.ask("GET", name)
        self.assertEqual(code, 404)

    async def test_delay(self) -> None:
        """
        An answer takes as much longer as was asked for.
        """
        self.proxy.setBehavior("delay", sleep=0.5)
        began = time.monotonic()
        code, body, _ = await self.ask("GET", "one")
        self.assertEqual((code, body), (200, self.file("one")))
        self.assertGreaterEqual(time.monotonic() - began, 0.5)

    async def test_hangLifted(self) -> None:
        """
        A request that is held is answered when another behavior is set, and not before.
        """
        self.proxy.setBehavior("hang")
        asking = Deferred.fromCoroutine(self.ask("GET", "small"))
        await deferLater(theReactor(), 0.3)
        self.assertFalse(asking.called)
        self.proxy.setBehavior("dummy")
        code, body, _ = await asking
        self.assertEqual((code, body), (200, self.file("small")))

    @inThread
    def test_abort(self) -> None:
        """
        The client reads ECONNRESET.
        """
        self.behave("abort")
        connection = self.raw()
        connection.sendall(b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)
        # curl's word for it: 56, failure in receiving network data.
        if not missing("curl"):
            ended = run("curl", "--silent", "--max-time", f"{PATIENCE:.0f}", self.url("one"))
            self.assertEqual(ended.returncode, 56)

    @inThread
    def test_blackout(self) -> None:
        """
        The reply is empty, on a new connection and on an open one.
        """
        client = self.kept()
        self.assertEqual(get(client, "/one"), (200, self.file("one")))
        self.behave("blackout")
        with self.assertRaises(http.client.RemoteDisconnected):
            get(client, "/one")
        self.assertEqual(self.raw().recv(1), b"")
        # curl's word for it: 52, the server did not reply anything; 56 where it was reset.
        if not missing("curl"):
            ended = run("curl", "--silent", "--max-time", f"{PATIENCE:.0f}", self.url("one"))
            self.assertIn(ended.returncode, (52, 56))

    @inThread
    def test_seeded(self) -> None:
        """
        The same seed and the same requests meet the same faults.
        """
        first = self._faults()
        again = self._faults()
        self.assertEqual(first, again)
        self.assertEqual(len(first), 100)
        # Far beyond chance: one in five fails.
        self.assertTrue(8 <= sum(code != 200 for code in first) <= 34, first)

    def _faults(self) -> list[int]:
        """
        The statuses of a hundred requests on the first connection of a new proxy.
        """
        faults = {"behavior": "20:error,10:delay", "seed": 20121227, "delay": {"sleep": 0.01}}
        self.reopen(self.server.backend, "http", **faults)
        client = self.kept()
        return [get(client, "/one")[0] for _ in range(100)]

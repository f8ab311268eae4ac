"""
nginx's replies of every shape: without bodies, behind others, and in another protocol.
"""

from __future__ import annotations

import os
import re
from unittest import skipIf

from twisted.logger import capturedLogs, formatEvent

from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing, startHTTP2
from tests.integration.support import PATIENCE, inThread, run
from tests.integration.test_http import HTTPCase, get

#: A rule that no request of these tests matches.
NEVER = fault({"method": "GET", "path": "/nowhere/*"}, code=503)

#: How much is uploaded, in bytes.
SIZE = 2 * 2**20


class BodilessTests(HTTPCase):
    """
    Where a body ends that is not there.
    """

    @inThread
    def test_without(self) -> None:
        """
        HEAD, 204 and 304 are each followed by the next answer on the same connection, with no
        rule, with one that never matches, and where one between them is refused.
        """
        client = self.kept()
        client.request("GET", "/small")
        first = client.getresponse()
        known = {"If-None-Match": first.getheader("ETag") or ""}
        self.assertEqual(first.read(), self.file("small"))
        shapes = (
            ("HEAD", "/large", {}, 200),
            ("GET", "/nothing", {}, 204),
            ("GET", "/small", known, 304),
            ("HEAD", "/small", known, 304),
            ("HEAD", "/chunked/lines", {}, 200),
        )
        for rules in ([], [NEVER], [fault({"path": "/empty"}, code=502)]):
            rule(self, *rules)
            for method, path, headers, status in shapes:
                client.request(method, path, headers=headers)
                response = client.getresponse()
                self.assertEqual((response.status, response.read()), (status, b""), path)
                self.assertEqual(get(client, "/empty")[0], 502 if len(decided(self)) else 200)
                self.assertEqual(get(client, "/one"), (200, self.file("one")))
        self.assertEqual(decided(self), ["GET /empty"] * len(shapes))
        self.assertEqual((self.opaque(), len(self.proxy.proxy.links)), ([], 1))

    @inThread
    def test_refusedWithout(self) -> None:
        """
        What is refused to HEAD has no body either, and so at the reply.
        """
        client = self.kept()
        for at in ("request", "reply"):
            rule(self, fault({"method": "HEAD"}, code=503, at=at))
            client.request("HEAD", "/large")
            response = client.getresponse()
            self.assertEqual((response.status, response.read()), (503, b""))
            self.assertEqual(get(client, "/small"), (200, self.file("small")))
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @inThread
    def test_pipelined(self) -> None:
        """
        In a pipeline, too.
        """
        rule(self, fault({"path": "/refused"}, code=500))
        asked = b"".join(
            b"%b %b HTTP/1.1\r\nHost: a\r\n\r\n" % words
            for words in (
                (b"HEAD", b"/large"),
                (b"GET", b"/nothing"),
                (b"HEAD", b"/refused"),
                (b"GET", b"/refused"),
                (b"HEAD", b"/one"),
            )
        )
        connection = self.raw()
        connection.sendall(
            asked * 20 + b"GET /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        told = connection.makefile("rb").read()
        codes = re.findall(rb"HTTP/1\.1 (\d+) ", told)
        self.assertEqual(codes, [b"200", b"204", b"500", b"500", b"200"] * 20 + [b"200"])
        self.assertTrue(told.endswith(b"\r\n\r\n" + self.file("one")))


class ContinueTests(HTTPCase):
    """
    100 Continue.
    """

    skip = HTTPCase.skip or missing("curl")

    def put(self, name: str) -> tuple[str, ...]:
        """
        The statuses that curl heard of an upload of megabytes that it first asked for.
        """
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(os.urandom(SIZE))
        words = ["--silent", "--verbose", "--expect100-timeout", f"{PATIENCE:.0f}"]
        words += ["--output", "/dev/null", "--upload-file", path]
        ended = run("curl", *words, "-H", "Expect: 100-continue", self.url(f"kept/{name}"))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return tuple(re.findall(r"< HTTP/1\.1 (\d+)", ended.stderr))

    @inThread
    def test_passes(self) -> None:
        """
        The server's 100 comes before its answer, which is the request's own.
        """
        for rules in ([], [NEVER]):
            rule(self, *rules)
            name = f"continued-{len(rules)}"
            self.assertEqual(self.put(name), ("100", "201"))
            self.assertEqual(len(get(self.kept(), f"/kept/{name}")[1]), SIZE)
        self.assertEqual((self.opaque(), decided(self)), ([], []))

    @inThread
    def test_refused(self) -> None:
        """
        A refusal takes its place: no 100 comes, and nothing is kept.
        """
        rule(self, fault({"method": "PUT"}, code=503))
        self.assertEqual(self.put("refused"), ("503",))
        rule(self)
        self.assertEqual(get(self.kept(), "/kept/refused")[0], 404)

    @inThread
    def test_replied(self) -> None:
        """
        At the reply the 100 passes, the file is kept, and the client is told otherwise.
        """
        rule(self, fault({"method": "PUT"}, code=503, at="reply"))
        self.assertEqual(self.put("replied"), ("100", "503"))
        rule(self)
        self.assertEqual(len(get(self.kept(), "/kept/replied")[1]), SIZE)


class HTTP2Tests(HTTPCase):
    """
    HTTP/2 without TLS.
    """

    @skipIf(missing("curl"), "curl is not installed")
    @inThread
    def test_known(self) -> None:
        """
        A client that knows that its server speaks it is served, unread where the user wants that;
        the log says so.
        """
        if "HTTP2" not in run("curl", "--version").stdout:
            self.skipTest("not installed: curl with HTTP/2")
        server = startHTTP2()
        self.addCleanup(server.stop)
        self.reopen(server.backend, "http", protocolOptions={"http2": "opaque"})
        rule(self, fault({}, code=503))
        with capturedLogs() as captured:
            words = ["--silent", "--http2-prior-knowledge", "--write-out", " %{http_version}"]
            ended = run("curl", *words, self.url("two"))
        self.assertEqual((ended.returncode, ended.stdout), (0, "two 2"))
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: HTTP/2", lines)
        self.assertEqual((self.opaque(), decided(self)), (["HTTP/2"], []))

"""
Random requests: no answer has status 500, each error is JSON in the form of its API, and an error
has changed nothing.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from twisted.trial.unittest import SynchronousTestCase

from tests.control.fuzzing import Served, requests


class FuzzTests(SynchronousTestCase):
    """
    All routes of all APIs.
    """

    served: Served | None = None
    fresh: Any = None

    @seed(41)
    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def test_pitfall41_requests(self, data: bytes) -> None:
        """
        No request gets an answer with status 500.
        """
        # A new one only where it is no longer as it was: making one takes longer than a request.
        if self.served is None or self.served.state() != self.fresh:
            self.served = Served()
            self.addCleanup(self.served.stop)
            self.fresh = self.served.state()
        self.answers(self.served, data)

    def answers(self, served: Served, data: bytes) -> None:
        """
        Send one request, and look at the answer.
        """
        before = served.state()
        answer = served.ask(data)
        self.assertEqual(self.flushLoggedErrors(), [])
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        if lines[0] == b"http/1.1 100 continue":
            head, _, body = body.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
        status = int(lines[0].split(b" ")[1])
        self.assertTrue(200 <= status < 500, answer)
        if status < 400:
            return
        self.assertEqual(served.state(), before)
        if data.startswith(b"HEAD ") or not body:
            return
        self.assertIn(b"content-type: application/json", lines)
        told = json.loads(body)
        if "error" in told:
            self.assertEqual(told["status"], status)
            description = told["error"]
        else:
            self.assertEqual(told["status"], "error")
            [error] = told["errors"]
            description = error["description"]
        self.assertNotIn("\n", description)
        self.assertNotIn("\x1b", description)


class KnownTests(SynchronousTestCase):
    """
    Requests that have failed before.
    """

    def setUp(self) -> None:
        """
        A control site.
        """
        self.served = Served()
        self.addCleanup(self.served.stop)
        self.before = self.served.state()

    def status(self, line: str, body: bytes = b"", *headers: bytes) -> int:
        """
        That of the answer to one request, which changes nothing.
        """
        lines = [f"{line} HTTP/1.1".encode(), b"Host: localhost", *headers]
        lines.append(b"Content-Length: %d\r\n\r\n" % len(body))
        answer = self.served.ask(b"\r\n".join(lines) + body)
        self.assertEqual(self.served.state(), self.before)
        self.assertEqual(self.flushLoggedErrors(), [])
        return int(answer.split(b" ")[1])

    def test_pitfall41_manyDigits(self) -> None:
        """
        Numbers that are too long to be read.
        """
        many = "9" * 5000
        for method in ("GET", "DELETE", "POST"):
            self.assertEqual(self.status(f"{method} /connections/{many}"), 404)
        for query in (
            "journal?since=",
            "events?since=",
            "connections?limit=",
            "explain?connection=",
        ):
            self.assertEqual(self.status(f"GET /{query}{many}"), 400)
        for word in (b"\xff", b"9" * 5000, b"\xd9\xa3", b""):
            self.assertEqual(self.status("GET /events", b"", b"Last-Event-ID: " + word), 200)

    def test_pitfall41_twoCases(self) -> None:
        """
        Members that differ only in case, which are the same for Toxiproxy.
        """
        for body in (
            b'{"name":"x","Name":"y","upstream":"localhost:1"}',
            b'{"name":"x","upstream":"localhost:1","UPSTREAM":"localhost:2"}',
            b'{"name":"x","upstream":"a:1","toxics":[{"type":"latency","Type":"timeout"}]}',
        ):
            self.assertEqual(self.status("POST /proxies", body), 400)
            self.assertEqual(self.status("POST /populate", b"[" + body + b"]"), 400)
        twice = b'{"type":"latency","attributes":{"latency":1,"Latency":2}}'
        self.assertEqual(self.status("POST /proxies/one/toxics", twice), 400)

    def test_pitfall41_numbersOfAddresses(self) -> None:
        """
        Numbers that no system call accepts, and paths that no socket has.
        """
        for text in (
            "tcp:99999",
            "tcp:0:backlog=99999999999999999999",
            "tcp:port=-1",
            "tcp6:0:backlog=nan",
            "unix:/tmp/" + "x" * 200,
            "unix:address=/tmp/" + "é" * 60,
        ):
            body = json.dumps({"name": "x", "upstream": "localhost:1", "listen": text}).encode()
            self.assertEqual(self.status("POST /proxies", body), 400, text)
        for text in (
            "tcp:localhost:99999",
            "tcp:host=localhost:port=-1",
            "tcp:localhost:1:timeout=inf",
            "unix:/tmp/" + "x" * 200,
        ):
            body = json.dumps({"backend": text}).encode()
            self.assertEqual(self.status("PUT /backend", body), 400, text)

    def test_pitfall41_names(self) -> None:
        """
        Names that no path can have.
        """
        for name in (".", "..", "a/b", "\0", "\n", "x" * 300):
            body = json.dumps({"name": name, "upstream": "localhost:1"}).encode()
            self.assertEqual(self.status("POST /proxies", body), 400, name)
        for name in (".", "..", "a/b", "\0"):
            body = json.dumps({"name": name, "type": "latency"}).encode()
            self.assertEqual(self.status("POST /proxies/one/toxics", body), 400, name)

    def test_pitfall41_targets(self) -> None:
        """
        Request targets that are not paths of the service.
        """
        for target in ("*", "/%FF", "/%00", "x", "version", "ftp://localhost/version"):
            self.assertIn(self.status(f"GET {target}"), (400, 404), target)
        self.assertEqual(self.status("GET http://localhost/version"), 200)
        self.assertEqual(self.status("GET http://localhost//version"), 404)
        self.assertEqual(self.status("GET //version"), 301)
        self.assertEqual(self.status("GET HTTP://127.0.0.1:8080"), 200)
        self.assertEqual(self.status("GET http://evil.example/version"), 403)

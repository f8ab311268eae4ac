"""
Replies of HTTP/2 that are edited, as curl and httpx see them.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.integration.http2_stub import HTTP2Stub
from tests.integration.llm_stub import ndjsonLines, openaiEvents
from tests.integration.ruling import rule
from tests.integration.support import ProxyCase, inThread, optional, run, theReactor
from tests.relays.edited import Answer

httpx: Any = optional("httpx")

DOCUMENT = json.dumps({"items": [{"price": 2.5}], "text": "10 EUR " * 100_000}).encode()
FIELDS = [("x-served", "stub")]
JSON = "application/json"

ANSWERS = {
    "/events": Answer(openaiEvents()),
    "/lines": Answer(ndjsonLines(), "application/x-ndjson"),
    "/json": Answer([DOCUMENT], JSON, FIELDS, sized=True),
    "/gzip": Answer([gzip.compress(DOCUMENT)], JSON, [("content-encoding", "gzip")], sized=True),
    "/trailer": Answer([b'{"a":', b" 1}"], JSON, trailers=[("x-sum", "7")]),
    "/long": Answer([b"x" * 2**20, b"x"], "text/plain", sized=True),
}

#: What curl ends with: 56 for data that it cannot receive, 92 for a stream that is reset, 18 for
#: a part of a reply, 28 for no more patience.
RECEIVE, STREAM, PARTIAL, SLOW = 56, 92, 18, 28


def events(fault: str, **options: Any) -> dict[str, Any]:
    """
    A rule of C{events}.
    """
    return {"behavior": "events", "options": {"fault": fault, **options}}


class EditedCase(ProxyCase):
    """
    A proxy before the stub.
    """

    async def prepare(self) -> None:
        """
        Start the stub.
        """
        self.stub = HTTP2Stub(ANSWERS)
        backend = self.stub.listen(theReactor())
        self.addCleanup(self.stub.stop)
        await self.open(backend, "http", seed=7)

    def url(self, path: str) -> str:
        """
        The URL of a path, by way of the proxy.
        """
        return f"http://{self.proxy.address}{path}"


class CurlTests(EditedCase):
    """
    With curl.
    """

    def curl(self, path: str, *words: str) -> tuple[int, str]:
        """
        What curl ends with and has read.
        """
        command = ["--silent", "--no-buffer", "--http2-prior-knowledge", self.url(path), *words]
        ended = run("curl", *command)
        return ended.returncode, ended.stdout

    @inThread
    def test_events(self) -> None:
        """
        What it ends with for each fault, after the events that passed.
        """
        first = b"".join(openaiEvents()[:2]).decode()
        whole = ANSWERS["/events"].body.decode()
        for options, ends, got in (
            ({"fault": "cut"}, (STREAM,), first),
            ({"fault": "cut", "then": "rst-stream", "http2_code": "8"}, (STREAM,), first),
            ({"fault": "cut", "then": "goaway"}, (PARTIAL, RECEIVE, STREAM), first),
            ({"fault": "cut", "then": "close"}, (PARTIAL, RECEIVE, STREAM), first),
            ({"fault": "cut", "then": "end"}, (0,), first),
            ({"fault": "stall"}, (SLOW,), first),
            ({"fault": "split", "pause": 0.01}, (0,), whole),
            ({"fault": "join"}, (0,), whole),
            ({"fault": "lose"}, (0,), b"".join(openaiEvents()[:-1]).decode()),
        ):
            rule(self, events(**options, count=2 if options["fault"] != "lose" else 0))
            words = ("--max-time", "1") if options["fault"] == "stall" else ()
            code, heard = self.curl("/events", *words)
            self.assertIn(code, ends, options)
            if code in (0, SLOW):
                self.assertEqual(heard, got, options)
            else:
                # curl may drop what came in the same packet as the end of the stream.
                self.assertTrue(got.startswith(heard), options)
        self.assertEqual(len(self.effects()), 9)

    @inThread
    def test_lines(self) -> None:
        """
        So do JSON lines.
        """
        rule(self, events("cut", count=3, then="end"))
        self.assertEqual(self.curl("/lines"), (0, b"".join(ndjsonLines()[:3]).decode()))
        rule(self, events("error", count=1, code="openai.server_error"))
        code, heard = self.curl("/lines")
        self.assertEqual((code, list(json.loads(heard.splitlines()[1]))), (0, ["error"]))


class HttpxTests(EditedCase):
    """
    With httpx.
    """

    skip = None if httpx else "not installed: httpx"

    def client(self) -> Any:
        """
        One that speaks HTTP/2 from the first byte on.
        """
        made = httpx.Client(http1=False, http2=True, timeout=60)
        self.addCleanup(made.close)
        return made

    @inThread
    def test_raised(self) -> None:
        """
        What it raises, while another stream of the connection goes on.
        """
        client = self.client()
        for then, raised in (
            ("auto", httpx.RemoteProtocolError),
            ("rst-stream", httpx.RemoteProtocolError),
            ("goaway", httpx.RemoteProtocolError),
            ("close", httpx.RemoteProtocolError),
            ("reset", httpx.ReadError),
        ):
            rule(self, {**events("cut", count=2, then=then), "when": {"path": "/events"}})
            with client.stream("GET", self.url("/long")) as other:
                # A reset may overtake the head.
                with self.assertRaises(raised):
                    client.get(self.url("/events"))
                if then in ("auto", "rst-stream"):
                    self.assertEqual(len(other.read()), 2**20 + 1)

    @inThread
    def test_patched(self) -> None:
        """
        It reads what was changed, in every coding, with a length that fits.
        """
        client = self.client()
        rule(
            self,
            {
                "behavior": "patch",
                "options": {
                    "status": 299,
                    "headers": {"X-Served": None, "X-New": "1"},
                    "json": {"/items/0/price": -1},
                },
            },
        )
        wanted = {**json.loads(DOCUMENT), "items": [{"price": -1}]}
        for path in ("/json", "/gzip"):
            got = client.get(self.url(path))
            self.assertEqual((got.http_version, got.status_code), ("HTTP/2", 299))
            self.assertEqual((got.headers.get("x-served"), got.headers["x-new"]), (None, "1"))
            self.assertEqual(got.json(), wanted)
            self.assertEqual(int(got.headers["content-length"]), got.num_bytes_downloaded)
        self.assertEqual(self.effects(), ["patch: status, headers, json"] * 2)

    @inThread
    def test_others(self) -> None:
        """
        Replies without a body and with a trailer stay right; what is too long passes as it is.
        """
        client = self.client()
        rule(self, {"behavior": "patch", "options": {"status": 204}})
        got = client.get(self.url("/json"))
        self.assertEqual((got.status_code, got.content), (204, b""))
        rule(self, {"behavior": "patch", "options": {"replace": {"1": "one", "x": "y"}}})
        self.assertEqual(client.get(self.url("/trailer")).content, b'{"a": one}')
        self.assertEqual(client.head(self.url("/json")).headers["x-served"], "stub")
        self.assertEqual(client.get(self.url("/long")).content, ANSWERS["/long"].body)
        reasons = [
            entry["effect"] for entry in self.proxy.journal.since() if entry["kind"] == "missed"
        ]
        self.assertEqual(
            reasons,
            ["not patched: the reply has no body", "not patched: the body exceeds 1,048,576 bytes"],
        )

"""
nginx behind a proxy that answers in its place, as treq, curl and wrk see it.
"""

from __future__ import annotations

import http.client
import re
import time
from unittest import skipIf

import treq
from twisted.internet.defer import TimeoutError
from twisted.web.client import ResponseFailed, ResponseNeverReceived

from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing
from tests.integration.support import PATIENCE, inThread, run, theReactor
from tests.integration.test_http import HTTPCase, get
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.http.errors import ROWS
from vaurien_twisted.wire.http.malformed import BODY, FAULTS

ERRORS = {row.code: row for row in ROWS}

#: A rule that no request of these tests matches.
NEVER = fault({"method": "GET", "path": "/nowhere/*"}, code=503)

#: What treq raises for each fault; one that is slow is given up by the caller.
RAISED = {
    "slow-headers": ResponseFailed,
    "slow-body": TimeoutError,
    "wrong-length": ResponseFailed,
    "malformed-chunk": ResponseFailed,
    "empty": ResponseNeverReceived,
}

#: With what curl ends for each: timed out, partial file, bad data, nothing received.
CURL = {
    "slow-headers": (28,),
    "slow-body": (28,),
    "wrong-length": (18,),
    "malformed-chunk": (56,),
    "empty": (52,),
}


class HTTPPresetTests(HTTPCase):
    """
    What clients make of each error.
    """

    def put(self, *rules: object) -> None:
        """
        Put rules in force.
        """
        self.proxy.proxy.faults.setPlan(planFromRules(self.proxy.proxy.ruleBuilder, list(rules)))

    async def test_statuses(self) -> None:
        """
        treq has the status, the phrase and Retry-After of each; the next request succeeds.
        """
        for code, error in ERRORS.items():
            self.put(fault({"path": "/one"}, code=code))
            found, body, headers = await self.ask("GET", "one")
            self.assertEqual((str(found), body.decode()), (code, f"{code} {error.message}\n"))
            self.assertEqual(headers.hasHeader("Retry-After"), code in ("429", "503"))
            found, body, _ = await self.ask("GET", "small")
            self.assertEqual((found, body), (200, self.file("small")))
        self.assertEqual(decided(self), ["GET /one"] * len(ERRORS))

    async def test_faults(self) -> None:
        """
        treq raises what it has for each; another request succeeds.
        """
        self.assertEqual(set(RAISED), {error.code for error in FAULTS})
        for code, raised in RAISED.items():
            self.put(fault({"path": "/one"}, code=code, pause=10))
            with self.assertRaises(raised):
                if code == "slow-body":
                    # The time-out of a request does not count its answer's body.
                    response = await treq.get(self.url("one"), pool=self.pool, timeout=PATIENCE)
                    await response.content().addTimeout(0.3, theReactor())
                else:
                    timeout = 0.5 if code == "slow-headers" else PATIENCE
                    await self.ask("GET", "one", timeout=timeout)
            found, body, _ = await self.ask("GET", "small")
            self.assertEqual((found, body), (200, self.file("small")))

    async def test_own(self) -> None:
        """
        A status of one's own with header fields and a body of one's own.
        """
        options = {"code": 418, "body": '{"a": 1}', "message": "Short and stout"}
        self.put(fault({}, headers={"Content-Type": "application/json", "X-A": "b"}, **options))
        code, body, headers = await self.ask("GET", "one")
        self.assertEqual((code, body), (418, b'{"a": 1}'))
        self.assertEqual(headers.getRawHeaders("Content-Type"), ["application/json"])
        self.assertEqual(headers.getRawHeaders("X-A"), ["b"])

    async def test_slowEnds(self) -> None:
        """
        Who waits has it all, on a connection that lasts.
        """
        for code in ("slow-headers", "slow-body"):
            self.put(fault({"path": "/one"}, code=code, pause=0.01))
            found, body, _ = await self.ask("GET", "one")
            self.assertEqual((found, body), (200, BODY))
            found, body, _ = await self.ask("GET", "small")
            self.assertEqual((found, body), (200, self.file("small")))
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @skipIf(missing("curl"), "curl is not installed")
    @inThread
    def test_curl(self) -> None:
        """
        curl says what it has met.
        """
        for code, ends in CURL.items():
            rule(self, fault({}, code=code, pause=10))
            most = "1" if 28 in ends else f"{PATIENCE:.0f}"
            words = ("--silent", "--show-error", "--max-time", most, "--output", "/dev/null")
            ended = run("curl", *words, self.url("one"))
            self.assertIn(ended.returncode, ends, (code, ended.stderr))
        for code in ERRORS:
            rule(self, fault({}, code=code))
            ended = run("curl", "--silent", "--include", self.url("one"))
            self.assertTrue(ended.stdout.startswith(f"HTTP/1.1 {code} {ERRORS[code].message}"))

    async def test_unknown(self) -> None:
        """
        What is no status and no fault is refused with the nearest preset.
        """
        for options, near in (
            ({"code": "slow-boby"}, "slow-body"),
            ({"code": 5003}, "503"),
            ({"code": 503, "at": "greeting"}, "request"),
        ):
            refused = self.assertRaises(Refused, self.put, fault({}, **options))
            self.assertIn(near, refused.description)


class HTTPPlaceTests(HTTPCase):
    """
    Which requests meet an error, and where.
    """

    @inThread
    def test_targets(self) -> None:
        """
        By method, path and header field; all others are nginx's own.
        """
        client = self.kept()
        for when, asked, fails in (
            ({"method": "PUT"}, ("GET", "/one", {}), False),
            ({"method": "HEAD"}, ("HEAD", "/one", {}), True),
            ({"path": "/o*"}, ("GET", "/one?a=/x", {}), True),
            ({"path": "/o*"}, ("GET", "/small", {}), False),
            ({"header": {"X-Tenant": "a*"}}, ("GET", "/one", {"x-tenant": "acme"}), True),
            ({"header": {"X-Tenant": "a*"}}, ("GET", "/one", {"x-tenant": "other"}), False),
            ({"header": {"X-Tenant": "a*"}}, ("GET", "/one", {}), False),
            ({"client": "127.0.0.0/8", "path": "/one"}, ("GET", "/one", {}), True),
            ({"client": "10.0.0.0/8"}, ("GET", "/one", {}), False),
        ):
            rule(self, fault(when, code=502))
            client.request(asked[0], asked[1], headers=asked[2])
            response = client.getresponse()
            response.read()
            self.assertEqual(response.status, 502 if fails else 200, when)
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @inThread
    def test_reply(self) -> None:
        """
        At the request nginx does not store the file; at the reply it does, and the client
        is told otherwise.  The connection goes on.
        """
        client = self.kept()
        for at, there in (("request", 404), ("reply", 200)):
            name = f"/kept/{time.monotonic_ns()}"
            rule(self, fault({"method": "PUT"}, code=504, at=at))
            client.request("PUT", name, b"x" * 100_000)
            response = client.getresponse()
            self.assertEqual((response.status, response.read()[:3]), (504, b"504"))
            self.assertEqual(get(client, name)[0], there)
        rule(self, fault({"path": "/large"}, code=500, at="reply"))
        self.assertEqual(get(client, "/large")[0], 500)
        self.assertEqual(get(client, "/small"), (200, self.file("small")))
        self.assertEqual(len(self.proxy.proxy.links), 1)

    @inThread
    def test_partial(self) -> None:
        """
        In the middle of a body: after so many bytes of the reply, or so many chunks; then
        the connection is closed or reset.
        """
        whole = self.ended("/chunked/lines")
        head = whole.index(b"\r\n\r\n") + 4
        # The sizes of nginx's chunks.
        sizes, place = [], head
        while (size := int(whole[place : whole.index(b"\r\n", place)], 16)) > 0:
            line = whole.index(b"\r\n", place) + 2
            place = line + size + 2
            sizes.append(place)
        self.assertGreater(len(sizes), 2)
        for options, passed in (
            ({"count": 0}, 0),
            ({"count": 10}, 10),
            ({"count": 0, "unit": "units"}, head),
            ({"count": 1, "unit": "units"}, sizes[0]),
            ({"count": 2, "unit": "units"}, sizes[1]),
            ({"count": len(sizes) + 1, "unit": "units"}, len(whole)),
        ):
            rule(self, fault({}, at="partial", **options))
            self.assertEqual(len(self.ended("/chunked/lines")), passed, options)
        rule(self, fault({}, at="partial", count=1, unit="units"))
        client = self.kept()
        with self.assertRaises(http.client.IncompleteRead):
            get(client, "/chunked/lines")
        # A reply that is not in chunks passes whole, and its connection goes on.
        client = self.kept()
        for _ in range(2):
            self.assertEqual(get(client, "/small"), (200, self.file("small")))
        rule(self, fault({}, at="partial", count=500, then="reset"))
        client = self.kept()
        client.request("GET", "/small")
        with self.assertRaises(ConnectionResetError):
            client.getresponse().read()

    def ended(self, path: str) -> bytes:
        """
        All that comes on a connection of its own, less what differs in the head.
        """
        connection = self.raw()
        connection.sendall(
            b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode()
        )
        with connection.makefile("rb") as stream:
            return stream.read()

    @skipIf(missing("wrk"), "wrk is not installed")
    @inThread
    def test_wrk(self) -> None:
        """
        wrk ends without an error, without rules and with one that never matches.
        """
        for rules in ([], [NEVER]):
            rule(self, *rules)
            ended = run("wrk", "-t1", "-c20", "-d1s", "--timeout", "60s", self.url("small"))
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertNotIn("Socket errors", ended.stdout)
            self.assertNotIn("Non-2xx", ended.stdout)
            requests = re.search(r"(\d+) requests in", ended.stdout)
            assert requests is not None, ended.stdout
            self.assertGreater(int(requests[1]), 0)
        self.assertEqual((self.opaque(), decided(self)), ([], []))

    @inThread
    def test_never(self) -> None:
        """
        Under a rule that never matches every file is as nginx has it.
        """
        rule(self, NEVER)
        client = self.kept()
        for name in ("empty", "one", "small", "large", "chunked/lines"):
            self.assertEqual(get(client, f"/{name}"), (200, self.file(name.split("/")[-1])))
        self.assertEqual((self.opaque(), decided(self)), ([], []))

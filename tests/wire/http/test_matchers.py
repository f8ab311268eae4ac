"""
Tests for L{vaurien_twisted.wire.http.matchers}, and for cutting replies after chunks.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.truncating import afterwards, cut
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import condition
from vaurien_twisted.wire.http.matchers import faultHeaderOf, fieldsOf, pathOf
from vaurien_twisted.wire.http.protocol import HTTP, HTTPFramer, HTTPOptions

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SIZES = (0, 1, 3, 10)


def asked(data: bytes) -> Exchange:
    """
    The exchange that a request begins.
    """
    [(exchange, _, _)] = HTTPFramer().fromClient(data)
    assert exchange is not None
    return exchange


class TargetTests(SynchronousTestCase):
    """
    What rules can ask of requests.
    """

    def test_path(self) -> None:
        """
        The path is what stands before the query, as it was sent.
        """
        for target, path in (
            ("/", "/"),
            ("/a/b?c=/d", "/a/b"),
            ("/a%20b", "/a%20b"),
            ("/a?", "/a"),
            ("/a:b@c", "/a:b@c"),
            ("/see/http://x/y", "/see/http://x/y"),
            ("http://host:80/a?b", "/a"),
            ("http://host", "/"),
            ("http://host?b", "/"),
            ("*", "*"),
            ("host:443", "host:443"),
        ):
            self.assertEqual(pathOf(target), path, target)

    def test_when(self) -> None:
        """
        Every target, by itself and together.
        """
        head = (
            b"GET /api/users?page=2 HTTP/1.1\r\nHost: a\r\nX-Tenant:  acme \r\nX-Tenant: b\r\n\r\n"
        )
        exchange = asked(head)
        cases: list[tuple[dict[str, Any], bool]] = [
            ({"method": "get"}, True),
            ({"command": "GET"}, True),
            ({"method": ["POST", "PUT"]}, False),
            ({"path": "/api/*"}, True),
            ({"path": "/api/users"}, True),
            ({"path": "/api"}, False),
            ({"path": "*page*"}, False),
            ({"header": {"x-tenant": "ac*"}}, True),
            ({"header": {"X-Tenant": "b"}}, True),
            ({"header": {"X-Tenant": "c"}}, False),
            ({"header": {"X-Tenant": "acme", "Host": "b"}}, False),
            ({"header": {"X-Absent": "*"}}, False),
            ({"method": "GET", "path": "/api/*", "header": {"host": "a"}}, True),
        ]
        for when, wanted in cases:
            matches = condition(when, HTTP.targets, "http")
            self.assertIs(matches(Connection(1), exchange), wanted, when)

    def test_bare(self) -> None:
        """
        A bare connection has no method, no path and no fields.
        """
        for when in ({"path": "*"}, {"header": {"Host": "*"}}):
            matches = condition(when, HTTP.targets, "http")
            self.assertFalse(matches(Connection(1), Exchange(0)))

    def test_fields(self) -> None:
        """
        A line for each, whatever bytes are in it.
        """
        head = b"GET / HTTP/1.1\r\nA: \x85\x0b\xe9\r\nB:c\n\r\n"
        self.assertEqual([line.strip() for line in fieldsOf(head)], ["A: \x85\x0b\xe9", "B:c"])

    def test_wish(self) -> None:
        """
        The field by its whole name, in upper or lower case; obeyed only where allowed.
        """
        for field, read in (
            (b"X-Vaurien-Behavior: delay; sleep=1\r\n", "delay; sleep=1"),
            (b"x-vaurien-behavior:hang\n", "hang"),
            (b"X-Vaurien-Behavior: a\r\nX-Vaurien-Behavior: b\r\n", "a"),
            (b"X-Vaurien-Behavior:\r\n", ""),
            (b"No-X-Vaurien-Behavior: a\r\n", ""),
            (b"A: X-Vaurien-Behavior: a\r\n", ""),
        ):
            head = b"GET / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n"
            self.assertEqual(faultHeaderOf(head), read)
            self.assertEqual(HTTP().read(HTTPOptions(obey_header=True), asked(head)), read)
            self.assertEqual(HTTP().read(HTTPOptions(), asked(head)), "")
        self.assertFalse(HTTP().enabled(HTTPOptions()))
        self.assertTrue(HTTP().enabled(HTTPOptions(obey_header=True)))


class CutTests(SynchronousTestCase):
    """
    Exactly the chunks asked for pass.
    """

    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = (b"3\r\nabc\r\n", b"1;x=y\r\n\n\r\n", b"a\r\n0123456789\r\n")

    def test_chunks(self) -> None:
        """
        The head and so many chunks pass; a reply with fewer passes whole, and the
        connection goes on.
        """
        self.assertEqual(HTTP.unit, "chunks")
        whole = self.head + b"".join(self.parts) + b"0\r\nA: b\r\n\r\n"
        for count in range(6):
            for size in SIZES:
                framer, cuts = HTTPFramer(), count <= 3
                passed = self.head + b"".join(self.parts[:count]) if cuts else whole
                found = cut(framer, GET, whole + b"HTTP/1.1 408 x\r\n\r\n" * cuts, count, size)
                self.assertEqual(found, (passed, cuts), (count, size))
                if not cuts:
                    heard = afterwards(framer, GET, b"HTTP/1.1 204 x\r\n\r\n")
                    self.assertEqual(heard.ended[1], [2])

    def test_sized(self) -> None:
        """
        A reply that is not in chunks passes whole.
        """
        for reply in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
            b"HTTP/1.1 304 Not Modified\r\n\r\n",
        ):
            for size in SIZES:
                for count in (0, 1):
                    self.assertEqual(cut(HTTPFramer(), GET, reply, count, size), (reply, False))

    def test_interim(self) -> None:
        """
        What comes before the reply is not the reply.
        """
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
        for size in SIZES:
            for count in (0, 1):
                data = interim + self.head + b"".join(self.parts)
                passed = interim + self.head + b"".join(self.parts[:count])
                self.assertEqual(cut(HTTPFramer(), GET, data, count, size), (passed, True))

    def test_pipeline(self) -> None:
        """
        The replies before it are not touched.
        """
        first = self.head + self.parts[0] + b"0\r\n\r\n"
        for size in SIZES:
            found = cut(HTTPFramer(), GET * 2, first * 2, 1, size)
            self.assertEqual(found, (first + self.head + self.parts[0], True))

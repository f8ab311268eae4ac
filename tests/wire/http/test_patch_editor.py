"""
Tests for L{vaurien_twisted.wire.http.patch_editor}: replies on a link in memory.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.editing import HTTPSession, read, reply

DOCUMENT = b'{"a": [1, {"b/c": 2.50}],\n "d": "x", "d": "y"}'
JSON = "application/json"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def patch(**options: Any) -> dict[str, Any]:
    """
    The rule by which replies are patched.
    """
    return {"behavior": "patch", "options": options}


class PatchEditorTests(SynchronousTestCase):
    """
    What the client gets.
    """

    def ask(
        self, rule: dict[str, Any], data: bytes, request: bytes = GET, size: int = 10**7
    ) -> tuple[HTTPSession, bytes]:
        """
        What comes of a reply.
        """
        session = HTTPSession(rule)
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        heard = session.converse(*parts, request=request)
        if b"Content-Length" not in data and b"chunked" not in data:
            session.endpoint.protocols[-1].connectionLost()
            heard += session.client.heard()
        return session, heard

    def test_head(self) -> None:
        """
        The status and fields change; all else, the body too, stays byte by byte.
        """
        data = reply(DOCUMENT, JSON, "chunked", "X-A: 1", "x-a: 2", "Server:  y")
        rule = patch(status=503, headers={"X-A": None, "server": "z", "New": 7})
        session, heard = self.ask(rule, data, size=7)
        expected = (
            data.replace(b"200 OK", b"503 Service Unavailable")
            .replace(b"X-A: 1\r\nx-a: 2\r\nServer:  y\r\n", b"")
            .replace(b"chunked\r\n\r\n", b"chunked\r\nserver: z\r\nNew: 7\r\n\r\n")
        )
        self.assertEqual(heard, expected)
        self.assertEqual(session.told(), [("decision", "patch: status, headers")])

    def test_pointer(self) -> None:
        """
        A value changes in place, in every framing and coding, and the length is right.
        """
        expected = DOCUMENT.replace(b"2.50", b'{"e": null}').replace(b'"y"', b"3")
        rule = patch(json={"/a/1/b~1c": {"e": None}, "/d": 3})
        for how in ("chunked", "sized", "endless"):
            for coding, encode, decode in (
                ("identity", bytes, bytes),
                ("gzip", gzip.compress, gzip.decompress),
                ("deflate", zlib.compress, zlib.decompress),
            ):
                for size in (1, 10**6):
                    data = reply(encode(DOCUMENT), JSON, how, f"Content-Encoding: {coding}")
                    session, heard = self.ask(rule, data, size=size)
                    self.assertEqual(decode(read(heard).read()), expected)
                    self.assertEqual(session.told(), [("decision", "patch: json")])
        self.assertEqual(
            read(self.ask(patch(json={"": []}), data)[1]).read()[:2], zlib.compress(b"[]")[:2]
        )

    def test_pattern(self) -> None:
        """
        Text changes wherever the pattern matches; bytes that are no UTF-8 stay.
        """
        data = reply(b"price 10 EUR, 2 EUR \xff", "text/plain", "sized", "Content-MD5: x")
        _, heard = self.ask(patch(replace={"[0-9]+ EUR": r"\0 é"}), data)
        response = read(heard)
        self.assertEqual(response.read(), "price \\0 é, \\0 é ".encode() + b"\xff")
        self.assertIsNone(response.headers["Content-MD5"])

    def test_next(self) -> None:
        """
        The next reply on the connection is read as it should be.
        """
        session = HTTPSession({**patch(json={"/d": "longer"}), "times": 1})
        for how in ("chunked", "sized"):
            session = HTTPSession({**patch(json={"/d": "longer"}), "times": 1})
            data = reply(DOCUMENT, JSON, how)
            self.assertEqual(json.loads(read(session.converse(data)).read())["d"], "longer")
            self.assertEqual(session.converse(data), data)

    def test_bodyless(self) -> None:
        """
        A status without a body has none, and one with a body has a length.
        """
        for rule in (patch(status=204), patch(status=204, json={"/d": 1})):
            for how in ("chunked", "sized", "endless"):
                _, heard = self.ask(rule, reply(DOCUMENT, JSON, how))
                self.assertTrue(heard.startswith(b"HTTP/1.1 204 No Content\r\n"), heard)
                self.assertTrue(heard.endswith(b"\r\n\r\n"), heard)
                self.assertNotIn(b"Content-Length", heard)
        data = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"
        response = read(self.ask(patch(status=200), data)[1])
        self.assertEqual((response.status, response.read()), (200, b""))
        data = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
        _, heard = self.ask(patch(status=500), data, HEAD)
        self.assertEqual(heard, data.replace(b"200 OK", b"500 Internal Server Error"))

    def test_unpatched(self) -> None:
        """
        What cannot be patched passes byte by byte, and the reason is told.
        """
        big = b"a" * (2**20 + 1)
        text, body = patch(replace={"x": "y"}), {"status": 500, "json": {"/d": 1}}
        for rule, data, request, reason in (
            (text, reply(big, JSON, "sized"), GET, "exceeds 1,048,576 bytes"),
            (text, reply(big, JSON, "chunked"), GET, "exceeds 1,048,576 bytes"),
            (
                text,
                reply(gzip.compress(big), JSON, "sized", "Content-Encoding: gzip"),
                GET,
                "decompr",
            ),
            (text, reply(b"no", JSON, "sized", "Content-Encoding: gzip"), GET, "is not valid gzip"),
            (
                text,
                reply(b"x", JSON, "sized", "Content-Encoding: br"),
                GET,
                "Content-Encoding is br",
            ),
            (text, reply(b"x", "text/event-stream"), GET, "is a stream of events"),
            (text, reply(b"x", JSON, status="206 Partial Content"), GET, "a part of a document"),
            (text, reply(b"abc", JSON), GET, "no change applies to the body"),
            (text, reply(b"", JSON, "sized"), HEAD, "has no body"),
            (patch(**body), reply(b"[1]", JSON), GET, "the body has no /d"),
            (patch(**body), reply(b"{'d': 1}", JSON), GET, "is not JSON"),
            (patch(**body), reply(b"\xff", JSON), GET, "is not JSON"),
            (patch(**body), reply(b"[" * 100000, JSON), GET, "is not JSON"),
            (patch(json={"/a/01": 1}), reply(DOCUMENT, JSON), GET, "the body has no /a/01"),
            (patch(status=200), reply(b"x", JSON), GET, "nothing in the reply would change"),
        ):
            session, heard = self.ask(rule, data, request, 65536)
            self.assertTrue(heard == data, f"{reason}: {heard[:200]!r}")
            [(kind, effect)] = session.told()
            self.assertEqual(kind, "missed")
            self.assertIn(reason, effect)

    def test_memory(self) -> None:
        """
        Where the proxy's connections hold too much, the reply passes unchanged.
        """
        session = HTTPSession(patch(replace={"x": "y"}))
        session.factory.context.memory.held = 2**40
        data = reply(b"x" * 600000, JSON, "sized")
        heard = session.converse(*(data[at : at + 65536] for at in range(0, len(data), 65536)))
        self.assertEqual(heard, data)
        [(kind, effect)] = session.told()
        self.assertEqual((kind, "hold too much" in effect), ("missed", True))

"""
Tests for L{vaurien_twisted.wire.http.errors}.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.http.errors import ROWS, compose
from vaurien_twisted.wire.http.protocol import HTTP, HTTPOptions


def asked(fields: bytes = b"", method: str = "GET", version: bytes = b"1.1") -> Exchange:
    """
    A request with these fields.
    """
    head = method.encode() + b" / HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n"
    return Exchange(1, method, "/", head)


class FakeSocket:
    """
    What C{http.client} reads a reply from.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BytesIO:
        """
        The reply as a file.
        """
        return io.BytesIO(self.data)


class RefusalTests(SynchronousTestCase):
    """
    Refusals are whole responses.
    """

    def refuse(self, exchange: Exchange, code: str = "503", message: str = "") -> Reply:
        """
        The refusal with a preset, or with a free code.
        """
        error = HTTP().errors.get(code) if not message else None
        reply = HTTP().encodeError(exchange, error or WireError(code, message, ""))
        assert reply is not None
        return reply

    def parse(self, reply: Reply, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
        """
        The refusal as an independent client reads it, and its body; nothing may be left.
        """
        sock = cast(socket.socket, FakeSocket(reply.data))
        response = http.client.HTTPResponse(sock, method=method)
        response.begin()
        body = response.read()
        if response.fp is not None:
            self.assertEqual(response.fp.read(), b"")
        return response, body

    def test_presets(self) -> None:
        """
        Which there are, which are transient, and that each says what it is.
        """
        wire = HTTP()
        self.assertEqual(
            {row.code for row in ROWS},
            {"408", "413", "421", "429", "500", "501", "502", "503", "504"},
        )
        transient = {code for code, error in wire.errors.items() if error.transient}
        usual = {"500", "502", "503", "504"}
        self.assertEqual(transient, usual | {"ABORTED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"})
        self.assertEqual({error.code for error in wire.transientErrors(asked())}, usual)
        for code, error in ((row.code, row) for row in ROWS):
            self.assertIs(wire.errors[code], error)
            self.assertEqual(code, error.code)
            self.assertTrue(error.description.endswith("."), code)
            response, body = self.parse(self.refuse(asked(), code))
            self.assertEqual((str(response.status), response.reason), (code, error.message))
            self.assertEqual(response.headers["Content-Length"], str(len(body)))
            self.assertEqual(body.decode(), f"{code} {error.message}\n")
            self.assertTrue(response.headers["Content-Type"].startswith("text/plain"))

    def test_retryAfter(self) -> None:
        """
        429 and 503 say when to come back, the others do not.
        """
        told = {
            code: self.parse(self.refuse(asked(), code))[0].headers["Retry-After"]
            for code in (row.code for row in ROWS)
        }
        self.assertEqual({code for code, value in told.items() if value}, {"429", "503"})
        self.assertEqual(told["503"], "1")

    def test_keepAlive(self) -> None:
        """
        The connection lasts where the client means it to.
        """
        for fields, version, keeps in (
            (b"", b"1.1", True),
            (b"Connection: keep-alive\r\n", b"1.1", True),
            (b"Connection: Upgrade, Close\r\n", b"1.1", False),
            (b"connection:close\r\n", b"1.1", False),
            (b"Connection: x\r\nConnection: close\r\n", b"1.1", False),
            (b"X-Connection: close\r\nA: Connection: close\r\n", b"1.1", True),
            (b"", b"1.0", False),
            (b"Connection: Keep-Alive\r\n", b"1.0", True),
            (b"Connection: keep-alive, close\r\n", b"1.0", False),
            (b"A: GET / HTTP/1.0\r\n", b"1.1", True),
        ):
            reply = self.refuse(asked(fields, version=version))
            told = self.parse(reply)[0].headers["Connection"]
            case = (fields, version)
            self.assertEqual(told, "keep-alive" if keeps else "close", case)
            self.assertIs(reply.then, ConnectionFate.KEEP if keeps else ConnectionFate.CLOSE, case)
            self.assertFalse(reply.early, case)

    def test_closing(self) -> None:
        """
        A server that has not read the request closes.
        """
        for code in ("400", "408", "413"):
            reply = self.refuse(asked(), code, "x" if code == "400" else "")
            self.assertIs(reply.then, ConnectionFate.CLOSE)
            self.assertIn(b"\r\nConnection: close\r\n", reply.data)

    def test_head(self) -> None:
        """
        The answer to HEAD has the head of that to GET and no body.
        """
        reply, other = self.refuse(asked(method="HEAD")), self.refuse(asked())
        response, body = self.parse(reply, "HEAD")
        self.assertEqual(body, b"")
        self.assertNotEqual(response.headers["Content-Length"], "0")
        self.assertTrue(other.data.startswith(reply.data))
        self.assertIs(reply.then, ConnectionFate.KEEP)

    def test_expect(self) -> None:
        """
        A client that waits for 100 (Continue) is answered before it sends its body.
        """
        fields = b"Content-Length: 5\r\nExpect: 100-Continue\r\n"
        reply = self.refuse(asked(fields, "POST"))
        self.assertTrue(reply.early)
        self.assertIs(reply.then, ConnectionFate.CLOSE)
        self.assertEqual(self.parse(reply)[0].headers["Connection"], "close")
        # RFC 9110, section 10.1.1: not in HTTP/1.0.
        self.assertFalse(self.refuse(asked(fields, "POST", b"1.0")).early)

    def test_connect(self) -> None:
        """
        After a refused tunnel nobody knows what the client's bytes are.
        """
        reply = self.refuse(asked(method="CONNECT"))
        self.assertIs(reply.then, ConnectionFate.CLOSE)
        self.assertNotIn(b"Content-Length", self.refuse(asked(method="CONNECT"), "200", "x").data)

    def test_anyCode(self) -> None:
        """
        Every code is a response that this package's own framer reads to its end.
        """
        for code in range(100, 600):
            for method in ("GET", "HEAD"):
                exchange = asked(method=method)
                reply = self.refuse(exchange, str(code), f"Word {code}")
                self.assertTrue(reply.data.startswith(b"HTTP/1.1 %d Word %d\r\n" % (code, code)))
                turns = [("client", exchange.head), ("backend", reply.data)]
                heard = converse(HTTP().framer(HTTPOptions(), ""), turns)
                if code >= 200 or code == 101:
                    self.assertEqual(heard.replies, {1: reply.data})
                    self.assertEqual(heard.ended, ([1], [1]), code)
                else:
                    self.assertEqual(heard.loose, [b"", reply.data])
                    self.assertIs(reply.then, ConnectionFate.CLOSE)

    def test_noBody(self) -> None:
        """
        204 and 304 have none.
        """
        self.assertNotIn(b"Content-", self.refuse(asked(), "204", "x").data)
        self.assertTrue(self.refuse(asked(), "304", "x").data.endswith(b"\r\n\r\n"))

    def test_message(self) -> None:
        """
        Any message makes one reason phrase; none gets the registered one.
        """
        reply = self.refuse(asked(), "418", "a\r\nSet-Cookie: b\x00 \u20ac \xe9")
        response, body = self.parse(reply)
        self.assertEqual(response.reason, "a Set-Cookie: b  ? \xe9")
        self.assertEqual(body.decode(), "418 a Set-Cookie: b  \u20ac \xe9\n")
        bare = HTTP().encodeError(asked(), WireError("418", "", ""))
        assert bare is not None
        self.assertEqual(self.parse(bare)[0].reason, "I'm a Teapot")
        unknown = HTTP().encodeError(asked(), WireError("599", "", ""))
        assert unknown is not None
        self.assertEqual(self.parse(unknown)[0].reason, "Unknown")

    def test_notSaid(self) -> None:
        """
        Codes that are none, and exchanges that are not HTTP, cannot be answered.
        """
        wire = HTTP()
        for code in ("", "99", "600", "5O3", "503\n", "LOADING", "\u0665\u0660\u0663", "-200"):
            self.assertIsNone(wire.encodeError(asked(), WireError(code, "x", "x")), code)
        self.assertIsNone(wire.encodeError(Exchange(3), HTTP().errors["503"]))
        self.assertEqual(tuple(wire.transientErrors(Exchange(3))), ())

    def test_compose(self) -> None:
        """
        A response may have fields and a body of its own.
        """
        fields = [("content-type", "application/json"), ("X-A", "b")]
        reply = compose(asked(), 503, fields=fields, body=b'{"a": 1}')
        response, body = self.parse(reply)
        self.assertEqual(body, b'{"a": 1}')
        self.assertEqual(response.headers.get_all("Content-Type"), ["application/json"])
        self.assertEqual(response.headers["X-A"], "b")

    def test_fields(self) -> None:
        """
        Fields that were asked for keep to their lines, and replace the usual ones.
        """
        error = WireError(
            "503", "", "", headers=(("X-A", "b\r\nX-C: d"), ("Retry-After", "60")), body="why"
        )
        reply = HTTP().encodeError(asked(), error)
        assert reply is not None
        response, body = self.parse(reply)
        self.assertEqual(response.headers["X-A"], "b X-C: d")
        self.assertEqual(response.headers.get_all("Retry-After"), ["60"])
        self.assertEqual(body, b"why")
        self.assertIs(reply.then, ConnectionFate.KEEP)

    def test_ownFraming(self) -> None:
        """
        Who says how long the body is, or that the connection closes, is believed.
        """
        for field, line in (
            (("content-length", "1"), b"content-length: 1\r\n"),
            (("Connection", "Close"), b"Connection: Close\r\n"),
        ):
            reply = compose(asked(), 503, fields=[field], body=b"whole")
            self.assertIs(reply.then, ConnectionFate.CLOSE)
            name = line.partition(b":")[0].lower()
            self.assertEqual(reply.data.lower().count(b"\n" + name), 1)
            self.assertIn(line, reply.data)

    def test_named(self) -> None:
        """
        A status that can stand alone is a code; others are refused with the nearest.
        """
        wire = HTTP()
        self.assertEqual(wire.parseError("503", "Down").message, "Down")
        self.assertEqual(wire.parseError("418", "").code, "418")
        for code, near in (("100", ""), ("600", "500"), ("slow-header", "slow-headers")):
            refused = self.assertRaises(Refused, wire.parseError, code, "")
            self.assertIn(near, refused.description)
            self.assertIn("200 to 599", refused.description)

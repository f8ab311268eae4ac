"""
Tests for L{vaurien_twisted.wire.http.protocol} with messages that are unusual, but whose
ends RFC 9112 defines: rules go on striking behind them.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.http.test_protocol import GET, OK, SIZES
from tests.wire.support import chunks, converse
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.http.head import HEAD_LIMIT, KEPT_LIMIT
from vaurien_twisted.wire.http.protocol import HTTPFramer

HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def reply(fields: bytes, body: bytes = b"", status: bytes = b"200 OK") -> bytes:
    """
    A reply in HTTP/1.1.
    """
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + body


def request(fields: bytes, body: bytes = b"") -> bytes:
    """
    A request with a body.
    """
    return b"POST /a HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n" + body


BOTH = b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"
LONG = b"X: " + b"y" * (HEAD_LIMIT - 100) + b"\r\n"

REPLIES = (
    reply(BOTH, HELLO),
    reply(b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n", HELLO),
    # Overridden, whatever it says.
    reply(b"Content-Length: none\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n", HELLO),
    reply(b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", b"hello"),
    reply(b"Transfer-Encoding: Identity\r\nContent-Length: 0\r\n"),
    reply(b"Transfer-Encoding:\r\nContent-Length: 5\r\n", b"hello"),
    reply(b"Transfer-Encoding: identity, chunked\r\n", HELLO),
    reply(b"Transfer-Encoding: gzip, chunked\r\n", HELLO),
    reply(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", HELLO),
    reply(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", HELLO),
    reply(b"Transfer-Encoding:\r\n chunked\r\n", HELLO),
    reply(b"Content-Length: 5, 5\r\n", b"hello"),
    reply(b"Content-Length: 5\r\nContent-Length: 05\r\n", b"hello"),
    reply(b"Content-Length: " + b"0" * 40 + b"5\r\n", b"hello"),
    reply(b"Content-Length:\t5 \r\n", b"hello"),
    reply(LONG + b"Content-Length: 5\r\n", b"hello"),
    reply(b"a:b\r\n" * 50_000 + b"Content-Length: 0\r\n"),
    reply(b"Transfer-Encoding: chunked\r\n", b"0" * 40 + b"5;a=b\r\nhello\r\n000\r\n\r\n"),
    reply(b"Transfer-Encoding: chunked\r\n", b"0\r\nA: b\r\n\tc\r\nB: d\r\n\r\n"),
    reply(b"Transfer-Encoding: chunked\r\n", b"0\r\n" + b"A: b\r\n" * 40_000 + b"\r\n"),
    reply(b"Content-Length: 0\r\n", status=b"205 Reset Content"),
    reply(BOTH, status=b"204 No Content"),
    reply(BOTH, status=b"304 Not Modified"),
    reply(b"Upgrade: h2c\r\nContent-Length: 2\r\n", b"no", b"426 Upgrade Required"),
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
)

REQUESTS = (
    request(b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n", b"hello"),
    request(b"Transfer-Encoding: identity\r\n"),
    request(b"Transfer-Encoding: gzip, chunked\r\n", HELLO),
    request(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", HELLO),
    request(b"Content-Length: 5, 5\r\n", b"hello"),
    request(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    request(b"Content-Length: " + b"0" * 40 + b"5\r\n", b"hello"),
    request(b"X: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n", b"hello"),
    request(LONG + b"Content-Length: 5\r\n", b"hello"),
    request(b"a:b\r\n" * 50_000 + b"Content-Length: 5\r\n", b"hello"),
    b"GET /" + b"a" * (HEAD_LIMIT - 100) + b" HTTP/1.1\r\n\r\n",
    request(b"Transfer-Encoding: chunked\r\n", b"0" * 40 + b"5;a=b\r\nhello\r\n000\r\n\r\n"),
    b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /a HTTP/1.1\nHost: a\n\n",
)


def ruled(*rules: dict[str, Any]) -> Pair:
    """
    A link with these rules.
    """
    pair = Pair("http")
    ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("http"))
    pair.factory.setPlan(planFromRules(ruleBuilder, list(rules)))
    return pair


class UnusualTests(SynchronousTestCase):
    """
    The ends of unusual messages.
    """

    def sizes(self, data: bytes) -> tuple[int, ...]:
        """
        In what parts C{data} comes.
        """
        return SIZES if len(data) < 5000 else (0, 3001)

    def test_pitfall29Replies(self) -> None:
        """
        Replies of unusual framing end where the RFC says, and the next follows.
        """
        for each in REPLIES:
            for size in self.sizes(each):
                framer = HTTPFramer()
                turns = (("client", GET * 2), ("backend", each + OK))
                heard = converse(framer, turns, size)
                self.assertEqual((heard.error, framer.opaque), ("", ""), each[:200])
                self.assertEqual(heard.replies, {1: each, 2: OK})
                self.assertEqual(heard.ended, ([1, 2], [1, 2]))

    def test_pitfall29Requests(self) -> None:
        """
        So do requests.
        """
        for each in REQUESTS:
            for size in self.sizes(each):
                framer = HTTPFramer()
                heard = converse(framer, [("client", each + GET)], size)
                self.assertEqual((heard.error, framer.opaque), ("", ""), each[:200])
                self.assertEqual(heard.requests, {1: each, 2: GET})
                self.assertEqual(heard.ended[0], [1, 2])

    def test_pitfall29Strikes(self) -> None:
        """
        A rule strikes behind each of them, and every other byte passes.
        """
        rule = {"behavior": "error", "options": {"code": 503}, "when": {"path": "/struck"}}
        struck = GET.replace(b"/a", b"/struck")
        for each in REPLIES:
            pair = ruled(rule)
            for size in self.sizes(each):
                self.assertEqual(pair.ask(GET), GET)
                back = b"".join(pair.answer(part) for part in chunks(each, size=size))
                self.assertEqual(back, each)
                self.assertEqual(pair.ask(struck), b"")
                self.assertTrue(pair.client.heard().startswith(b"HTTP/1.1 503 "))
        for each in REQUESTS:
            pair = ruled(rule)
            for size in self.sizes(each):
                sent = b"".join(pair.ask(part) for part in chunks(each + struck, size=size))
                self.assertEqual(sent, each)
                self.assertEqual(pair.answer(OK)[: len(OK) + 13], OK + b"HTTP/1.1 503 ")

    def test_pitfall29Refused(self) -> None:
        """
        What the RFC calls faulty is not guessed at.
        """
        for fields in (
            b"Content-Length: +5\r\n",
            b"Content-Length: 5 5\r\n",
            b"Content-Length: 5, 6\r\n",
            b"Transfer-Encoding: gzip\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            # Some servers take these for fields of their own.
            b"X: a\r\n Content-Length: 5\r\n",
            b"Content-Length:\r\n 5\r\n",
            b"Content-Length: 5\r\n 6\r\n",
            b"Transfer-Encoding: x\r\n\tchunked\r\n",
            b"X: a\r\n\tHost: b\r\n",
        ):
            framer = HTTPFramer()
            data = request(fields, b"hello")
            heard = converse(framer, [("client", data)])
            self.assertNotEqual((heard.error, framer.opaque), ("", ""), fields)
            self.assertEqual(heard.loose[0], data)

    def test_bound(self) -> None:
        """
        Of a long head no more is kept than before its exchange was decided.
        """
        framer = HTTPFramer()
        heard = converse(framer, [("client", request(LONG))])
        self.assertEqual(len(heard.exchanges[1].head), KEPT_LIMIT)


class BothTests(SynchronousTestCase):
    """
    Requests with both Transfer-Encoding and Content-Length, after which the server has to
    close the connection: nobody else can say where they end.
    """

    SENT = request(BOTH, HELLO + GET)

    def test_pitfall29Passes(self) -> None:
        """
        All passes, and the reply is the request's own; then nothing more is known.
        """
        for size in SIZES:
            framer = HTTPFramer()
            heard = converse(framer, [("client", self.SENT), ("backend", OK)], size)
            self.assertEqual((heard.error, heard.requests), ("", {1: self.SENT}))
            self.assertEqual((heard.replies, heard.ended), ({1: OK}, ([], [1])))
            self.assertIn("Content-Length", framer.opaque)
            converse(framer, [("client", GET), ("backend", OK * 2)], size, heard)
            self.assertEqual(heard.loose, [GET, OK * 2])

    def test_pitfall29Answered(self) -> None:
        """
        An error at the request is given at once, closes, and nothing reaches the backend:
        not what one reader would take for the next request either.
        """
        for code in ("503", "empty"):
            pair = ruled({"behavior": "error", "options": {"code": code}})
            self.assertEqual(pair.ask(self.SENT), b"")
            told = pair.client.heard()
            self.assertEqual(told[:13], b"HTTP/1.1 503 " if code == "503" else b"")
            self.assertEqual(pair.client.ended, ["lose"])
            self.assertEqual(pair.ask(GET), b"")

    def test_pitfall29Replied(self) -> None:
        """
        At the reply, too: it takes the place of the server's, and closes as that would.
        """
        options = {"code": 503, "at": "reply"}
        pair = ruled({"behavior": "error", "options": options, "when": {"path": "/a"}})
        self.assertEqual(pair.ask(self.SENT), self.SENT)
        self.assertEqual(pair.answer(OK)[:13], b"HTTP/1.1 503 ")
        self.assertEqual(pair.client.ended, ["lose"])

    def test_pitfall29Smuggled(self) -> None:
        """
        What one reader would take for the next request is met by no rule.
        """
        pair = ruled({"behavior": "error", "when": {"path": "/b"}})
        sent = self.SENT + GET.replace(b"/a", b"/b")
        self.assertEqual(pair.ask(sent), sent)
        self.assertEqual(pair.answer(OK * 3), OK * 3)
        self.assertEqual([e["kind"] for e in pair.factory.journal.since()], ["opaque"])

    def test_clientEnds(self) -> None:
        """
        With the client's words the request ends.
        """
        framer = HTTPFramer()
        heard = converse(framer, [("client", self.SENT)])
        [(exchange, data, ends)] = framer.clientEnded()
        self.assertEqual((exchange, data, ends), (heard.exchanges[1], b"", True))
        self.assertEqual(list(framer.clientEnded()), [])

"""
Tests for the framer of HTTP where HTTP/1 ends: upgrades, tunnels,
garbage; and where requests are rewritten.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.test_protocol import CHUNKS, GET, OK, POST, SIZES
from tests.wire.support import Heard, converse
from vaurien_twisted.model.exchange import FramingError
from vaurien_twisted.wire.http.protocol import HTTP, HTTPFramer, HTTPOptions

CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"


class OpaqueTests(SynchronousTestCase):
    """
    Where HTTP/1 ends the bytes pass unread, in both directions.
    """

    def converse(
        self, *turns: tuple[str, bytes], size: int = 0, framer: HTTPFramer | None = None
    ) -> tuple[str, Heard]:
        """
        Why the framer turned opaque, and what was heard.
        """
        framer = framer or HTTPFramer()
        heard = converse(framer, turns, size)
        self.assertEqual(heard.error, "")
        return framer.opaque, heard

    def test_upgrade(self) -> None:
        """
        101 ends the last exchange.
        """
        switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n"
        for size in SIZES:
            opaque, heard = self.converse(
                *(("client", UPGRADE), ("backend", switch + b"\x81\x00")),
                *(("client", b"\x81\x80abcd" + GET), ("backend", OK)),
                size=size,
            )
            self.assertIn("101", opaque)
            self.assertEqual((heard.replies, heard.ended), ({1: switch}, ([1], [1])))
            self.assertEqual(heard.loose, [b"\x81\x80abcd" + GET, b"\x81\x00" + OK])

    def test_upgradeIgnored(self) -> None:
        """
        A server may answer in HTTP/1.1 as if nothing had been asked.
        """
        opaque, heard = self.converse(("client", UPGRADE + GET), ("backend", OK + OK))
        self.assertEqual((opaque, heard.ended), ("", ([1, 2], [1, 2])))

    def test_keptAtUpgrade(self) -> None:
        """
        What was kept of a head when the protocol changed comes out with the next bytes.
        """
        framer = HTTPFramer()
        heard = converse(framer, [("client", UPGRADE + b"GE")])
        converse(framer, [("backend", b"HTTP/1.1 101 X\r\n\r\n"), ("client", b"T")], heard=heard)
        self.assertEqual(heard.loose[0], b"GET")

    def test_connect(self) -> None:
        """
        A tunnel begins with any 2xx, whatever length that claims; the client need not wait.
        """
        reply = b"HTTP/1.1 200 Connected\r\nContent-Length: 10\r\n\r\n"
        for size in SIZES:
            opaque, heard = self.converse(
                *(("client", CONNECT + b"\x16\x03"), ("backend", reply + b"\x15")),
                ("client", GET),
                size=size,
            )
            self.assertIn("CONNECT", opaque)
            self.assertEqual((heard.replies, heard.ended), ({1: reply}, ([1], [1])))
            self.assertEqual(heard.loose, [b"\x16\x03" + GET, b"\x15"])

    def test_connectRefused(self) -> None:
        """
        After a refusal requests go on.
        """
        refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno"
        for size in SIZES:
            opaque, heard = self.converse(
                *(("client", CONNECT), ("backend", refused)),
                *(("client", GET), ("backend", OK)),
                size=size,
            )
            self.assertEqual((opaque, heard.loose), ("", [b"", b""]))
            self.assertEqual(heard.replies, {1: refused, 2: OK})

    def test_connectRefusedTooLate(self) -> None:
        """
        Unless the client had gone on: its bytes could be anything.
        """
        refused = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno"
        for size in SIZES:
            opaque, heard = self.converse(
                ("client", CONNECT + GET), ("backend", refused + OK), ("client", GET), size=size
            )
            self.assertIn("before CONNECT", opaque)
            self.assertEqual((heard.replies, heard.ended), ({1: refused}, ([1], [1])))
            self.assertEqual(heard.loose, [GET + GET, OK])

    def test_http2(self) -> None:
        """
        The preface of HTTP/2, and all that follows.
        """
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04"
        for size in SIZES:
            framer = HTTPFramer(streams=False)
            opaque, heard = self.converse(
                ("client", preface), ("backend", b"\x00\x00"), size=size, framer=framer
            )
            self.assertEqual(opaque, "HTTP/2")
            self.assertEqual((heard.loose, heard.requests), ([preface, b"\x00\x00"], {}))
            self.assertFalse(framer.multiplexing)

    def test_http2Read(self) -> None:
        """
        Where it is read, nothing of it is yielded: another reads on.  The backend may speak
        first.
        """
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04"
        said = [("client", preface), ("backend", b"\x00\x00\x00\x04")]
        for conversation in (said, said[::-1]):
            for size in SIZES:
                framer = HTTPFramer()
                opaque, heard = self.converse(*conversation, size=size, framer=framer)
                self.assertEqual((opaque, b"".join(heard.loose)), ("HTTP/2", b""))
                self.assertTrue(framer.multiplexing)
                self.assertEqual(framer.earlyBytes(), (preface, said[1][1]))

    def test_nullFirst(self) -> None:
        """
        A backend that begins with a NUL while the client speaks HTTP/1 does not speak it.
        """
        for size in SIZES:
            framer = HTTPFramer()
            [(exchange, _, _)] = framer.fromClient(GET)
            self.assertEqual(list(HTTPFramer().fromBackend(b"\x00")), [])
            assert exchange is not None
            framer.expect(exchange)
            garbage = b"\x00\x00" * (size or 1)
            error = self.assertRaises(FramingError, list, framer.fromBackend(garbage))
            self.assertEqual(error.rest, garbage)
            early = HTTPFramer()
            list(early.fromBackend(b"\x00\x01"))
            [(exchange, _, _)] = early.fromClient(GET)
            assert exchange is not None
            early.expect(exchange)
            error = self.assertRaises(FramingError, list, early.fromBackend(b"\x02"))
            self.assertEqual(error.rest, b"\x00\x01\x02")
            ended = HTTPFramer()
            list(ended.fromBackend(b"\x00\x01"))
            self.assertEqual(list(ended.backendEnded()), [(None, b"\x00\x01", False)])

    def test_whileSuspended(self) -> None:
        """
        A direction that was being read notices what the other has learnt.
        """
        framer = HTTPFramer()
        pieces = framer.fromClient(UPGRADE + GET + GET)
        first = next(pieces)[0]
        assert first is not None
        framer.expect(first)
        list(framer.fromBackend(b"HTTP/1.1 101 X\r\n\r\n"))
        self.assertEqual(list(pieces), [(None, GET + GET, False)])


class GarbageTests(SynchronousTestCase):
    """
    What is not HTTP is refused with every byte that was not yet yielded.
    """

    def refused(
        self, framer: HTTPFramer, data: bytes, backend: bool = False
    ) -> tuple[bytes, bytes]:
        """
        What was yielded before the refusal, and what is left.
        """
        yielded = b""
        with self.assertRaises(FramingError) as caught:
            for _, piece, _ in (framer.fromBackend if backend else framer.fromClient)(data):
                yielded += piece
        self.assertTrue(caught.exception.reason)
        self.assertEqual(framer.opaque, caught.exception.reason)
        return yielded, caught.exception.rest

    def test_client(self) -> None:
        """
        Garbage behind a request leaves the request as it was.
        """
        self.assertEqual(self.refused(HTTPFramer(), GET + b"\x00\x01"), (GET, b"\x00\x01"))
        bad = GET.replace(b"Host:", b"Host")
        self.assertEqual(self.refused(HTTPFramer(), GET + bad + GET), (GET, bad + GET))

    def test_parts(self) -> None:
        """
        What was kept is among what is left.
        """
        framer = HTTPFramer()
        self.assertEqual(list(framer.fromClient(b"GET /")), [])
        self.assertEqual(self.refused(framer, b" HTTP\r\nx"), (b"", b"GET / HTTP\r\nx"))
        self.assertEqual(list(framer.fromClient(GET)), [(None, GET, False)])
        self.assertEqual(list(framer.fromBackend(OK)), [(None, OK, False)])

    def test_chunks(self) -> None:
        """
        A body that turns out wrong passes as far as it was right.
        """
        cut = CHUNKS.index(b"0\r\nTrailer")
        bad = CHUNKS[:cut] + b"zz\r\n" + CHUNKS[cut:]
        self.assertEqual(self.refused(HTTPFramer(), bad), (bad[:cut], bad[cut:]))

    def test_backend(self) -> None:
        """
        The same from the backend, with a request waiting or not.
        """
        for data in (b"220 mail.test ESMTP\r\n", b"\x15\x03", b"<html>"):
            for request in (b"", GET):
                framer = HTTPFramer()
                converse(framer, [("client", request)])
                self.assertEqual(self.refused(framer, OK + data, True), (OK, data))


class OverwriteHostTests(SynchronousTestCase):
    """
    With C{overwrite_host_header} the backend reads its own name.
    """

    def test_overwritten(self) -> None:
        """
        Only that field changes on the wire; the exchange keeps the head as the client sent it.
        """
        for size in SIZES:
            framer = HTTP().framer(HTTPOptions(overwrite_host_header=True), "app.test:81")
            heard = converse(
                framer, [("client", GET + POST + CHUNKS), ("backend", OK + OK + OK)], size
            )
            self.assertEqual(
                heard.requests,
                {
                    number: request.replace(b"Host: a\r\n", b"Host: app.test:81\r\n")
                    for number, request in enumerate((GET, POST, CHUNKS), 1)
                },
            )
            self.assertEqual(heard.exchanges[1].head, GET)
            self.assertEqual(heard.ended, ([1, 2, 3], [1, 2, 3]))

    def test_noHost(self) -> None:
        """
        A backend without a host leaves requests as they are.
        """
        framer = HTTP().framer(HTTPOptions(overwrite_host_header=True), "unix:/run/app")
        self.assertEqual(next(framer.fromClient(GET))[1], GET)

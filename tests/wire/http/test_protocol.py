"""
Tests for L{vaurien_twisted.wire.http.protocol} and its framer.
"""

from __future__ import annotations

import subprocess
import sys

from twisted.plugin import IPlugin
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyClass, verifyObject

from tests.wire.support import Heard, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.options import Refused, build, specs, values
from vaurien_twisted.wire.http.protocol import HTTP, HTTPFramer, HTTPOptions

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = (
    b"PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\n0\r\nTrailer: z\r\n\r\n"
)
HEAD = b"HEAD /d HTTP/1.1\r\nHost: a\r\n\r\n"
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKED_OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
SIZES = (0, 1, 3)


class ContractTests(SynchronousTestCase):
    """
    What others rely on.
    """

    def test_interfaces(self) -> None:
        """
        The interfaces are provided.
        """
        verifyClass(IWireProtocol, HTTP)
        verifyObject(IWireProtocol, HTTP())
        verifyObject(IPlugin, HTTP())
        verifyObject(IFramer, HTTPFramer())
        verifyObject(IFramer, HTTP().framer(HTTPOptions(), "a:1"))

    def test_names(self) -> None:
        """
        Its name, and that the client speaks first.
        """
        self.assertEqual((HTTP.name, HTTP.greets, HTTP.options), ("http", False, HTTPOptions))

    def test_light(self) -> None:
        """
        What only HTTP/2 needs, and takes long to load, is loaded with the first connection of it.
        """
        code = "import sys, vaurien_twisted.wire.http.protocol; print(*sys.modules)"
        words = [sys.executable, "-c", code]
        ended = subprocess.run(words, capture_output=True, text=True, check=True)
        self.assertFalse({"h2", "hpack", "hyperframe"} & set(ended.stdout.split()))

    def test_options(self) -> None:
        """
        Four options, checked.
        """
        self.assertEqual(
            values(HTTPOptions()),
            {
                "overwrite_host_header": False,
                "on_garbage": "opaque",
                "obey_header": False,
                "http2": "read",
            },
        )
        self.assertTrue(all(spec.description for spec in specs(HTTPOptions).values()))
        built = build(HTTPOptions, {"on-garbage": "close", "overwrite-host-header": "yes"}, "http")
        self.assertEqual(built, HTTPOptions(overwrite_host_header=True, on_garbage="close"))
        self.assertRaises(Refused, build, HTTPOptions, {"on_garbage": "burn"}, "http")

    def test_sameObject(self) -> None:
        """
        A chunk that is one piece is passed on as it is, not copied.
        """
        framer = HTTPFramer()
        for message in (GET, POST, CHUNKS):
            ((exchange, data, ends),) = framer.fromClient(message)
            self.assertIs(data, message)
            self.assertTrue(ends)
            assert exchange is not None
            framer.expect(exchange)
        for message in (OK, CHUNKED_OK, EMPTY):
            ((_, data, ends),) = framer.fromBackend(message)
            self.assertIs(data, message)
            self.assertTrue(ends)
        part = b"x" * 1000
        list(framer.fromClient(POST.replace(b"5", b"5000")))
        ((_, data, ends),) = framer.fromClient(part)
        self.assertIs(data, part)
        self.assertFalse(ends)


class FramingTests(SynchronousTestCase):
    """
    Conversations divide into exchanges, however they are cut.
    """

    def hear(self, *turns: tuple[str, bytes], size: int = 0) -> tuple[HTTPFramer, Heard]:
        """
        A conversation with a new framer.
        """
        framer = HTTP().framer(HTTPOptions(), "a:1")
        return framer, converse(framer, turns, size)

    def test_pipeline(self) -> None:
        """
        Requests and replies of every kind in one pipeline, found whole.
        """
        requests = [GET, POST, HEAD, CHUNKS, GET, GET]
        replies = [
            OK,
            CHUNKED_OK,
            OK[:-2],
            EMPTY,
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
        ]
        for size in SIZES:
            framer, heard = self.hear(
                ("client", b"".join(requests)), ("backend", b"".join(replies)), size=size
            )
            self.assertEqual(heard.requests, dict(enumerate(requests, 1)))
            self.assertEqual(heard.replies, dict(enumerate(replies, 1)))
            self.assertEqual(heard.ended, ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]))
            self.assertEqual((heard.loose, heard.error, framer.opaque), ([b"", b""], "", ""))

    def test_description(self) -> None:
        """
        An exchange has method, target and raw head, and none of the body.
        """
        for size in SIZES:
            heard = self.hear(("client", POST), size=size)[1]
            exchange = heard.exchanges[1]
            self.assertEqual((exchange.command, exchange.subject), ("POST", "/b"))
            self.assertEqual(exchange.head, POST[:-5])
            self.assertTrue(exchange.replies)

    def test_asItArrives(self) -> None:
        """
        A body is not waited for.
        """
        framer = HTTPFramer()
        ((first, data, ends),) = framer.fromClient(POST[:-3])
        self.assertEqual((data, ends), (POST[:-3], False))
        self.assertEqual(list(framer.fromClient(b"l")), [(first, b"l", False)])
        pieces = list(framer.fromClient(b"lo" + GET[:5]))
        self.assertEqual(pieces, [(first, b"lo", True)])

    def test_blankLines(self) -> None:
        """
        Blank lines between messages belong to nothing.
        """
        for size in SIZES:
            heard = self.hear(
                ("client", b"\r\n\r\n" + GET + b"\r\n" + POST),
                ("backend", OK + b"\n" + OK),
                size=size,
            )[1]
            self.assertEqual(heard.requests, {1: GET, 2: POST})
            self.assertEqual(heard.replies, {1: OK, 2: OK})
            self.assertEqual(heard.loose, [b"\r\n\r\n\r\n", b"\n"])

    def test_interim(self) -> None:
        """
        Interim replies are not the reply: they belong to no exchange, and pass.
        """
        interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        head = POST[:-5].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        for size in SIZES:
            heard = self.hear(
                *(("client", head), ("backend", interim)),
                *(("client", b"hello" + GET), ("backend", OK + EMPTY)),
                size=size,
            )[1]
            self.assertEqual(heard.requests, {1: head + b"hello", 2: GET})
            self.assertEqual(heard.replies, {1: OK, 2: EMPTY})
            self.assertEqual(heard.loose, [b"", interim])
            self.assertEqual(heard.ended, ([1, 2], [1, 2]))

    def test_untilClose(self) -> None:
        """
        A reply without a length ends with the connection, once.
        """
        reply = b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        for size in SIZES:
            framer, heard = self.hear(("client", GET), ("backend", reply), size=size)
            self.assertEqual((heard.replies, heard.ended[1]), ({1: reply}, []))
            self.assertEqual(list(framer.backendEnded()), [(heard.exchanges[1], b"", True)])
            self.assertEqual(list(framer.backendEnded()), [])

    def test_truncated(self) -> None:
        """
        Ends in the middle: what was kept is yielded, nothing is said to be whole.
        """
        framer, heard = self.hear(("client", GET + POST[:10]), ("backend", OK[:20]))
        take(heard, framer, framer.clientEnded(), False)
        take(heard, framer, framer.backendEnded(), True)
        self.assertEqual((heard.loose[0], heard.replies[1]), (POST[:10], OK[:20]))
        self.assertEqual(heard.ended, ([1], []))
        framer, heard = self.hear(("client", POST[:-1]), ("backend", CHUNKED_OK[:-1]))
        self.assertEqual([*framer.clientEnded(), *framer.backendEnded()], [])
        self.assertEqual(heard.ended, ([], []))

    def test_unasked(self) -> None:
        """
        A reply to nothing belongs to nothing, and the next one to the next request.
        """
        late = b"HTTP/1.1 408 Request Time-out\r\nContent-Length: 3\r\n\r\nbye"
        for size in SIZES:
            heard = self.hear(
                *(("client", GET), ("backend", OK + late)),
                *(("client", GET), ("backend", EMPTY)),
                size=size,
            )[1]
            self.assertEqual(heard.replies, {1: OK, 2: EMPTY})
            self.assertEqual(heard.loose, [b"", late])

    def test_notExpected(self) -> None:
        """
        A request that was not passed on gets none of the backend's replies.
        """
        framer = HTTPFramer()
        exchanges = [exchange for exchange, _, _ in framer.fromClient(HEAD + CONNECT + GET)]
        self.assertEqual(
            [exchange and exchange.command for exchange in exchanges], ["HEAD", "CONNECT", "GET"]
        )
        assert exchanges[2] is not None
        framer.expect(exchanges[2])
        self.assertEqual(list(framer.fromBackend(OK)), [(exchanges[2], OK, True)])

    def test_earlyReply(self) -> None:
        """
        A reply may come before the request is complete.
        """
        heard = self.hear(("client", POST[:-2]), ("backend", OK), ("client", POST[-2:] + GET))[1]
        self.assertEqual(heard.requests, {1: POST, 2: GET})
        self.assertEqual(heard.ended, ([1, 2], [1]))

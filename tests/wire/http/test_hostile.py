"""
Hostile and random input for the HTTP framer.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import Heard, chunks, take
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.wire.http.head import HEAD_LIMIT
from vaurien_twisted.wire.http.protocol import HTTPFramer

QUICK = settings(max_examples=80, deadline=None, derandomize=True)

TOKENS = st.text("abcXYZ-_.!", min_size=1, max_size=8).map(lambda word: f"X-{word}".encode())
VALUES = st.text("abc:;, \t=\"'\xe9", max_size=20).map(lambda word: word.encode("latin-1"))
ENDS = st.sampled_from([b"\r\n", b"\n"])
BODIES = st.binary(max_size=60) | st.sampled_from([b"\r\n\r\n", b"0\r\n\r\n", b"HTTP/1.1 "])


@st.composite
def chunked(draw: st.DrawFn) -> bytes:
    """
    A body in chunks.
    """
    end = draw(ENDS)
    body = b""
    for chunk in draw(st.lists(BODIES.filter(bool), max_size=4)):
        extension = draw(st.sampled_from([b"", b";a", b';a="b c"', b" ; d=e"]))
        body += b"%x" % len(chunk) + extension + end + chunk + end
    trailers = draw(st.lists(TOKENS, max_size=2))
    return body + b"0" + end + b"".join(name + b": v" + end for name in trailers) + end


@st.composite
def message(draw: st.DrawFn, start: bytes, bodied: bool = True, ends: bool = True) -> bytes:
    """
    A request or reply that begins with the line C{start}.
    """
    end = draw(ENDS)
    head = start + end
    for name in draw(st.lists(TOKENS, max_size=3)):
        head += name + b":" + draw(VALUES) + end
    if bodied and draw(st.booleans()):
        return head + b"Transfer-Encoding: chunked" + end + end + draw(chunked())
    if bodied and (ends or draw(st.booleans())):
        body = draw(BODIES)
        return head + b"content-length: %d" % len(body) + end + end + body
    return head + end


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """
    A valid request, all that is said to it, and the reply which ends that.
    """
    method = draw(st.sampled_from([b"GET", b"HEAD", b"POST", b"x-odd"]))
    request = draw(message(method + b" /p?q HTTP/1.1", draw(st.booleans()), False))
    status = draw(st.sampled_from([b"200 OK", b"204 No Content", b"304 ", b"503"]))
    bodied = method != b"HEAD" and status[:1] + status[2:3] not in (b"24", b"34")
    reply = draw(message(b"HTTP/1.1 " + status, bodied))
    said = reply
    for _ in range(draw(st.integers(0, 2))):
        said = draw(message(b"HTTP/1.1 100 Continue", False)) + said
    return request, said, reply


CUTS = st.lists(st.integers(0, 2000), max_size=12)


class RandomTests(SynchronousTestCase):
    """
    Properties of random streams.
    """

    @QUICK
    @given(st.lists(pairs(), min_size=1, max_size=5), CUTS, CUTS)
    def test_anyPipeline(
        self, pipeline: list[tuple[bytes, bytes, bytes]], cuts: list[int], others: list[int]
    ) -> None:
        """
        Any valid pipeline divides into its messages, however it is cut.
        """
        framer, heard = HTTPFramer(), Heard()
        for part in chunks(b"".join(request for request, _, _ in pipeline), cuts):
            take(heard, framer, framer.fromClient(part), False)
        for part in chunks(b"".join(said for _, said, _ in pipeline), others):
            take(heard, framer, framer.fromBackend(part), True)
        self.assertEqual(heard.error, "")
        self.assertEqual(heard.requests, {n: q for n, (q, _, _) in enumerate(pipeline, 1)})
        self.assertEqual(heard.replies, {n: a for n, (_, _, a) in enumerate(pipeline, 1)})
        interim = b"".join(said.removesuffix(reply) for _, said, reply in pipeline)
        self.assertEqual(heard.loose, [b"", interim])
        numbers = list(range(1, len(pipeline) + 1))
        self.assertEqual(heard.ended, (numbers, numbers))

    @QUICK
    @given(st.data())
    def test_anyGarbage(self, data: st.DataObject) -> None:
        """
        Valid messages with random damage raise nothing but L{FramingError}, and every
        byte comes out once and in order.
        """
        framer = HTTPFramer()
        seen: set[Exchange] = set()
        streams = []
        for side in (0, 1):
            stream = b"".join(pair[side] for pair in data.draw(st.lists(pairs(), max_size=3)))
            place = data.draw(st.integers(0, len(stream)))
            until = data.draw(st.integers(place, min(len(stream), place + 5)))
            streams.append(stream[:place] + data.draw(st.binary(max_size=30)) + stream[until:])
        for give, end, stream in (
            (framer.fromClient, framer.clientEnded, streams[0]),
            (framer.fromBackend, framer.backendEnded, streams[1]),
        ):
            parts = list(chunks(stream, data.draw(CUTS)))
            out = b"".join(self.take(framer, give(part), seen) for part in parts)
            self.assertEqual(out + self.take(framer, end(), seen), stream)

    def take(self, framer: HTTPFramer, pieces: Iterator[Piece], seen: set[Exchange]) -> bytes:
        """
        All bytes that come out; every request is passed on.
        """
        out = b""
        try:
            for exchange, data, _ in pieces:
                out += data
                if exchange is not None and exchange not in seen:
                    seen.add(exchange)
                    framer.expect(exchange)
        except FramingError as error:
            out += error.rest
        return out


class HostileTests(SynchronousTestCase):
    """
    What an attacker sends ends in a refusal, and costs bounded memory.
    """

    def feed(self, parts: Iterable[bytes], backend: bool = False) -> tuple[int, int, str]:
        """
        How much was given until the refusal, the most memory in use, and the reason.
        """
        framer = HTTPFramer()
        give = framer.fromBackend if backend else framer.fromClient
        given = 0
        tracemalloc.start()
        try:
            for part in parts:
                given += len(part)
                for exchange, _, _ in give(part):
                    if exchange is not None and exchange.number > 1:
                        self.fail("one message became two")
        except FramingError as error:
            return given, tracemalloc.get_traced_memory()[1], error.reason
        finally:
            tracemalloc.stop()
        return given, 0, "was not refused"

    def check(self, start: bytes, part: bytes, most: int, backend: bool = False) -> None:
        """
        C{start} and then C{part} for ever is refused after C{most} bytes, in
        parts and in one.
        """
        stream = [start] + [part] * 60_000
        given, memory, reason = self.feed(stream, backend)
        self.assertLess(given, most + len(part), reason)
        self.assertLess(memory, 6 * HEAD_LIMIT)
        *_, again = self.feed([b"".join(stream)], backend)
        self.assertNotEqual(again, "was not refused")

    def test_endlessHead(self) -> None:
        """
        A line without end, a head without end, of requests and of replies.
        """
        bound = HEAD_LIMIT + 1
        self.check(b"GET /", b"a" * 100, bound)
        self.check(b"GET / HTTP/1.1\r\nX: ", b"a" * 100, bound)
        self.check(b"GET / HTTP/1.1\r\n", b"X: y\r\n", bound)
        self.check(b"HTTP/1.1 200 ", b"a" * 100, bound, True)
        self.check(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", bound, True)

    def test_millionFields(self) -> None:
        """
        A million fields in one chunk.
        """
        head = b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 1_000_000 + b"\r\n"
        self.assertIn(str(HEAD_LIMIT), self.feed([head])[2])
        self.assertIn(str(HEAD_LIMIT), self.feed([b"HTTP/1.1 200 OK" + head[14:]], True)[2])

    def test_byteByByte(self) -> None:
        """
        A head that comes a byte at a time is refused at the bound, to the byte.
        """
        head = b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 56_000
        given, memory, _ = self.feed(b"%c" % byte for byte in head)
        self.assertEqual(given, HEAD_LIMIT)
        self.assertLess(memory, 6 * HEAD_LIMIT)

    def test_chunks(self) -> None:
        """
        Sizes, extensions and trailers without end or sense.
        """
        for start, backend in (
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        ):
            bound = HEAD_LIMIT + 200
            self.check(start + b"1;", b"e" * 100, bound, backend)
            self.check(start, b"0" * 100, bound, backend)
            self.check(start + b"0\r\n", b"A: b\r\n", bound, backend)
            for line in (b"10000000000000000", b"-1", b"ffffffffffffffff", b"+1", b" 1", b""):
                self.assertIn("chunk", self.feed([start + line + b"\r\n"], backend)[2])

    def test_lengths(self) -> None:
        """
        Lengths that no body can have.
        """
        for value in (b"-1", b"18446744073709551616", b"1e3", b"9" * 60000):
            fields = b"\r\nContent-Length: " + value + b"\r\n\r\n"
            self.assertIn("Content-Length", self.feed([b"POST / HTTP/1.1" + fields])[2])
            self.assertIn("Content-Length", self.feed([b"HTTP/1.1 200 OK" + fields], True)[2])

    def test_blankLines(self) -> None:
        """
        Blank lines without end pass; nothing of them is kept.
        """
        framer = HTTPFramer()
        flood = b"\r\n" * 100_000
        self.assertEqual(list(framer.fromClient(flood)), [(None, flood, False)])
        self.assertEqual(list(framer.clientEnded()), [])

    def test_largeBodies(self) -> None:
        """
        A body of many megabytes costs no memory beside the chunk at hand.
        """
        part = b"x" * 65536
        for start, unit in (
            (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", part),
            (
                b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"10000\r\n" + part + b"\r\n",
            ),
        ):
            framer = HTTPFramer()
            list(framer.fromClient(start))
            tracemalloc.start()
            for _ in range(200):
                for _, piece, _ in framer.fromClient(unit):
                    self.assertEqual(len(piece), len(unit))
            memory = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.assertLess(memory, 65536)

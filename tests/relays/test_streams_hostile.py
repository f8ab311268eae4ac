"""
Tests of ends that break the rules of HTTP/2, or send more than they may.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable

from hpack import Encoder
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.wire.http2 import floods
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.frames import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    framesIn,
)
from vaurien_twisted.wire.http2.header_blocks import plain

REQUEST = plain(
    [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a")]
)
REPLY = plain([(b":status", b"200")])
EMPTY = frame(SETTINGS, 0, 0, b"")
#: END_STREAM and END_HEADERS.
LAST = 0x5
BEGIN = PREFACE + EMPTY
ASK = frame(HEADERS, LAST, 1, REQUEST)
OPEN = frame(HEADERS, 0x4, 1, REQUEST)
WORD = b"\x00\x00\x00\x01"


def setting(name: int, value: int) -> bytes:
    """
    SETTINGS with one of them.
    """
    return frame(SETTINGS, 0, 0, name.to_bytes(2, "big") + value.to_bytes(4, "big"))


#: What a client may not send after its first SETTINGS, and the code that answers it.
CLIENT = {
    "DATA on no stream": (frame(DATA, 0, 0, b"x"), "PROTOCOL_ERROR"),
    "DATA on an idle stream": (frame(DATA, 0, 5, b"x"), "PROTOCOL_ERROR"),
    "padding as long as the frame": (OPEN + frame(DATA, 0x8, 1, b"\x05abcd"), "PROTOCOL_ERROR"),
    "too long a frame": (OPEN + frame(DATA, 0, 1, b"x" * 16385), "FRAME_SIZE_ERROR"),
    "too long HEADERS": (frame(HEADERS, LAST, 1, b"x" * 20000), "FRAME_SIZE_ERROR"),
    "HEADERS on no stream": (frame(HEADERS, LAST, 0, REQUEST), "PROTOCOL_ERROR"),
    "HEADERS on an even stream": (frame(HEADERS, LAST, 2, REQUEST), "PROTOCOL_ERROR"),
    "HEADERS after the end": (ASK + ASK, "STREAM_CLOSED"),
    "PRIORITY of 4 bytes": (frame(PRIORITY, 0, 1, WORD), "FRAME_SIZE_ERROR"),
    "PRIORITY on no stream": (frame(PRIORITY, 0, 0, WORD + b"\x00"), "PROTOCOL_ERROR"),
    "RST_STREAM on no stream": (frame(RST_STREAM, 0, 0, WORD), "PROTOCOL_ERROR"),
    "RST_STREAM on an idle stream": (frame(RST_STREAM, 0, 5, WORD), "PROTOCOL_ERROR"),
    "RST_STREAM of 3 bytes": (ASK + frame(RST_STREAM, 0, 1, b"abc"), "FRAME_SIZE_ERROR"),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1, b""), "PROTOCOL_ERROR"),
    "SETTINGS of 5 bytes": (frame(SETTINGS, 0, 0, b"abcde"), "FRAME_SIZE_ERROR"),
    "an acknowledgement with content": (frame(SETTINGS, 1, 0, b"a" * 6), "FRAME_SIZE_ERROR"),
    "ENABLE_PUSH of 2": (setting(2, 2), "PROTOCOL_ERROR"),
    "INITIAL_WINDOW_SIZE of 2^31": (setting(4, 2**31), "FLOW_CONTROL_ERROR"),
    "MAX_FRAME_SIZE of 16383": (setting(5, 16383), "PROTOCOL_ERROR"),
    "MAX_FRAME_SIZE of 2^24": (setting(5, 2**24), "PROTOCOL_ERROR"),
    "PUSH_PROMISE": (ASK + frame(PUSH_PROMISE, 4, 1, WORD + REPLY), "PROTOCOL_ERROR"),
    "PING of 7 bytes": (frame(PING, 0, 0, b"a" * 7), "FRAME_SIZE_ERROR"),
    "PING on a stream": (ASK + frame(PING, 0, 1, b"a" * 8), "PROTOCOL_ERROR"),
    "GOAWAY on a stream": (ASK + frame(GOAWAY, 0, 1, b"a" * 8), "PROTOCOL_ERROR"),
    "GOAWAY of 7 bytes": (frame(GOAWAY, 0, 0, b"a" * 7), "FRAME_SIZE_ERROR"),
    "WINDOW_UPDATE of 3 bytes": (frame(WINDOW_UPDATE, 0, 0, b"abc"), "FRAME_SIZE_ERROR"),
    "WINDOW_UPDATE of nothing": (frame(WINDOW_UPDATE, 0, 0, b"\x00" * 4), "PROTOCOL_ERROR"),
    "WINDOW_UPDATE on an idle stream": (frame(WINDOW_UPDATE, 0, 5, WORD), "PROTOCOL_ERROR"),
    "a window above 2^31-1": (
        frame(WINDOW_UPDATE, 0, 0, (2**31 - 1).to_bytes(4, "big")),
        "FLOW_CONTROL_ERROR",
    ),
    "CONTINUATION alone": (frame(CONTINUATION, 4, 1, REQUEST), "PROTOCOL_ERROR"),
    "a header block that is interrupted": (
        frame(HEADERS, 1, 1, REQUEST) + frame(PING, 0, 0, b"a" * 8),
        "PROTOCOL_ERROR",
    ),
    "a header block that another interrupts": (
        frame(HEADERS, 1, 1, REQUEST) + frame(CONTINUATION, 4, 3, b""),
        "PROTOCOL_ERROR",
    ),
    "DATA within a header block": (
        frame(HEADERS, 1, 1, REQUEST) + frame(DATA, 0, 1, b"x"),
        "PROTOCOL_ERROR",
    ),
    "a block of an unknown index": (frame(HEADERS, LAST, 1, b"\xff\xff\x7f"), "COMPRESSION_ERROR"),
    "a block that breaks off": (frame(HEADERS, LAST, 1, b"\x40\x7f"), "COMPRESSION_ERROR"),
    "a block with bad Huffman code": (
        frame(HEADERS, LAST, 1, b"\x40\x84\xff\xff\xff\xff\x01a"),
        "COMPRESSION_ERROR",
    ),
    "too large a dynamic table": (
        frame(HEADERS, LAST, 1, b"\x3f\xff\xff\x07"),
        "COMPRESSION_ERROR",
    ),
    "more DATA than the window": (
        OPEN + frame(DATA, 0, 1, b"x" * 16384) * 4,
        "FLOW_CONTROL_ERROR",
    ),
    "DATA after the end": (ASK + frame(DATA, 0, 1, b"x"), "STREAM_CLOSED"),
    "DATA on a stream that nobody has promised": (frame(DATA, 0, 2, b"x"), "PROTOCOL_ERROR"),
    "RST_STREAM on a stream that nobody has promised": (
        frame(RST_STREAM, 0, 2, WORD),
        "PROTOCOL_ERROR",
    ),
    "HEADERS on a stream that was skipped": (
        frame(HEADERS, LAST, 5, REQUEST) + frame(HEADERS, LAST, 3, REQUEST),
        "PROTOCOL_ERROR",
    ),
    "HEADERS on a stream that was reset": (
        OPEN + frame(RST_STREAM, 0, 1, WORD) + frame(HEADERS, LAST, 1, REQUEST),
        "PROTOCOL_ERROR",
    ),
    "HEADERS with too long padding": (
        frame(HEADERS, LAST | 0x8, 1, bytes((len(REQUEST) + 1,)) + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "CONTINUATION on no stream": (frame(CONTINUATION, 4, 0, REQUEST), "PROTOCOL_ERROR"),
    "CONTINUATION after the end of a block": (
        ASK + frame(CONTINUATION, 4, 1, REQUEST),
        "PROTOCOL_ERROR",
    ),
    "an unknown frame within a header block": (
        frame(HEADERS, 1, 1, REQUEST) + frame(0x55, 0, 1, b""),
        "PROTOCOL_ERROR",
    ),
    "HEADERS within a header block": (
        frame(HEADERS, 1, 1, REQUEST) + frame(HEADERS, LAST, 3, REQUEST),
        "PROTOCOL_ERROR",
    ),
    "RST_STREAM of 5 bytes": (ASK + frame(RST_STREAM, 0, 1, b"abcde"), "FRAME_SIZE_ERROR"),
    "an INITIAL_WINDOW_SIZE of 2^31 before another": (
        frame(SETTINGS, 0, 0, b"\x00\x04\x80\x00\x00\x00\x00\x04\x00\x00\xff\xff"),
        "FLOW_CONTROL_ERROR",
    ),
    "WINDOW_UPDATE of 5 bytes on a stream": (
        OPEN + frame(WINDOW_UPDATE, 0, 1, b"abcde"),
        "FRAME_SIZE_ERROR",
    ),
}

#: The same of a backend that was asked on stream 1.
BACKEND = {
    "HEADERS on an idle stream": (frame(HEADERS, LAST, 3, REPLY), "PROTOCOL_ERROR"),
    "DATA on an idle stream": (frame(DATA, 1, 3, b"x"), "PROTOCOL_ERROR"),
    "DATA on no stream": (frame(DATA, 1, 0, b"x"), "PROTOCOL_ERROR"),
    "RST_STREAM on an idle stream": (frame(RST_STREAM, 0, 3, WORD), "PROTOCOL_ERROR"),
    "too long a frame": (frame(DATA, 0, 1, b"x" * 16385), "FRAME_SIZE_ERROR"),
    "more DATA than the window": (frame(DATA, 0, 1, b"x" * 16384) * 4, "FLOW_CONTROL_ERROR"),
    "a malformed block": (frame(HEADERS, LAST, 1, b"\xff\xff\x7f"), "COMPRESSION_ERROR"),
    "HEADERS on a stream that it has not promised": (
        frame(HEADERS, LAST, 2, REPLY),
        "PROTOCOL_ERROR",
    ),
    "DATA on a stream that it has not promised": (frame(DATA, 1, 2, b"x"), "PROTOCOL_ERROR"),
    "WINDOW_UPDATE on a stream that it has not promised": (
        frame(WINDOW_UPDATE, 0, 2, WORD),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE of an odd stream": (
        frame(PUSH_PROMISE, 4, 1, b"\x00\x00\x00\x05" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE of stream 0": (
        frame(PUSH_PROMISE, 4, 1, b"\x00\x00\x00\x00" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE of a stream twice": (
        frame(PUSH_PROMISE, 4, 1, b"\x00\x00\x00\x02" + REQUEST) * 2,
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE on no stream": (
        frame(PUSH_PROMISE, 4, 0, b"\x00\x00\x00\x02" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE on an idle stream": (
        frame(PUSH_PROMISE, 4, 3, b"\x00\x00\x00\x02" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE on a pushed stream": (
        frame(PUSH_PROMISE, 4, 1, b"\x00\x00\x00\x02" + REQUEST)
        + frame(PUSH_PROMISE, 4, 2, b"\x00\x00\x00\x04" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "PUSH_PROMISE with too long padding": (
        frame(PUSH_PROMISE, 0xC, 1, b"\x40\x00\x00\x00\x02" + REQUEST),
        "PROTOCOL_ERROR",
    ),
    "a header block that is interrupted": (
        frame(HEADERS, 0, 1, REPLY) + frame(DATA, 1, 1, b"x"),
        "PROTOCOL_ERROR",
    ),
    "SETTINGS of 5 bytes": (frame(SETTINGS, 0, 0, b"abcde"), "FRAME_SIZE_ERROR"),
    "PING of 7 bytes": (frame(PING, 0, 0, b"a" * 7), "FRAME_SIZE_ERROR"),
    "GOAWAY on a stream": (frame(GOAWAY, 0, 1, b"a" * 8), "PROTOCOL_ERROR"),
    "WINDOW_UPDATE of nothing": (frame(WINDOW_UPDATE, 0, 0, b"\x00" * 4), "PROTOCOL_ERROR"),
}

#: What a backend may not send on stream 1, whose request has not ended, after its reply has.
ENDED = {
    "DATA": (frame(DATA, 0, 1, b"x"), "STREAM_CLOSED"),
    "HEADERS": (frame(HEADERS, LAST, 1, REPLY), "STREAM_CLOSED"),
}


class HostileCase(SynchronousTestCase):
    """
    A test of an end that does what it may not.
    """

    def link(self) -> Pair:
        """
        A link whose ends have sent SETTINGS.
        """
        pair = Pair("http")
        pair.ask(BEGIN)
        pair.answer(EMPTY)
        return pair

    def ended(self, pair: Pair, data: bytes, code: str, what: str = "") -> None:
        """
        The last frame is GOAWAY with a code, and the connection is closed.
        """
        frames = [each for each in framesIn(data) if each[0] == GOAWAY]
        self.assertEqual(
            [int.from_bytes(content[4:8], "big") for _, _, _, content in frames],
            [CODES[code]],
            what,
        )
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))
        self.assertEqual(pair.factory.memory.held, 0)

    def tooMany(self, pieces: Iterable[bytes], most: int) -> None:
        """
        The client is told to calm down after C{most} pieces, and not before half of them.
        """
        pair = self.link()
        count = 0
        for piece in pieces:
            count += 1
            pair.relay.dataReceived(piece)
            pair.backend.heard()
            if pair.client.ended:
                break
        self.ended(pair, pair.client.heard(), "ENHANCE_YOUR_CALM")
        self.assertTrue(most / 2 < count <= most, count)


class BrokenTests(HostileCase):
    """
    Rules of RFC 9113, sections 4 to 6.
    """

    def test_client(self) -> None:
        """
        A client that breaks one is told so; the backend is told that the client is gone.
        """
        for what, (data, code) in CLIENT.items():
            for size in (len(data), 1):
                pair = self.link()
                for at in range(0, len(data), size):
                    pair.relay.dataReceived(data[at : at + size])
                self.ended(pair, pair.client.heard(), code, what)
                sent = list(framesIn(pair.backend.heard()))
                self.assertEqual(sent[-1][0], GOAWAY)

    def test_backend(self) -> None:
        """
        A backend that breaks one is told so; the client is told of an internal error.
        """
        for what, (data, code) in BACKEND.items():
            for size in (len(data), 1):
                pair = self.link()
                pair.ask(ASK)
                for at in range(0, len(data), size):
                    pair.backendProtocol.dataReceived(data[at : at + size])
                self.ended(pair, pair.backend.heard(), code, what)
                *_, (kind, _, _, content) = framesIn(pair.client.heard())
                self.assertEqual((kind, content[4:8]), (GOAWAY, b"\x00\x00\x00\x02"))

    def test_ended(self) -> None:
        """
        So is a backend that goes on after the end of its reply.
        """
        for what, (data, code) in ENDED.items():
            pair = self.link()
            pair.ask(OPEN)
            pair.answer(frame(HEADERS, LAST, 1, REPLY))
            pair.answer(data)
            self.ended(pair, pair.backend.heard(), code, what)

    def test_preface(self) -> None:
        """
        A preface that is not HTTP/2's, and a first frame that is not SETTINGS.
        """
        for data in (PREFACE[:-1] + b"x" + EMPTY, PREFACE + frame(PING, 0, 0, b"a" * 8)):
            pair = Pair("http")
            pair.ask(data)
            first, *_, (kind, _, _, content) = framesIn(pair.client.heard())
            self.assertEqual((first[0], kind, content[4:8]), (SETTINGS, GOAWAY, WORD))
        pair = Pair("http")
        pair.ask(BEGIN)
        pair.answer(frame(PING, 0, 0, b"a" * 8))
        self.assertEqual(pair.client.ended, ["lose"])

    def test_told(self) -> None:
        """
        The journal says what was wrong.
        """
        pair = self.link()
        pair.relay.dataReceived(CLIENT["PUSH_PROMISE"][0])
        journal = [each for each in pair.factory.journal.since() if each["kind"] == "garbage"]
        self.assertEqual(journal[0]["reason"], "the client has sent PUSH_PROMISE")

    def test_legal(self) -> None:
        """
        What is unusual and legal passes: unknown types, empty header blocks in many frames,
        padding, SETTINGS that nobody knows, frames on streams that are over.
        """
        pair = self.link()
        parts = [REQUEST[at : at + 3] for at in range(0, len(REQUEST), 3)]
        block = frame(HEADERS, 0x1, 1, parts[0]) + b"".join(
            frame(CONTINUATION, 0x4 if part is parts[-1] else 0, 1, part) for part in parts[1:]
        )
        data = b"".join(
            (
                frame(0x77, 3, 0, b"anything"),
                setting(0x99, 5),
                block,
                frame(HEADERS, 0x2C, 3, b"\x02" + b"\x00\x00\x00\x01\x10" + REQUEST + b"\x00\x00"),
                frame(DATA, 0x9, 3, b"\x03abc\x00\x00\x00"),
                frame(RST_STREAM, 0, 3, WORD),
                frame(WINDOW_UPDATE, 0, 3, WORD),
                frame(PRIORITY, 0, 9, WORD + b"\x00"),
                frame(GOAWAY, 0, 0, b"\x00" * 8 + b"bye"),
            )
        )
        self.assertEqual(pair.ask(data), data)
        reply = frame(HEADERS, 4, 1, REPLY) + frame(DATA, 0xB, 1, b"\x01ab\x00")
        self.assertEqual(pair.answer(reply), reply)
        self.assertEqual(pair.client.ended, [])


class MemoryTests(HostileCase):
    """
    What is kept back has a bound, whatever windows the ends allow each other.
    """

    WIDE = setting(4, 2**30) + frame(WINDOW_UPDATE, 0, 0, (2**30).to_bytes(4, "big"))

    def test_upstream(self) -> None:
        """
        A client is paused whose request is held, and goes on when that is over.
        """
        pair = self.link()
        pair.answer(self.WIDE)
        pair.setBehavior("hang")
        sent = pair.ask(OPEN)
        data = frame(DATA, 0, 1, b"x" * 16384)
        while pair.client.producerState == "producing":
            pair.relay.dataReceived(data)
            sent += pair.backend.heard()
        held = pair.factory.memory.held
        self.assertTrue(7 * 2**20 < held < 9 * 2**20, held)
        pair.setBehavior("dummy")
        sent += pair.backend.heard()
        passed = sum(len(content) for kind, _, _, content in framesIn(sent) if kind == DATA)
        self.assertGreater(passed, 7 * 2**20)
        self.assertEqual((pair.client.producerState, pair.factory.memory.held), ("producing", 0))

    def test_downstream(self) -> None:
        """
        A backend is paused whose reply is held.
        """
        pair = self.link()
        pair.ask(self.WIDE)
        pair.setBehavior("delay", sleep=1, before=False)
        pair.ask(ASK)
        got = pair.answer(frame(HEADERS, 4, 1, REPLY))
        data = frame(DATA, 0, 1, b"x" * 16384)
        while pair.backend.producerState == "producing":
            pair.backendProtocol.dataReceived(data)
            got += pair.client.heard()
        held = pair.factory.memory.held
        self.assertTrue(7 * 2**20 < held < 9 * 2**20, held)
        pair.clock.advance(1)
        got += pair.client.heard()
        passed = sum(len(content) for kind, _, _, content in framesIn(got) if kind == DATA)
        self.assertGreater(passed, 7 * 2**20)
        self.assertEqual((pair.backend.producerState, pair.factory.memory.held), ("producing", 0))

    def test_heads(self) -> None:
        """
        The long heads of streams that wait for their replies are forgotten, though a small block
        may mean one.
        """
        pair = self.link()
        pair.setBehavior("delay", sleep=1, before=False)
        encoder = Encoder()
        fields = [(":method", "GET"), (":path", "/" + "p" * 3000), ("x", "y" * 500)]
        pair.ask(frame(HEADERS, LAST, 1, encoder.encode(fields)))
        for number in range(3, 2001, 2):
            pair.ask(frame(HEADERS, LAST, number, encoder.encode(fields)))
        [link] = pair.factory.links
        told = link.snapshot.recent
        self.assertIn(b"y" * 500, told[-1].head)
        gc.collect()
        exchanges = [each for each in gc.get_objects() if isinstance(each, Exchange)]
        heads = sum(len(each.head) + len(each.subject) for each in exchanges)
        self.assertGreater(len(exchanges), 999)
        self.assertLess(heads, 300_000)

    def test_answers(self) -> None:
        """
        A client that gives no credit for answers, and asks for more.
        """
        pair = self.link()
        builder = RuleBuilder(REGISTRY, wire=pair.factory.wire)
        pair.factory.setPlan(builder.one("error", {"code": "500", "body": "x" * 2**20}))
        for number in range(1, 41, 2):
            pair.relay.dataReceived(frame(HEADERS, LAST, number, REQUEST))
            if pair.client.ended:
                break
        self.assertLess(number, 25)
        self.ended(pair, pair.client.heard(), "ENHANCE_YOUR_CALM")


class FloodTests(HostileCase):
    """
    RFC 9113, section 10.5: too much of what costs little.
    """

    def test_empty(self) -> None:
        """
        Frames that carry nothing.
        """
        most = floods.EMPTY_LIMIT + 1
        for piece in (
            frame(PING, 0, 0, b"a" * 8),
            setting(3, 100),
            frame(PRIORITY, 0, 7, WORD + b"\x00"),
            frame(0x55, 0, 0, b""),
        ):
            self.tooMany((piece for _ in range(2 * most)), most)
        self.tooMany(
            (OPEN if n == 0 else frame(DATA, 0, 1, b"") for n in range(2 * most)), most + 1
        )

    def test_calm(self) -> None:
        """
        As many in more time are nothing unusual.
        """
        pair = self.link()
        for _ in range(2 * floods.EMPTY_LIMIT):
            pair.clock.advance(0.01)
            pair.ask(frame(PING, 0, 0, b"a" * 8))
        self.assertEqual(pair.client.ended, [])

    def test_rapidReset(self) -> None:
        """
        Streams that are reset at once.
        """

        def pieces() -> Iterable[bytes]:
            for number in range(1, 4 * floods.RESETS_LIMIT, 2):
                yield frame(HEADERS, LAST, number, REQUEST) + frame(RST_STREAM, 0, number, WORD)

        self.tooMany(pieces(), floods.RESETS_LIMIT + 1)

    def test_otherwise(self) -> None:
        """
        A client that resets some of very many streams goes on.
        """
        pair = self.link()
        for number in range(1, 8 * floods.RESETS_LIMIT, 2):
            pair.ask(frame(HEADERS, LAST, number, REQUEST))
            if number % 8 == 1:
                pair.ask(frame(RST_STREAM, 0, number, WORD))
            else:
                pair.answer(frame(HEADERS, LAST, number, REPLY))
        self.assertEqual(pair.client.ended, [])

    def test_patience(self) -> None:
        """
        A client that gives up after it has waited, or because of a fault, is no attacker.
        """
        pair = self.link()
        for number in range(1, 4 * floods.RESETS_LIMIT, 2):
            pair.ask(frame(HEADERS, LAST, number, REQUEST))
            pair.clock.advance(1)
            pair.ask(frame(RST_STREAM, 0, number, WORD))
        self.assertEqual(pair.client.ended, [])
        pair.setBehavior("hang")
        for number in range(4 * floods.RESETS_LIMIT + 1, 8 * floods.RESETS_LIMIT, 2):
            pair.ask(frame(HEADERS, LAST, number, REQUEST) + frame(RST_STREAM, 0, number, WORD))
        self.assertEqual(pair.client.ended, [])

    def test_continuations(self) -> None:
        """
        A header block without an end.
        """
        begun = frame(HEADERS, 1, 1, REQUEST)
        for size, most in ((0, floods.PARTS_LIMIT), (16384, floods.BLOCK_LIMIT // 16384)):
            more = frame(CONTINUATION, 0, 1, b"\x00" * size)
            self.tooMany((begun if n == 0 else more for n in range(500)), most + 1)

    def test_bomb(self) -> None:
        """
        A small block that means a large one.
        """
        encoder = Encoder()
        first = encoder.encode([(b":method", b"GET"), (b":path", b"/"), (b"x", b"y" * 4000)])
        pair = self.link()
        pair.ask(frame(HEADERS, LAST, 1, first))
        pair.ask(frame(HEADERS, LAST, 3, b"\xbe" * 8000))
        self.ended(pair, pair.client.heard(), "ENHANCE_YOUR_CALM")

    def test_streams(self) -> None:
        """
        More open streams than any server serves.
        """
        most = floods.STREAMS_LIMIT
        pieces = (frame(HEADERS, LAST, 2 * n + 1, REQUEST) for n in range(most + 10))
        self.tooMany(pieces, most + 1)

    def test_others(self) -> None:
        """
        Other connections of the proxy go on.
        """
        pair = self.link()
        other = pair.factory.buildProtocol(None)
        wire = type(pair.client)()
        other.makeConnection(wire)
        other.dataReceived(BEGIN + OPEN)
        pair.relay.dataReceived(CLIENT["PUSH_PROMISE"][0])
        self.assertEqual((pair.client.ended, wire.ended), (["lose"], []))

    def test_settings(self) -> None:
        """
        Settings that cost memory here are cut.
        """
        pair = self.link()
        self.assertEqual(pair.ask(setting(1, 2**32 - 1)), setting(1, 65536))
        self.assertEqual(pair.answer(setting(5, 2**24 - 1)), setting(5, 2**20))
        self.assertEqual(pair.ask(setting(4, 2**20)), setting(4, 2**20))

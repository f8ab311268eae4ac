"""
What RFC 9113, sections 5 and 6, demands and a proxy can break or let pass: each with its test.
"""

from __future__ import annotations

from importlib import import_module

from h2.settings import SettingCodes
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule
from tests.relays.support import Pair
from tests.relays.test_streams_hostile import (
    ASK,
    BACKEND,
    BEGIN,
    CLIENT,
    EMPTY,
    ENDED,
    LAST,
    OPEN,
    REPLY,
    REQUEST,
    WORD,
    setting,
)
from vaurien_twisted.wire.http2.frames import (
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    framesIn,
    goAway,
    windowUpdate,
)

#: Where tests of a rule stand: C{client:} and C{backend:} are entries of the tables of
#: L{tests.relays.test_streams_hostile}, the others names of tests.
HOSTILE = "tests.relays.test_streams_hostile"
HERE = "tests.relays.test_streams_musts.ProxyTests"
STREAMS = "tests.relays.test_streams"
LIMIT = "tests.relays.test_streams_limit.LimitTests"

#: By section: what must hold, and what tests it.
MUSTS: dict[str, list[tuple[str, list[str]]]] = {
    "5.1": [
        (
            "An idle stream takes HEADERS and PRIORITY only.",
            [
                "client:DATA on an idle stream",
                "client:RST_STREAM on an idle stream",
                "client:WINDOW_UPDATE on an idle stream",
                "client:CONTINUATION alone",
                "backend:DATA on an idle stream",
                "backend:HEADERS on an idle stream",
                "backend:RST_STREAM on an idle stream",
            ],
        ),
        (
            "A stream that is reserved takes neither DATA of the client nor frames before its "
            "promise.",
            [
                "client:DATA on a stream that nobody has promised",
                "client:RST_STREAM on a stream that nobody has promised",
                "backend:HEADERS on a stream that it has not promised",
                "backend:DATA on a stream that it has not promised",
                "backend:WINDOW_UPDATE on a stream that it has not promised",
                f"{HERE}.test_pushed",
            ],
        ),
        (
            "An end that has ended a stream sends no DATA and no HEADERS on it.",
            [
                "client:DATA after the end",
                "client:HEADERS after the end",
                "ended:DATA",
                "ended:HEADERS",
                f"{HERE}.test_struckEnded",
            ],
        ),
        (
            "A stream that was reset takes no further HEADERS of whoever has reset it.",
            ["client:HEADERS on a stream that was reset"],
        ),
        (
            "What is still under way on a stream that the proxy has ended is processed as far as "
            "compression and the connection's window go, and discarded.",
            [f"{STREAMS}_errors.ErrorTests.test_swallowed", f"{HERE}.test_underWay"],
        ),
        (
            "WINDOW_UPDATE, RST_STREAM and PRIORITY on streams that are over, and PRIORITY on idle "
            "ones, are no errors.",
            [f"{HOSTILE}.BrokenTests.test_legal", f"{HERE}.test_late"],
        ),
    ],
    "5.1.1": [
        ("The client's streams have odd numbers.", ["client:HEADERS on an even stream"]),
        ("The server's streams have even numbers.", ["backend:PUSH_PROMISE of an odd stream"]),
        (
            "Numbers ascend, and are not used again.",
            [
                "client:HEADERS on a stream that was skipped",
                "client:HEADERS after the end",
                "backend:PUSH_PROMISE of a stream twice",
                f"{STREAMS}_waiting.WaitingTests.test_delay",
            ],
        ),
    ],
    "5.1.2": [
        ("A stream that is too many is refused.", [f"{LIMIT}.test_refuses"]),
        ("The limit of each end reaches the other.", [f"{LIMIT}.test_backendChanges"]),
        ("There is a limit in any case.", [f"{HOSTILE}.FloodTests.test_streams"]),
    ],
    "5.2": [
        (
            "Nobody gets more DATA than the windows of the stream and of the connection allow.",
            [
                f"{STREAMS}_errors.ErrorTests.test_window",
                f"{STREAMS}_errors.ErrorTests.test_untaken",
                f"{HERE}.test_ownData",
                "client:more DATA than the window",
                "backend:more DATA than the window",
            ],
        ),
        (
            "Credit reaches the sender, also of what goes nowhere.",
            [
                f"{STREAMS}_waiting.WaitingTests.test_credit",
                f"{STREAMS}_waiting.WaitingTests.test_otherWindow",
                f"{STREAMS}_errors.ErrorTests.test_swallowed",
            ],
        ),
    ],
    "5.4": [
        (
            "After an error of the connection, GOAWAY is sent and TCP is closed.",
            [f"{HOSTILE}.BrokenTests.test_client", f"{HOSTILE}.BrokenTests.test_backend"],
        ),
        ("RST_STREAM is no answer to RST_STREAM.", [f"{HERE}.test_noLoop"]),
        (
            "An error of one stream leaves the others alone.",
            [f"{STREAMS}_errors.EndingTests.test_reset"],
        ),
    ],
    "5.5": [
        (
            "Frames of unknown types, unknown settings, flags and error codes are no errors.",
            [f"{HOSTILE}.BrokenTests.test_legal", f"{HERE}.test_unknown"],
        ),
        (
            "An unknown frame within a header block is one.",
            ["client:an unknown frame within a header block"],
        ),
    ],
    "6.1": [
        ("DATA belongs to a stream.", ["client:DATA on no stream", "backend:DATA on no stream"]),
        (
            "Padding fits into the frame, and counts for the windows.",
            ["client:padding as long as the frame", f"{HERE}.test_padding"],
        ),
    ],
    "6.2": [
        ("HEADERS belong to a stream.", ["client:HEADERS on no stream"]),
        (
            "A header block is whole: only CONTINUATION of the same stream follows.",
            [
                "client:a header block that is interrupted",
                "client:a header block that another interrupts",
                "client:DATA within a header block",
                "client:HEADERS within a header block",
                "backend:a header block that is interrupted",
            ],
        ),
        ("Padding fits into the frame.", ["client:HEADERS with too long padding"]),
    ],
    "6.3": [
        ("PRIORITY belongs to a stream.", ["client:PRIORITY on no stream"]),
        ("It has 5 bytes.", ["client:PRIORITY of 4 bytes"]),
    ],
    "6.4": [
        ("RST_STREAM belongs to a stream.", ["client:RST_STREAM on no stream"]),
        (
            "It has 4 bytes.",
            ["client:RST_STREAM of 3 bytes", "client:RST_STREAM of 5 bytes"],
        ),
        ("It is not sent on an idle stream.", [f"{HERE}.test_unheard"]),
        (
            "Nothing is sent on a stream behind RST_STREAM, in either direction.",
            [f"{HERE}.test_noLoop", f"{STREAMS}_errors.EndingTests.test_resetReply"],
        ),
    ],
    "6.5": [
        ("SETTINGS are the first frame of each end.", [f"{HOSTILE}.BrokenTests.test_preface"]),
        (
            "They are the first also where the proxy speaks first.",
            [f"{STREAMS}.FirstTests.test_order"],
        ),
        ("They belong to no stream.", ["client:SETTINGS on a stream"]),
        (
            "Their length is a multiple of 6.",
            ["client:SETTINGS of 5 bytes", "backend:SETTINGS of 5 bytes"],
        ),
        ("An acknowledgement is empty.", ["client:an acknowledgement with content"]),
        (
            "Each SETTINGS frame has one acknowledgement, which reaches its sender.",
            [f"{LIMIT}.test_crossing", f"{LIMIT}.test_changed", f"{HERE}.test_acknowledged"],
        ),
    ],
    "6.5.2": [
        ("ENABLE_PUSH is 0 or 1.", ["client:ENABLE_PUSH of 2"]),
        (
            "INITIAL_WINDOW_SIZE is at most 2^31-1, in whatever place.",
            [
                "client:INITIAL_WINDOW_SIZE of 2^31",
                "client:an INITIAL_WINDOW_SIZE of 2^31 before another",
            ],
        ),
        (
            "MAX_FRAME_SIZE has bounds.",
            ["client:MAX_FRAME_SIZE of 16383", "client:MAX_FRAME_SIZE of 2^24"],
        ),
        ("Unknown settings pass.", [f"{HOSTILE}.BrokenTests.test_legal"]),
        (
            "HEADER_TABLE_SIZE of the receiver holds for blocks of the proxy's own.",
            ["tests.relays.test_streams_compression.CompressionTests"],
        ),
    ],
    "6.6": [
        ("The client promises nothing.", ["client:PUSH_PROMISE"]),
        (
            "PUSH_PROMISE belongs to a request of the client that is not over.",
            [
                "backend:PUSH_PROMISE on no stream",
                "backend:PUSH_PROMISE on an idle stream",
                "backend:PUSH_PROMISE on a pushed stream",
            ],
        ),
        (
            "It promises a stream that can be the next.",
            [
                "backend:PUSH_PROMISE of an odd stream",
                "backend:PUSH_PROMISE of stream 0",
                "backend:PUSH_PROMISE of a stream twice",
            ],
        ),
        ("Padding fits into the frame.", ["backend:PUSH_PROMISE with too long padding"]),
        ("What is promised passes.", [f"{HERE}.test_pushed"]),
    ],
    "6.7": [
        ("PING belongs to no stream.", ["client:PING on a stream"]),
        ("It has 8 bytes.", ["client:PING of 7 bytes", "backend:PING of 7 bytes"]),
        ("It and its acknowledgement pass, with their content.", [f"{HERE}.test_ping"]),
    ],
    "6.8": [
        (
            "GOAWAY belongs to no stream.",
            ["client:GOAWAY on a stream", "backend:GOAWAY on a stream"],
        ),
        ("The last stream that it names never rises.", [f"{HERE}.test_goAwayFalls"]),
        (
            "Frames of later streams are processed as far as the connection needs it.",
            [f"{HERE}.test_afterGoAway"],
        ),
    ],
    "6.9": [
        (
            "WINDOW_UPDATE of nothing is an error: for the connection here, for a stream at the "
            "other end.",
            [
                "client:WINDOW_UPDATE of nothing",
                "backend:WINDOW_UPDATE of nothing",
                f"{HERE}.test_late",
            ],
        ),
        (
            "It has 4 bytes.",
            ["client:WINDOW_UPDATE of 3 bytes", "client:WINDOW_UPDATE of 5 bytes on a stream"],
        ),
        (
            "No window exceeds 2^31-1.",
            ["client:a window above 2^31-1", f"{HERE}.test_struckWindow"],
        ),
        (
            "DATA counts for the connection whatever becomes of its stream.",
            [f"{STREAMS}_errors.ErrorTests.test_swallowed", f"{HERE}.test_underWay"],
        ),
    ],
    "6.9.2": [
        (
            "Another INITIAL_WINDOW_SIZE changes the windows of open streams, also below zero.",
            [f"{HERE}.test_negative"],
        ),
    ],
    "6.10": [
        (
            "CONTINUATION belongs to a stream, and to a header block that has not ended.",
            [
                "client:CONTINUATION on no stream",
                "client:CONTINUATION alone",
                "client:CONTINUATION after the end of a block",
            ],
        ),
        ("It has a bound.", [f"{HOSTILE}.FloodTests.test_continuations"]),
    ],
}

TABLES = {"client": CLIENT, "backend": BACKEND, "ended": ENDED}


class TableTests(SynchronousTestCase):
    """
    The table itself.
    """

    def exists(self, name: str) -> bool:
        """
        Whether there is such a test, or such a class of tests.
        """
        table, colon, entry = name.partition(":")
        if colon:
            return entry in TABLES[table]
        place, _, last = name.rpartition(".")
        if last.startswith("test_"):
            module, _, case = place.rpartition(".")
            return hasattr(getattr(import_module(module), case, None), last)
        return hasattr(import_module(place), last)

    def test_tested(self) -> None:
        """
        Every rule has a test that exists.
        """
        for section, rules in MUSTS.items():
            for what, tests in rules:
                self.assertTrue(tests, what)
                for each in tests:
                    self.assertTrue(self.exists(each), f"{section}: {each}")

    def test_listed(self) -> None:
        """
        Every hostile sequence of the tables stands for a rule of these sections, or of section 4.
        """
        listed = {each for rules in MUSTS.values() for _, tests in rules for each in tests}
        codes = {"COMPRESSION_ERROR"}
        for table, entries in TABLES.items():
            for entry, (_, code) in entries.items():
                if code not in codes and not entry.startswith("too long"):
                    self.assertIn(f"{table}:{entry}", listed | ALSO)


#: What the tables have beside: GOAWAY's shortest length is in its format.
ALSO = {"client:GOAWAY of 7 bytes"}

#: A stream that is struck, and one that is not.
RULE = rule("delay", "/slow", sleep=1, before=False)


class ProxyTests(SynchronousTestCase):
    """
    What the proxy itself has to keep to.
    """

    def link(self, *rules: dict[str, object]) -> Pair:
        """
        A link whose ends have sent SETTINGS, and the rules that are in force.
        """
        link = Multiplexed(*rules)
        pair = Pair("http")
        pair.factory.setPlan(link.pair.factory.decider.plan)
        pair.ask(BEGIN)
        pair.answer(EMPTY)
        return pair

    def kinds(self, data: bytes) -> list[int]:
        """
        The types of frames.
        """
        return [kind for kind, *_ in framesIn(data)]

    def test_pushed(self) -> None:
        """
        A stream that is promised passes, also where header blocks are written anew; the client may
        refuse it and give it credit, and sends nothing else on it.
        """
        promise = frame(PUSH_PROMISE, 4, 1, b"\x00\x00\x00\x02" + REQUEST)
        pushed = promise + frame(HEADERS, 4, 2, REPLY) + frame(DATA, 1, 2, b"pushed")
        pair = self.link()
        pair.ask(OPEN)
        self.assertEqual(pair.answer(pushed), pushed)
        given = (
            windowUpdate(2, 6) + frame(RST_STREAM, 0, 2, WORD) + frame(PRIORITY, 0, 2, WORD + b"a")
        )
        self.assertEqual(pair.ask(given), given)
        pair.ask(frame(DATA, 0, 2, b"x"))
        self.assertEqual(pair.client.ended, ["lose"])

    def test_struckEnded(self) -> None:
        """
        Neither end goes on, on a stream to which something happens, after it has ended it.
        """
        pair = self.link({"behavior": "delay", "options": {"sleep": 9, "before": False}})
        pair.ask(ASK)
        pair.ask(frame(DATA, 0, 1, b"x"))
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))
        pair = self.link({"behavior": "delay", "options": {"sleep": 9, "before": False}})
        pair.ask(ASK)
        pair.answer(frame(HEADERS, LAST, 1, REPLY))
        pair.answer(frame(DATA, 1, 1, b"more"))
        pair.clock.advance(9)
        self.assertEqual(self.kinds(pair.client.heard()), [HEADERS])

    def test_underWay(self) -> None:
        """
        What comes on a stream that a fault has reset: its header blocks are decoded, and its DATA
        is credited.
        """
        link = Multiplexed(rule("error", "/bad", code="rst-stream:CANCEL"), answers=False)
        stream = link.client.get_next_available_stream_id()
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/bad")]
        link.client.send_headers(stream, fields)
        # Sent before the client knows of the reset.
        link.client.send_data(stream, b"x" * 16384)
        link.client.send_headers(stream, [("x-trailer", "later used")], end_stream=True)
        link.pump()
        self.assertEqual(link.got[stream].reset, 8)
        self.assertGreater(link.client.outbound_flow_control_window, 65_000)
        other = link.ask("/other", x_trailer="later used")
        self.assertEqual(link.asked[3][0]["x-trailer"], "later used")
        link.reply(3, b"fine")
        link.pump()
        self.assertEqual((other.body, link.pair.client.ended), (b"fine", []))

    def test_late(self) -> None:
        """
        Frames on streams that are over at both ends pass, or are ignored; so does credit of nothing
        for a stream, which its receiver judges.
        """
        pair = self.link()
        pair.ask(ASK)
        pair.answer(frame(HEADERS, LAST, 1, REPLY))
        late = windowUpdate(1, 5) + frame(RST_STREAM, 0, 1, WORD)
        self.assertEqual(pair.ask(late), late)
        self.assertEqual(pair.answer(late), late)
        pair.ask(frame(HEADERS, 4, 3, REQUEST))
        nothing = frame(WINDOW_UPDATE, 0, 3, b"\x00" * 4)
        self.assertEqual((pair.ask(nothing), pair.answer(nothing)), (nothing, nothing))
        self.assertEqual((pair.client.ended, pair.backend.ended), ([], []))

    def test_ownData(self) -> None:
        """
        An answer in the backend's place keeps to a small window of the stream, and is sent on as
        there is more.
        """
        pair = self.link({"behavior": "error", "options": {"code": "500", "body": "x" * 1000}})
        pair.ask(setting(4, 300))
        pair.ask(ASK)
        sizes = []
        for _ in range(4):
            frames = framesIn(pair.client.heard())
            sizes.append(sum(len(content) for kind, _, _, content in frames if kind == DATA))
            pair.ask(windowUpdate(1, 300))
        self.assertEqual(sizes, [300, 300, 300, 100])

    def test_noLoop(self) -> None:
        """
        A client that resets a stream gets nothing more on it, whatever was kept back, and no
        RST_STREAM; the backend gets one.
        """
        for reply in (b"", frame(HEADERS, LAST, 1, REPLY), frame(HEADERS, 4, 1, REPLY)):
            pair = self.link({"behavior": "delay", "options": {"sleep": 1, "before": False}})
            pair.ask(OPEN)
            pair.answer(reply)
            told = pair.ask(frame(RST_STREAM, 0, 1, WORD))
            ended = reply and reply[4] & 1
            self.assertEqual(self.kinds(told), [] if ended else [RST_STREAM])
            pair.clock.advance(1)
            pair.answer(frame(RST_STREAM, 0, 1, WORD) if not ended else b"")
            self.assertNotIn(1, [number for _, _, number, _ in framesIn(pair.client.heard())])
            self.assertEqual(pair.client.ended, [])

    def test_unheard(self) -> None:
        """
        The backend is not told of the end of a stream that it has never heard of.
        """
        pair = self.link({"behavior": "hang"})
        self.assertEqual(pair.ask(OPEN), b"")
        self.assertEqual(pair.ask(frame(RST_STREAM, 0, 1, WORD)), b"")
        pair = self.link({"behavior": "error", "options": {"code": "503"}})
        self.assertEqual(pair.ask(OPEN + frame(RST_STREAM, 0, 1, WORD)), b"")

    def test_unknown(self) -> None:
        """
        Unknown flags and error codes pass, and so does the reserved bit of a number.
        """
        pair = self.link()
        data = frame(HEADERS, LAST | 0x40, 1, REQUEST) + frame(PING, 0x80, 0, b"a" * 8)
        data += frame(GOAWAY, 0x33, 0, b"\x00" * 4 + b"\xff" * 4)
        data += frame(WINDOW_UPDATE, 0, 2**31, b"\x80\x00\x00\x01")
        self.assertEqual(pair.ask(data), data)
        reply = frame(HEADERS, 4, 1, REPLY) + frame(RST_STREAM, 0, 1, b"\xff" * 4)
        self.assertEqual(pair.answer(reply), reply)
        self.assertEqual((pair.client.ended, pair.backend.ended), ([], []))

    def test_padding(self) -> None:
        """
        Padding of DATA that is kept back is credited at once: it goes nowhere.
        """
        link = Multiplexed(RULE, answers=False)
        slow = link.ask("/slow")
        link.server.send_headers(1, [(":status", "200")])
        for _ in range(3):
            link.server.send_data(1, b"x" * 100, pad_length=200)
        link.pump()
        self.assertEqual(link.server.outbound_flow_control_window, 65_535)
        self.assertEqual(link.server.local_flow_control_window(1), 65_535 - 300)
        link.wait(1)
        self.assertEqual(slow.body, b"x" * 300)

    def test_acknowledged(self) -> None:
        """
        Acknowledgements pass, one for each frame.
        """
        pair = self.link()
        self.assertEqual(pair.ask(frame(SETTINGS, 1, 0, b"") * 2), frame(SETTINGS, 1, 0, b"") * 2)
        self.assertEqual(pair.answer(frame(SETTINGS, 1, 0, b"")), frame(SETTINGS, 1, 0, b""))

    def test_ping(self) -> None:
        """
        Both pass, also while every stream is held.
        """
        pair = self.link({"behavior": "hang"})
        pair.ask(ASK)
        ping, pong = frame(PING, 0, 0, b"12345678"), frame(PING, 1, 0, b"12345678")
        self.assertEqual((pair.ask(ping), pair.answer(pong)), (ping, pong))

    def test_goAwayFalls(self) -> None:
        """
        What the backend says after a fault has said less, and the other way around.
        """
        pair = self.link(
            {"behavior": "error", "options": {"code": "goaway"}, "when": {"path": "/"}}
        )
        pair.ask(OPEN + frame(HEADERS, LAST, 3, REQUEST.replace(b"/", b"+")))
        lasts = []
        for said in (frame(HEADERS, 4, 1, REPLY), goAway(2**31 - 1, 0), goAway(0, 0)):
            for kind, _, _, content in framesIn(pair.answer(said)):
                if kind == GOAWAY:
                    lasts.append(int.from_bytes(content[:4], "big"))
        self.assertEqual(lasts, [1, 1, 0])
        pair = self.link()
        pair.ask(OPEN + frame(HEADERS, LAST, 3, REQUEST))
        self.assertEqual(pair.answer(goAway(1, 0)), goAway(1, 0))
        *_, (_, _, _, content) = framesIn(pair.answer(frame(PING, 0, 0, b"short")))
        self.assertEqual(content[:4], WORD)

    def test_afterGoAway(self) -> None:
        """
        A stream that the client opens too late gets nothing; its header block is decoded, and its
        DATA is credited.
        """
        link = Multiplexed(rule("error", "/first", code="goaway"), answers=False)
        first = link.ask("/first")
        link.reply(1, b"one", False)
        link.pump()
        late = link.ask("/late", b"x" * 16384, x_field="late")
        self.assertEqual((late.fields, list(link.asked)), ({}, [1]))
        self.assertGreater(link.client.outbound_flow_control_window, 65_000)
        link.server.end_stream(1)
        link.pump()
        self.assertEqual((first.body, first.ended), (b"one", True))

    def test_struckWindow(self) -> None:
        """
        Nor may the window of a stream to which something happens.
        """
        more = (2**31 - 1).to_bytes(4, "big")
        for said in (frame(WINDOW_UPDATE, 0, 1, more), windowUpdate(1, 2**30) + setting(4, 2**30)):
            pair = self.link({"behavior": "hang"})
            pair.ask(ASK + said)
            self.assertEqual(pair.client.ended, ["lose"])
            *_, (_, _, _, content) = framesIn(pair.client.heard())
            self.assertEqual(content[4:8], b"\x00\x00\x00\x03")

    def test_negative(self) -> None:
        """
        What is kept back of a stream waits until its window is above zero again.
        """
        link = Multiplexed(RULE, answers=False)
        slow = link.ask("/slow")
        link.reply(1, b"x" * 60_000)
        link.pump()
        link.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 10_000})
        link.pump()
        link.wait(1)
        self.assertEqual((len(slow.body), slow.ended), (60_000, True))
        pair = self.link({"behavior": "error", "options": {"code": "500", "body": "x" * 1000}})
        pair.ask(setting(4, 900) + ASK)
        self.assertEqual(self.kinds(pair.client.heard()), [HEADERS, DATA])
        pair.ask(setting(4, 100) + windowUpdate(1, 800))
        self.assertEqual(pair.client.heard(), b"")
        pair.ask(windowUpdate(1, 50))
        *_, (kind, _, _, content) = framesIn(pair.client.heard())
        self.assertEqual((kind, len(content)), (DATA, 50))

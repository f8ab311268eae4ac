"""
Tests of replies on streams of HTTP/2 that are edited.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.edited import Answer, Edited, seenOf1, seenOf2
from tests.relays.multiplexed import rule

EVENTS = [b"data: %d\n\n" % number for number in range(4)] + [b"data: [DONE]\n\n"]
STREAM = Answer(EVENTS)
CANCEL, INTERNAL = 8, 2


def events(fault: str, **options: Any) -> dict[str, Any]:
    """
    The rule by which streamed replies meet a fault.
    """
    return rule("events", None, fault=fault, **options)


class StreamTests(SynchronousTestCase):
    """
    Streamed replies.
    """

    def test_cut(self) -> None:
        """
        So many events pass, then the stream is reset for both ends, and the others go on.
        """
        for size in (0, 1, 7):
            link = Edited(STREAM, {**events("cut", count=2), "times": 1}, size=size)
            got = link.get()
            self.assertEqual((got.body, got.ended), (b"".join(EVENTS[:2]), False))
            self.assertEqual(got.reset, INTERNAL)
            self.assertEqual(link.told, [("decision", "events: cut after 2")])
            self.assertEqual(link.get().body, STREAM.body)
            self.assertEqual(link.pair.client.ended, [])

    def test_stopped(self) -> None:
        """
        The backend is told to stop if it has not ended.
        """
        link = Edited(Answer([*EVENTS, b"data: " + b"x" * 50_000 + b"\n\n"] * 3), events("cut"))
        link.get()
        self.assertEqual(link.resets, {1: CANCEL})

    def test_then(self) -> None:
        """
        How the reply ends.
        """
        for then, code, ended, reset, gone, closed in (
            ("end", "", True, None, [], []),
            ("rst-stream", "", False, INTERNAL, [], []),
            ("rst-stream", "CANCEL", False, CANCEL, [], []),
            ("goaway", "", False, None, [0], ["lose"]),
            ("goaway", "ENHANCE_YOUR_CALM", False, None, [11], ["lose"]),
            ("close", "", False, None, [], ["lose"]),
            ("reset", "", False, None, [], ["abort"]),
        ):
            for fault, count in (("cut", 2), ("split", 5)):
                options = {"count": 2, "then": then, "http2_code": code}
                if then == "end" and fault == "split":
                    continue
                link = Edited(STREAM, events(fault, pause=0.01, **options))
                got = link.get()
                link.wait(1)
                self.assertEqual(got.body, b"".join(EVENTS[:count]), then)
                self.assertEqual((got.ended, got.reset), (ended, reset), (then, fault))
                self.assertEqual([int(each.error_code) for each in link.gone], gone)
                self.assertEqual(link.pair.client.ended, closed)

    def test_stall(self) -> None:
        """
        Nothing more comes on the stream for a while, or until the rule is removed; others go on.
        """
        link = Edited(STREAM, {**events("stall", count=2, pause=3), "when": {"path": "/a"}})
        got, other = link.get(path="/a"), link.get(path="/b")
        self.assertEqual((got.body, other.body), (b"".join(EVENTS[:2]), STREAM.body))
        link.wait(2.9)
        self.assertEqual(got.body, b"".join(EVENTS[:2]))
        link.wait(0.2)
        self.assertEqual((got.body, got.ended), (STREAM.body, True))
        link = Edited(STREAM, events("stall"))
        got = link.get()
        link.wait(1000)
        self.assertEqual(got.body, b"")
        link.setRules()
        link.pump()
        self.assertEqual((got.body, got.ended), (STREAM.body, True))

    def test_slow(self) -> None:
        """
        There is a pause before each event.
        """
        link = Edited(STREAM, events("slow", count=1, pause=2))
        got = link.get()
        heard = [got.body.count(b"data:")]
        for _ in range(4):
            self.assertFalse(got.ended)
            link.wait(2)
            heard.append(got.body.count(b"data:"))
        self.assertEqual((heard, got.ended), ([1, 2, 3, 4, 5], True))

    def test_frames(self) -> None:
        """
        An event comes in two DATA frames, or two in one.
        """
        link = Edited(Answer([STREAM.body]), events("split", strikes=1, pause=1))
        got = link.get()
        self.assertEqual(got.body, b"data")
        link.wait(1)
        self.assertEqual((got.body, link.frames), (STREAM.body, 6))
        link = Edited(STREAM, events("join"))
        self.assertEqual((link.get().body, link.frames), (STREAM.body, 3))

    def test_trailers(self) -> None:
        """
        The trailer passes behind what is edited.
        """
        answer = Answer(EVENTS, trailers=[("x-sum", "7")])
        for rules in (events("garble"), events("lose"), events("slow", pause=1)):
            link = Edited(answer, rules)
            got = link.get()
            link.wait(10)
            self.assertEqual((got.trailers, got.ended), ({"x-sum": "7"}, True))

    def test_lines(self) -> None:
        """
        JSON lines, of which the last needs no end.
        """
        answer = Answer([b'{"a": 1}\n{"b":', b' 2}\n{"done": true}'], "application/x-ndjson")
        self.assertEqual(Edited(answer, events("lose")).get().body, b'{"a": 1}\n{"b": 2}\n')

    def test_wait(self) -> None:
        """
        Other faults of the same stream have their effect: a wait before the reply, or within it.
        """
        delay = {"behavior": "delay", "options": {"sleep": 2, "before": False}}
        link = Edited(STREAM, delay, events("cut", count=2))
        got = link.get()
        self.assertEqual(got.fields, {})
        link.wait(2)
        self.assertEqual((got.body, got.reset), (b"".join(EVENTS[:2]), INTERNAL))
        message = {"behavior": "delay_message", "options": {"message": 2, "sleep": 2}}
        link = Edited(STREAM, message, events("lose"))
        got = link.get()
        self.assertEqual(got.body, EVENTS[0])
        link.wait(2)
        self.assertEqual((got.body, got.ended), (b"".join(EVENTS[:4]), True))

    def test_backendResets(self) -> None:
        """
        What was held back passes before the reset, and the reason is told.
        """
        for rules, part in ((events("cut"), b""), (rule("patch", None, replace={"a": "b"}), b"a")):
            link = Edited(Answer([b"a"], "text/plain"), rules)
            link.answers = False
            got = link.get()
            link.server.send_headers(1, [(":status", "200"), ("content-type", "text/plain")])
            link.server.send_data(1, part)
            link.server.reset_stream(1, CANCEL)
            link.pump()
            self.assertEqual((got.body, got.reset), (part, CANCEL))
            [(kind, _)] = link.told
            self.assertEqual(kind, "missed")

    def test_clientResets(self) -> None:
        """
        So it is if the client gives up before something was changed, also for a reply that is cut.
        """
        cut = rule("error", None, at="partial", count=5)
        for rules in (events("cut"), cut, rule("patch", None, status=201)):
            link = Edited(STREAM, rules)
            link.answers = False
            link.get()
            link.client.reset_stream(1, CANCEL)
            link.pump()
            self.assertEqual(link.told, [("missed", "not struck: the client has reset the stream")])

    def test_linkEnds(self) -> None:
        """
        So it is if the connection ends.
        """
        link = Edited(STREAM, events("cut"))
        link.answers = False
        link.get()
        link.pair.relay.connectionLost()
        self.assertEqual(link.told, [("missed", "not struck: the connection ended before")])


class PatchTests(SynchronousTestCase):
    """
    Replies that are patched.
    """

    def test_head(self) -> None:
        """
        The status and fields change, those of a connection of HTTP/1 do not, the body stays.
        """
        answer = Answer([b"abc", b"def"], "text/plain", [("x-a", "1")], trailers=[("x-sum", "7")])
        headers = {"X-A": None, "New": 7, "Keep-Alive": "5"}
        for size in (0, 1):
            link = Edited(answer, rule("patch", None, status=503, headers=headers), size=size)
            got = link.get()
            self.assertEqual((got.body, got.trailers), (b"abcdef", {"x-sum": "7"}))
            wanted = {":status": "503", "content-type": "text/plain", "new": "7"}
            self.assertEqual(got.fields, wanted)
            self.assertEqual(link.told, [("decision", "patch: status, headers")])

    def test_body(self) -> None:
        """
        A body of up to 1 MiB changes, with its length; the windows of HTTP/2 are smaller.
        """
        document = {"a": "x" * 1_000_000, "d": 1}
        raw = json.dumps(document).encode()
        for data, coding in ((raw, "identity"), (gzip.compress(raw), "gzip")):
            answer = Answer([data], "application/json", [("content-encoding", coding)], sized=True)
            link = Edited(answer, rule("patch", None, json={"/d": "changed"}))
            got = link.get()
            self.assertTrue(got.ended)
            self.assertEqual(int(got.fields["content-length"]), len(got.body))
            body = gzip.decompress(got.body) if coding == "gzip" else got.body
            self.assertEqual(json.loads(body), {**document, "d": "changed"})

    def test_longHead(self) -> None:
        """
        A head that takes several frames changes, too.
        """
        long = [(f"x-{number}", "y" * 3000) for number in range(20)]
        for options in ({"headers": {"X-0": "short"}}, {"replace": {"a": "b"}}):
            link = Edited(Answer([b"a"], "text/plain", long), rule("patch", None, **options))
            got = link.get()
            self.assertEqual((len(got.fields), got.ended), (22, True))
            self.assertEqual(got.fields["x-19"], "y" * 3000)
            self.assertEqual(got.fields["x-0"] == "short", "headers" in options)
            self.assertEqual(got.body, b"a" if "headers" in options else b"b")

    def test_trailer(self) -> None:
        """
        The trailer passes behind a body that was changed, has become empty or stays.
        """
        answer = Answer([b"ab", b"c"], "text/plain", trailers=[("x-sum", "7")])
        for pattern, body in (("b", b"ac"), ("abc", b""), ("d", b"abc")):
            link = Edited(answer, rule("patch", None, replace={pattern: ""}))
            got = link.get()
            self.assertEqual((got.body, got.trailers, got.ended), (body, {"x-sum": "7"}, True))

    def test_calls(self) -> None:
        """
        Messages of gRPC are no text; the head of their reply can be changed.
        """
        answer = Answer([b"\0\0\0\0\1a"], "application/grpc+proto", trailers=[("grpc-status", "0")])
        for rules, told in (
            (rule("patch", None, replace={"a": "b"}), "the body consists of messages of gRPC"),
            (events("cut"), "its Content-Type is application/grpc+proto"),
            (rule("patch", None, headers={"X-A": "1"}), "patch: headers"),
        ):
            link = Edited(answer, rules)
            got = link.get()
            self.assertEqual((got.body, got.trailers), (answer.body, {"grpc-status": "0"}))
            [(_, effect)] = link.told
            self.assertIn(told, effect)

    def test_withheld(self) -> None:
        """
        A reply whose credit is kept back comes later, and is changed then.
        """
        answer = Answer([b"a" * 100_000], "text/plain")
        patch = rule("patch", None, replace={"^a": "b"})
        link = Edited(answer, rule("slow_window", None, seconds=2), patch)
        got = link.get()
        self.assertEqual((got.body, got.ended), (b"", False))
        link.wait(2)
        self.assertEqual((got.body, got.ended), (b"b" + b"a" * 99_999, True))

    def test_windows(self) -> None:
        """
        However much longer or shorter replies become, the backend has the client's credit.
        """
        answer = Answer([b"a" * 10_000] * 2, "text/plain")
        for text in ("", "b" * 30_000):
            link = Edited(answer, rule("patch", None, replace={"a+": text}))
            for _ in range(30):
                got = link.get()
                self.assertEqual((got.body, got.ended), (text.encode(), True))
            link.setRules()
            for _ in range(10):
                self.assertEqual(link.get().body, answer.body)
            rooms = [
                link.server.outbound_flow_control_window,
                link.client.inbound_flow_control_window,
            ]
            self.assertEqual(rooms[0], rooms[1])
            self.assertEqual(link.gone, [])

    def test_long(self) -> None:
        """
        A stream of events that are longer than the client's window goes on to its end, and the
        backend does not get more credit than the client gives.
        """
        long = [b"data: " + b"x" * 100_000 + b"\n\n" for _ in range(8)]
        link = Edited(Answer(long), events("lose", event="y"))
        got = link.get()
        self.assertEqual((got.body == b"".join(long), got.ended), (True, True))
        link = Edited(Answer(long), events("lose"))
        link.answers = False
        got = link.get()
        link.server.send_headers(1, [(":status", "200"), ("content-type", "text/event-stream")])
        link.send(link.server, 1, b"".join(long), False)
        link.pump()
        self.assertEqual(got.body, b"".join(long))
        windows = (
            link.server.local_flow_control_window(1),
            link.client.remote_flow_control_window(1),
        )
        self.assertEqual(windows[0], windows[1])

    def test_many(self) -> None:
        """
        If too many replies wait, some pass unchanged, and it is told why.
        """
        answer = Answer([b"a" * 1_000_000], "text/plain")
        link = Edited(answer, rule("patch", None, replace={"^a": "b"}))
        link.answers = False
        for _ in range(12):
            link.get()
        for number in link.asked:
            link.server.send_headers(number, [(":status", "200"), ("content-type", "text/plain")])
            link.send(link.server, number, answer.body, False)
        link.pump()
        self.assertLess(link.pair.factory.context.memory.held, 2**23)
        for number in link.asked:
            link.server.end_stream(number)
        link.pump()
        bodies = [got.body for got in link.got.values()]
        self.assertEqual({len(each) for each in bodies}, {1_000_000})
        told = [effect for kind, effect in link.told if kind == "missed"]
        self.assertEqual(len(told), sum(each[:1] == b"a" for each in bodies))
        self.assertIn("hold too much", told[0])
        self.assertGreater(len(bodies), len(told))

    def test_memory(self) -> None:
        """
        So they do if the connections of the proxy hold too much.
        """
        link = Edited(
            Answer([b"a" * 600_000], "text/plain"), rule("patch", None, replace={"^a": "b"})
        )
        link.pair.factory.context.memory.held = 2**40
        got = link.get()
        self.assertEqual((got.body, got.ended), (b"a" * 600_000, True))
        [(kind, effect)] = link.told
        self.assertEqual((kind, "hold too much" in effect), ("missed", True))


KINDS = st.sampled_from(("text/event-stream", "application/jsonl", "application/json", "x/y"))
PARTS = (b"data: 1\n\n", b'data: {"d": 2}\n', b"\n", b'{"d": 1}\n', b"data: [DONE]\n\n", b"a", b"")
BODIES = st.lists(st.sampled_from(PARTS), max_size=12)
FAULTS = st.builds(
    events,
    st.sampled_from(("cut", "stall", "slow", "split", "join", "lose", "garble", "error")),
    count=st.integers(0, 4),
    strikes=st.integers(0, 2),
    pause=st.sampled_from((0.5, 2)),
    unit=st.sampled_from(("auto", "events", "lines")),
    then=st.sampled_from(("auto", "end")),
)
PATCHES = st.builds(
    lambda **options: rule("patch", None, **options),
    status=st.sampled_from((0, 200, 204, 404)),
    headers=st.sampled_from(({"X-A": "1"}, {"X-A": None, "B": "2"})),
    json=st.sampled_from(({}, {}, {"/d": 7})),
    replace=st.sampled_from(({}, {}, {"[0-9]": "nine"})),
)


class SameTests(SynchronousTestCase):
    """
    A client sees in HTTP/2 what it sees in HTTP/1.
    """

    @given(
        BODIES,
        KINDS,
        st.one_of(FAULTS, PATCHES),
        st.sampled_from((200, 204, 206, 304, 404)),
        st.sampled_from(("GET", "GET", "HEAD")),
        st.booleans(),
        st.sampled_from(("identity", "identity", "gzip", "br")),
        st.sampled_from((0, 1, 10)),
    )
    @settings(max_examples=150, deadline=None)
    def test_same(
        self,
        parts: list[bytes],
        kind: str,
        fault: dict[str, Any],
        status: int,
        method: str,
        sized: bool,
        coding: str,
        size: int,
    ) -> None:
        """
        Status, fields, content, whether it is complete, and what the journal says.
        """
        if fault["options"].get("fault") == "cut":
            # With a length, the reply of HTTP/1 may be complete where it is cut.
            sized = False
        if coding == "gzip":
            parts = [gzip.compress(b"".join(parts))]
        fields = [("x-a", "1"), ("content-encoding", coding)]
        answer = Answer(parts, kind, fields, status, sized)
        first = seenOf1(answer, fault, method, size)
        self.assertEqual(seenOf2(answer, fault, method, size), first)

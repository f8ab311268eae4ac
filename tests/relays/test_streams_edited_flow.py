"""
Tests of flow control where replies on streams of HTTP/2 are edited.
"""

from __future__ import annotations

from typing import Any

from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.edited import Answer, Edited, seenOf1
from tests.relays.multiplexed import Got, rule
from vaurien_twisted.wire.http import reply_editing
from vaurien_twisted.wire.http2.answers import blockOf
from vaurien_twisted.wire.http2.frames import goAway, headers, piece, reset

EVENT = b"data: %d\n\n"

#: What happens to the replies of each path, in the order of the rules.
FAULTS: dict[str, dict[str, Any]] = {
    "/lose": {"behavior": "events", "options": {"fault": "lose", "event": "*1*"}},
    "/join": {"behavior": "events", "options": {"fault": "join"}},
    "/split": {"behavior": "events", "options": {"fault": "split", "pause": 1}},
    "/slow": {"behavior": "events", "options": {"fault": "slow", "pause": 1}},
    "/end": {"behavior": "events", "options": {"fault": "cut", "count": 3, "then": "end"}},
    "/error": {"behavior": "events", "options": {"fault": "error", "count": 3}},
    "/longer": {"behavior": "patch", "options": {"replace": {"1": "one" * 20}}},
    "/shorter": {"behavior": "patch", "options": {"replace": {"data": ""}}},
    "/head": {"behavior": "patch", "options": {"status": 404}},
}
RULES = [{**fault, "when": {"path": path}} for path, fault in FAULTS.items()]

#: What a backend may send on the first stream, in order or not.
SAID = {
    "head": headers(1, blockOf([(":status", "200"), ("content-type", "text/event-stream")]), False),
    "text": headers(1, blockOf([(":status", "200"), ("content-type", "text/plain")]), False),
    "bare": headers(1, blockOf([(":status", "204")]), True),
    "interim": headers(1, blockOf([(":status", "103")]), False),
    "nonsense": headers(1, blockOf([(":status", "x"), ("content-length", "9" * 5000)]), False),
    "trailer": headers(1, blockOf([("x-sum", "1")]), True),
    "more": headers(1, blockOf([("x-sum", "1")]), False),
    "event": piece(1, b"data: 1\n\n", False),
    "part": piece(1, b"data: 12", False),
    "last": piece(1, b"\n\ndata: 3\n\n", True),
    "empty": piece(1, b"", True),
    "reset": reset(1, 8),
    "away": goAway(1, 0),
}


def kindOf(path: str) -> str:
    """
    The Content-Type of a path: events can be damaged, text can be patched.
    """
    fault = FAULTS.get(path)
    return "text/plain" if fault is None or fault["behavior"] == "patch" else "text/event-stream"


class Interleaved(Edited):
    """
    A link whose backend sends many replies at a time, in padded frames, as its windows allow.
    """

    def __init__(self, window: int, size: int) -> None:
        super().__init__(Answer(), *RULES, size=size)
        self.answers = False
        self.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.pump()

    def offer(self, stream: int, data: bytes, padding: int) -> bytes:
        """
        Send as much as the windows allow of a part of a reply; with padding if it fits.

        @return: the rest.
        """
        room = self.server.local_flow_control_window(stream)
        if len(data) + padding + 1 <= room:
            self.server.send_data(stream, data, pad_length=padding or None)
            return b""
        if room > 0:
            self.server.send_data(stream, data[:room])
            return data[room:]
        return data


class FlowTests(SynchronousTestCase):
    """
    Whatever the windows are, replies come to their end, and both ends keep count.
    """

    @given(
        st.lists(
            st.tuples(
                st.sampled_from((*FAULTS, "/other")),
                st.lists(st.integers(1, 20), min_size=1, max_size=5),
                st.sampled_from((0, 0, 1, 50)),
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from((9, 100, 65_535)),
        st.sampled_from((0, 7)),
    )
    @settings(max_examples=25, deadline=None)
    def test_streams(self, asked: list[tuple[str, list[int], int]], window: int, size: int) -> None:
        """
        The client gets on each stream what it gets in HTTP/1; the connection keeps its windows.
        """
        link = Interleaved(window, size)
        got: list[Got] = [link.get(path=path) for path, _, _ in asked]
        bodies = []
        for number, (path, counts, padding) in enumerate(asked):
            body = b"".join(EVENT % count * count for count in counts)
            stream = 2 * number + 1
            link.server.send_headers(stream, [(":status", "200"), ("content-type", kindOf(path))])
            bodies.append([stream, body, padding])
        for _ in range(5000):
            for each in bodies:
                stream, body, padding = each
                if stream in link.resets or body is None:
                    continue
                if not body:
                    link.server.end_stream(stream)
                    each[1] = None
                    continue
                step = 1 + len(body) // 3
                each[1] = link.offer(stream, body[:step], padding) + body[step:]
            link.wait(10)
            if all(each[1] is None or each[0] in link.resets for each in bodies):
                break
        link.wait(10_000)
        for mine, (path, counts, _) in zip(got, asked, strict=True):
            answer = Answer([EVENT % count * count for count in counts], kindOf(path))
            fault = FAULTS.get(path, rule("dummy"))
            self.assertEqual(mine.body, seenOf1(answer, fault).body, path)
            self.assertTrue(mine.ended, path)
        self.assertEqual(link.gone, [])
        self.assertEqual(link.pair.factory.context.memory.held, 0)
        link.setRules()
        link.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 65_535})
        link.answer, link.answers = Answer([b"x" * 10_000] * 3), True
        for _ in range(4):
            self.assertEqual(len(link.get().body), 30_000)
        # What the client has yet to credit, the backend lacks as well.
        self.assertEqual(
            link.server.outbound_flow_control_window, link.client.inbound_flow_control_window
        )

    @given(
        st.sampled_from((*FAULTS, "/other")),
        st.lists(st.sampled_from(sorted(SAID)), max_size=8),
        st.sampled_from((0, 1)),
    )
    @settings(max_examples=150, deadline=None)
    def test_anything(self, path: str, said: list[str], size: int) -> None:
        """
        Whatever a backend sends on a stream, the link goes on, or ends; it keeps nothing.
        """
        link = Edited(Answer(), *RULES)
        link.answers = False
        link.get(path=path)
        data = b"".join(SAID[each] for each in said)
        parts = [data] if not size else [data[at : at + 1] for at in range(len(data))]
        for part in parts:
            link.pair.backendProtocol.dataReceived(part)
        link.pair.clock.advance(10_000)
        link.pair.relay.connectionLost()
        self.assertEqual(link.pair.factory.context.memory.held, 0)
        # What was decided is told once at most.
        self.assertLessEqual(len(link.told), 1)

    def test_small(self) -> None:
        """
        A body in frames of one byte takes no more memory than others: it passes unchanged where
        its frames take too much.
        """
        self.patch(reply_editing, "RAW_LIMIT", 40_000)
        link = Edited(Answer(), rule("patch", None, replace={"^a": "b"}))
        link.answers = False
        got = link.get()
        link.server.send_headers(1, [(":status", "200"), ("content-type", "text/plain")])
        for _ in range(5000):
            link.server.send_data(1, b"a")
        link.pump()
        self.assertEqual(got.body, b"a" * 5000)
        link.server.end_stream(1)
        link.pump()
        [(kind, _)] = link.told
        self.assertEqual((kind, got.ended), ("missed", True))

    def test_closing(self) -> None:
        """
        A connection that a fault ends has given the client all before, as its window allows.
        """
        for fault, then in (
            ("cut", "close"),
            ("cut", "reset"),
            ("cut", "goaway"),
            ("join", "close"),
            ("join", "rst-stream"),
        ):
            link = Edited(Answer(), rule("events", None, fault=fault, count=2, then=then))
            link.answers = False
            link.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 5})
            link.pump()
            got = link.get()
            link.server.send_headers(1, [(":status", "200"), ("content-type", "text/event-stream")])
            link.server.send_data(1, b"data")
            link.pump()
            link.send(link.server, 1, b": 1\n\ndata: 2\n\ndata: 3\n\n")
            link.pump()
            passed = 2 if fault == "cut" else 3
            self.assertEqual(got.body, b"".join(b"data: %d\n\n" % n for n in (1, 2, 3)[:passed]))
            self.assertFalse(got.ended, (fault, then))
            self.assertEqual(bool(link.pair.client.ended), then != "rst-stream")

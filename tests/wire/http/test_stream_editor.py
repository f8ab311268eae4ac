"""
Tests for L{vaurien_twisted.wire.http.stream_editor}: events and lines on a link in memory.
"""

from __future__ import annotations

import http.client
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.editing import HTTPSession, read, reply

EVENTS = [b"data: %d\n\n" % number for number in range(4)] + [b"data: [DONE]\n\n"]
BODY = b"".join(EVENTS)
SSE = "text/event-stream"


def events(fault: str, **options: Any) -> dict[str, Any]:
    """
    The rule by which streamed replies meet a fault.
    """
    return {"behavior": "events", "options": {"fault": fault, **options}}


class StreamEditorTests(SynchronousTestCase):
    """
    What the client gets, in each framing and however the bytes come.
    """

    def test_unstruck(self) -> None:
        """
        What no fault strikes has the same content, and the reason is told.
        """
        for how in ("chunked", "sized", "endless"):
            for size in (1, 7, 10000):
                session = HTTPSession(events("garble", count=9))
                data = reply(BODY, SSE, how)
                parts = [data[at : at + size] for at in range(0, len(data), size)]
                heard = session.converse(*parts)
                if how == "endless":
                    session.endpoint.protocols[-1].connectionLost()
                self.assertEqual(read(heard).read(), BODY)
                self.assertEqual(session.told(), [("missed", "not struck: the reply had 5 events")])

    def test_cut(self) -> None:
        """
        So many events pass, then the connection ends in place of the reply.
        """
        for how in ("chunked", "sized", "endless"):
            for size in (1, 10000):
                session = HTTPSession(events("cut", count=2))
                data = reply(BODY, SSE, how)
                heard = session.converse(
                    *(data[at : at + size] for at in range(0, len(data), size))
                )
                self.assertEqual(session.client.ended, ["lose"])
                self.assertEqual(session.told(), [("decision", "events: cut after 2")])
                if how == "endless":
                    self.assertEqual(read(heard).read(), b"".join(EVENTS[:2]))
                    continue
                with self.assertRaises(http.client.IncompleteRead) as caught:
                    read(heard).read()
                self.assertEqual(caught.exception.partial, b"".join(EVENTS[:2]))

    def test_reset(self) -> None:
        """
        It may end in a reset, and any fault may end so.
        """
        for fault, passed in (("cut", 1), ("split", 5)):
            session = HTTPSession(events(fault, count=1, strikes=1, pause=0.5, then="reset"))
            session.converse(reply(BODY, SSE))
            session.wait(1)
            self.assertEqual(session.client.ended, ["abort"], f"{fault} {passed}")

    def test_end(self) -> None:
        """
        With C{then=end} the reply is complete, the rest goes nowhere, and the next is read.
        """
        session = HTTPSession({**events("cut", count=2, then="end"), "times": 1})
        for how in ("chunked", "sized"):
            session = HTTPSession({**events("cut", count=2, then="end"), "times": 1})
            self.assertEqual(
                read(session.converse(reply(BODY, SSE, how))).read(), b"".join(EVENTS[:2])
            )
            self.assertEqual(session.client.ended, [])
            self.assertEqual(read(session.converse(reply(BODY, SSE, how))).read(), BODY)
        old = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        session = HTTPSession(events("cut", count=2, then="end"))
        heard = session.converse(reply(BODY, SSE, "sized"), request=old)
        self.assertEqual(read(heard).read(), b"".join(EVENTS[:2]))
        self.assertEqual(session.client.ended, ["lose"])

    def test_stall(self) -> None:
        """
        Nothing more comes for a while, or until the rule is removed.
        """
        session = HTTPSession(events("stall", count=2, pause=3))
        self.assertEqual(session.converse(reply(BODY, SSE)).count(b"data:"), 2)
        self.assertEqual(session.wait(2.9), b"")
        self.assertEqual(session.wait(0.2).count(b"data:"), 3)
        session = HTTPSession(events("stall"))
        self.assertEqual(session.converse(reply(BODY, SSE)).count(b"data:"), 0)
        self.assertEqual(session.wait(1000), b"")
        session.factory.setPlan(HTTPSession().factory.decider.plan)
        self.assertEqual(session.client.heard().count(b"data:"), 5)

    def test_slow(self) -> None:
        """
        There is a pause before each event, though they came at once.
        """
        session = HTTPSession(events("slow", count=1, pause=2))
        self.assertEqual(session.converse(reply(BODY, SSE)).count(b"data:"), 1)
        heard = [session.wait(2).count(b"data:") for _ in range(4)]
        self.assertEqual(heard, [1, 1, 1, 1])

    def test_split(self) -> None:
        """
        An event comes in two writes.
        """
        session = HTTPSession(events("split", count=1, strikes=1, pause=1))
        first = session.converse(reply(BODY, SSE))
        self.assertEqual((first.count(b"data"), first.count(b"data:")), (2, 1))
        self.assertEqual(read(first + session.wait(1)).read(), BODY)

    def test_join(self) -> None:
        """
        Two events that came apart come in one write; the odd one passes.
        """
        session = HTTPSession(events("join"))
        data = [reply(BODY, SSE, "endless")[: -len(BODY)], *EVENTS]
        heard = [session.converse(data[0]), *map(session.answer, data[1:])]
        counts = [each.count(b"data:") for each in heard]
        self.assertEqual(counts, [0, 0, 2, 0, 2, 0])
        session.endpoint.protocols[-1].connectionLost()
        self.assertEqual(session.client.heard(), EVENTS[4])

    def test_lose(self) -> None:
        """
        The end of the stream does not come, or what the user names; the reply is complete.
        """
        for how in ("chunked", "sized"):
            session = HTTPSession(events("lose"))
            self.assertEqual(
                read(session.converse(reply(BODY, SSE, how))).read(), b"".join(EVENTS[:4])
            )
            session = HTTPSession(events("lose", event="[12]"))
            left = b"".join([EVENTS[0], *EVENTS[3:]])
            self.assertEqual(read(session.converse(reply(BODY, SSE, how))).read(), left)
        session = HTTPSession(events("lose"))
        session.converse(reply(EVENTS[0], SSE))
        self.assertEqual(
            session.told(), [("missed", "not struck: none of 1 events ends the stream")]
        )

    def test_garble(self) -> None:
        """
        The data of an event is damaged, its form and length stay.
        """
        session = HTTPSession(events("garble", count=1, strikes=1))
        found = read(session.converse(reply(BODY, SSE, "sized"))).read()
        self.assertEqual((len(found), found[:9], found[18:]), (len(BODY), BODY[:9], BODY[18:]))
        self.assertEqual((found[9:15], found[15:18]), (b"data: ", b"{\n\n"))

    def test_error(self) -> None:
        """
        An error event comes, then the reply is complete.
        """
        session = HTTPSession(events("error", count=1, code="anthropic.overloaded"))
        found = read(session.converse(reply(BODY, SSE))).read()
        self.assertTrue(found.startswith(EVENTS[0] + b"event: error\ndata: {"), found)
        self.assertTrue(found.endswith(b'"message": "Overloaded"}}\n\n'), found)
        lines = b'{"a": 1}\n{"b": 2}\n'
        session = HTTPSession(events("error", count=1, code="openai.server_error", message="no"))
        found = read(session.converse(reply(lines, "application/jsonl"))).read()
        self.assertTrue(found.startswith(b'{"a": 1}\n{"error": {"message": "no"'), found)

    def test_lines(self) -> None:
        """
        JSON lines, of which the last needs no end.
        """
        lines = b'{"a": 1}\n{"b": 2}\n{"done": true}'
        session = HTTPSession(events("lose"))
        found = read(session.converse(reply(lines, "application/x-ndjson", "sized"))).read()
        self.assertEqual(found, lines[:18])

    def test_notAStream(self) -> None:
        """
        Other replies pass byte by byte as they are, and the reason is told.
        """
        head = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
        get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        for data, request, reason in (
            (reply(BODY, "text/html"), get, "no events or lines, its Content-Type is text/html"),
            (reply(BODY, SSE, "chunked", "Content-Encoding: gzip"), get, "is compressed (gzip)"),
            (reply(b"", SSE, "sized"), head, "has no body"),
            (reply(b"data: " + b"x" * 300000, SSE, "sized"), get, "an event of the reply exceeds"),
        ):
            session = HTTPSession(events("cut", count=1))
            self.assertEqual(session.converse(data, request=request), data)
            [(kind, effect)] = session.told()
            self.assertEqual(kind, "missed")
            self.assertIn(reason, effect)

    def test_counts(self) -> None:
        """
        A fault counts when it strikes, not before.
        """
        session = HTTPSession(events("cut", count=2))
        session.converse(reply(BODY, SSE, "endless")[: -len(BODY)], EVENTS[0])
        self.assertEqual(session.told(), [])
        session.answer(EVENTS[1])
        self.assertEqual(len(session.told()), 1)

    def test_lost(self) -> None:
        """
        If the connection ends before it is known whether a fault strikes, that is told.
        """
        session = HTTPSession(events("cut", count=9))
        session.converse(reply(BODY, SSE, "endless")[:-40])
        self.assertEqual(session.told(), [])
        session.relay.connectionLost()
        self.assertEqual(session.told(), [("missed", "not struck: the connection ended before")])

"""
Tests for L{vaurien_twisted.wire.websocket}: messages on a link in memory.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.editing import HTTPSession
from vaurien_twisted.model.exchange import Exchange, FramingError
from vaurien_twisted.wire.websocket.messages import joined, unmasked

UPGRADE = b"GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
MASK = b"\x01\x02\x03\x80"


def frame(opcode: int, payload: bytes = b"", mask: bytes = b"", first: int = 0x80) -> bytes:
    """
    A frame.

    @param first: the final bit and the reserved bits.
    """
    size, masked = len(payload), 0x80 if mask else 0
    if size < 126:
        head = bytes((first | opcode, masked | size))
    elif size < 65536:
        head = bytes((first | opcode, masked | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first | opcode, masked | 127)) + size.to_bytes(8, "big")
    return head + mask + unmasked(payload, mask)


def websocket(fault: str, when: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """
    The rule by which messages meet a fault.
    """
    return {"behavior": "websocket", "options": {"fault": fault, **options}, "when": when or {}}


def upgraded(*rules: dict[str, Any]) -> HTTPSession:
    """
    A connection on which messages are sent.
    """
    session = HTTPSession(*rules)
    assert session.ask(UPGRADE) == UPGRADE
    assert session.answer(SWITCH) == SWITCH
    return session


CONVERSATION = [
    frame(1, b"hello"),
    frame(1, b"frag", first=0),
    frame(9, b"ping"),
    frame(0, b"ment"),
    frame(2, b"\x00" * 300),
    frame(1, b"\x01\x02", first=0xC0),
    frame(2, b"x" * 70000),
    frame(10),
    frame(3, b"?"),
    frame(8, b"\x03\xe8bye"),
]


class ReadingTests(SynchronousTestCase):
    """
    Where messages begin and end.
    """

    @given(st.lists(st.integers(0, sum(map(len, CONVERSATION)))).map(sorted))
    def test_cutAnywhere(self, places: list[int]) -> None:
        """
        All bytes pass in order, and the messages are the same, however they come.
        """
        whole = b"".join(CONVERSATION)
        reader, _ = joined(Exchange(1, "GET", "/"))
        heard, ended, begun = b"", [], []
        for start, end in zip([0, *places], [*places, len(whole)], strict=True):
            for exchange, data, ends in reader.read(whole[start:end]):
                assert exchange is not None
                heard += data
                if exchange not in begun:
                    begun.append(exchange)
                if ends:
                    ended.append(exchange)
        self.assertEqual(heard, whole)
        words = [(each.number, each.command, each.subject) for each in begun]
        self.assertEqual(
            words,
            [
                (2, "text", "hello"),
                (4, "text", "frag"),
                (6, "ping", ""),
                (8, "binary", ""),
                (10, "text", ""),
                (12, "binary", ""),
                (14, "pong", ""),
                (16, "reserved", ""),
                (18, "close", ""),
            ],
        )
        self.assertEqual({each.number for each in ended}, {each.number for each in begun})

    def test_length(self) -> None:
        """
        A length that cannot be is refused.
        """
        reader, _ = joined(Exchange(1, "GET", "/"))
        self.assertRaises(FramingError, list, reader.read(b"\x82\x7f" + b"\xff" * 8))


class FaultTests(SynchronousTestCase):
    """
    Messages that meet a fault.
    """

    def test_unstruck(self) -> None:
        """
        What no rule concerns passes byte by byte, in both directions.
        """
        session = upgraded(websocket("drop", {"text": "*never*"}))
        for data in CONVERSATION:
            masked = frame(data[0] & 15, b"said", MASK, data[0] & 0xF0)
            self.assertEqual(session.ask(masked), masked)
            self.assertEqual(session.answer(data), data)
        self.assertEqual(session.told(), [])

    def test_matching(self) -> None:
        """
        By opcode, direction, text, and the path of the upgraded request.
        """
        when = {"opcode": "text", "direction": "downstream", "text": "*tick*", "path": "/ws"}
        session = upgraded(websocket("drop", when))
        for data in (frame(1, b"tock"), frame(2, b"a tick"), frame(1, b"a tick", first=0xC0)):
            self.assertEqual(session.answer(data), data)
        self.assertEqual(session.answer(frame(1, b"a tick")), b"")
        asked = frame(1, b"a tick", MASK)
        self.assertEqual(session.ask(asked), asked)
        self.assertEqual(session.told(), [("decision", "websocket: drop")])
        session = upgraded(websocket("drop", {"text": "*tick*", "direction": "client"}))
        self.assertEqual(session.ask(asked), b"")

    def test_fragments(self) -> None:
        """
        A message that is dropped is so with all its frames; the ping between them is not.
        """
        session = upgraded(websocket("drop", {"opcode": "text"}))
        parts = [frame(1, b"a", first=0), frame(9, b"p"), frame(0, b"b"), frame(2, b"c")]
        self.assertEqual(list(map(session.answer, parts)), [b"", parts[1], b"", parts[3]])

    def test_close(self) -> None:
        """
        The client gets a close frame; nothing stands inside of another frame.
        """
        told = frame(8, b"\x03\xf4no")
        for ask in (False, True):
            session = upgraded(websocket("close", code=1012, reason="no"))
            if ask:
                self.assertEqual(session.ask(frame(1, b"a", MASK)), b"")
                self.assertEqual(session.client.heard(), told)
            else:
                self.assertEqual(session.answer(frame(1, b"a")), told)
            self.assertEqual(session.client.ended, ["lose"])
        session = upgraded(websocket("close", {"direction": "upstream"}))
        session.answer(frame(2, b"abc")[:3])
        asked = frame(1, b"a", MASK)
        self.assertEqual(session.ask(asked), asked)
        self.assertEqual(session.client.ended, [])

    def test_cut(self) -> None:
        """
        Half of the frame passes, then the connection ends.
        """
        for then, ended in (("close", ["lose"]), ("reset", ["abort"])):
            session = upgraded(websocket("cut", then=then))
            data = frame(2, b"abcd" * 50)
            self.assertEqual(
                b"".join(session.answer(data[at : at + 1]) for at in range(len(data))), data[:104]
            )
            self.assertEqual(session.client.ended, ended)
            session = upgraded(websocket("cut", then=then))
            data = frame(1, b"abcd", MASK)
            self.assertEqual(session.ask(data), data[:8])
            self.assertEqual(session.backend.ended, ended)

    def test_corrupt(self) -> None:
        """
        One byte of the payload changes, by the same bit under a mask.
        """
        session = upgraded(websocket("corrupt"))
        for mask, send in ((b"", session.answer), (MASK, session.ask)):
            data = frame(1, b"abcdefgh", mask)
            heard = send(data)
            head = 6 if mask else 2
            self.assertEqual(heard[:head], data[:head])
            found = unmasked(heard[head:], mask)
            changed = [a ^ b for a, b in zip(found, b"abcdefgh", strict=True) if a != b]
            self.assertEqual(changed, [0x80])
        self.assertEqual(session.answer(frame(10)), frame(10))
        self.assertEqual(session.told()[-1], ("missed", "not struck: the frame is empty"))

    def test_rsv(self) -> None:
        """
        Reserved bits are set.
        """
        session = upgraded(websocket("rsv", bits=3))
        self.assertEqual(session.answer(frame(1, b"a")), frame(1, b"a", first=0xB0))
        data = frame(1, b"a", MASK)
        self.assertEqual(session.ask(data), b"\xb1" + data[1:])

    def test_others(self) -> None:
        """
        delay delays messages; error, patch and events leave them alone.
        """
        for rule in (
            {"behavior": "error", "options": {"code": 503}, "when": {"opcode": "text"}},
            {"behavior": "error", "when": {"opcode": "text"}},
            {"behavior": "patch", "options": {"status": 500}, "when": {"opcode": "text"}},
            {"behavior": "events", "when": {"opcode": "text"}},
        ):
            session = upgraded(rule)
            asked = frame(1, b"a", MASK)
            self.assertEqual(session.ask(asked), asked)
            self.assertEqual(session.answer(frame(1, b"a")), frame(1, b"a"))
            self.assertEqual(session.told(), [])
        delay = {"behavior": "delay", "options": {"sleep": 2}, "when": {"opcode": "text"}}
        session = upgraded(delay)
        self.assertEqual(session.answer(frame(1, b"a")), b"")
        self.assertEqual(session.wait(2), frame(1, b"a"))

"""
WebSocket over HTTP/2 (RFC 8441): a stream that begins with an extended CONNECT.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from h2.connection import H2Connection
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from websockets.frames import Frame, Opcode

from tests.relays.multiplexed import GET, Got, Multiplexed, rule
from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.websocket.messages import readHead, unmasked

#: How a client asks for WebSocket.
CONNECT = {**GET, ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat"}

#: How it asks over HTTP/1.1, and what the server says.
UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

#: Error codes of RST_STREAM.
INTERNAL, CANCEL = 2, 8


def said(
    data: str | bytes, masked: bool, opcode: Opcode | None = None, final: bool = True
) -> bytes:
    """
    A frame of a client, whose mask is random, or of a server.
    """
    if opcode is None:
        opcode = Opcode.TEXT if isinstance(data, str) else Opcode.BINARY
    content = data.encode() if isinstance(data, str) else data
    return Frame(opcode, content, final).serialize(mask=masked, extensions=[])


def told(data: bytes) -> list[tuple[int, bytes]]:
    """
    The whole frames in C{data}: opcode and payload without its mask; what is left is the last,
    with opcode -1.
    """
    found, at = [], 0
    while at < len(data):
        head = readHead(data, at)
        if head is None or at + head.size + head.length > len(data):
            return [*found, (-1, data[at:])]
        at += head.size + head.length
        found.append((head.opcode, unmasked(data[at - head.length : at], head.mask)))
    return found


def slowly(clock: Clock) -> float:
    """
    The time by a clock each look at which takes a millisecond.
    """
    clock.rightNow += 0.001
    return clock.rightNow


#: A message of the client, and one of the server.
ASKED, TOLD = said("one", True), said("two", False)

UP = {"direction": "upstream", "opcode": "text"}
DOWN = {"direction": "downstream", "opcode": "text"}


def websocket(fault: str, when: dict[str, Any], **options: Any) -> dict[str, Any]:
    """
    The rule by which messages meet a fault.
    """
    return {"behavior": "websocket", "options": {"fault": fault, **options}, "when": when}


class WebSocketCase(SynchronousTestCase):
    """
    A client and a server that may have WebSockets on their streams.
    """

    def link(self, *rules: dict[str, object], size: int = 0) -> Multiplexed:
        """
        Both ends, after the server has allowed it.
        """
        link = Multiplexed(*rules, size=size, answers=False)
        link.server.update_settings({SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
        link.pump()
        self.assertEqual(link.client.remote_settings.enable_connect_protocol, 1)
        return link

    def connect(self, link: Multiplexed, **fields: str) -> tuple[int, Got]:
        """
        The client asks for WebSocket: the stream, and what the client gets.
        """
        stream = link.client.get_next_available_stream_id()
        link.client.send_headers(stream, [*CONNECT.items(), *fields.items()])
        got = link.got[stream] = Got()
        link.pump()
        return stream, got

    def opened(self, *rules: dict[str, object], size: int = 0) -> tuple[Multiplexed, int, Got]:
        """
        A connection that the server has accepted.
        """
        link = self.link(*rules, size=size)
        stream, got = self.connect(link)
        link.reply(stream, b"", ends=False)
        link.pump()
        return link, stream, got

    def say(self, link: Multiplexed, stream: int, *data: bytes, server: bool = False) -> None:
        """
        One end sends, in DATA frames of its own.
        """
        for each in data:
            link.send(link.server if server else link.client, stream, each, ends=False)
            link.pump()

    def effects(self, link: Multiplexed) -> list[str]:
        """
        What the journal says of faults.
        """
        return [each["effect"] for each in link.journal if "effect" in each]


class ExtendedConnectTests(WebSocketCase):
    """
    The connection is a stream among others.
    """

    def converse(self, link: Multiplexed, stream: int, got: Got) -> None:
        """
        A message in each direction, a request beside them, and the end.
        """
        self.assertEqual(link.asked[stream][0][":protocol"], "websocket")
        link.reply(stream, TOLD, ends=False)
        link.pump()
        self.say(link, stream, ASKED)
        self.assertEqual((got.fields[":status"], got.body), ("200", TOLD))
        self.assertEqual(link.asked[stream][1], ASKED)
        beside = link.ask("/beside")
        link.reply(stream + 2, b"beside")
        link.pump()
        self.assertEqual((beside.body, beside.ended, got.ended), (b"beside", True, False))
        link.client.end_stream(stream)
        link.send(link.server, stream, TOLD)
        link.pump()
        self.assertEqual((got.body, got.ended), (TOLD * 2, True))
        self.over(link)

    def over(self, link: Multiplexed) -> None:
        """
        Nothing is left of any stream, at either end and in between.
        """
        self.assertEqual(
            (link.client.open_outbound_streams, link.server.open_inbound_streams), (0, 0)
        )
        self.assertEqual(link.pair.factory.memory.held, 0)

    def test_passes(self) -> None:
        """
        As it is, whatever pieces it comes in.
        """
        for size in (0, 1):
            link = self.link(size=size)
            self.converse(link, *self.connect(link))

    def test_delayed(self) -> None:
        """
        A rule sees the request that begins it.
        """
        link = self.link({**rule("delay", "/chat", sleep=5), "when": {"method": "CONNECT"}})
        stream, got = self.connect(link)
        self.assertNotIn(stream, link.asked)
        link.wait(5)
        self.converse(link, stream, got)

    def test_replyDelayed(self) -> None:
        """
        Messages stay behind the head of a reply that waits.
        """
        late = {**rule("delay", sleep=5, before=False), "when": {"method": "CONNECT"}}
        link, stream, got = self.opened(late)
        self.say(link, stream, TOLD, server=True)
        self.assertEqual((got.fields, got.body), ({}, b""))
        link.wait(5)
        self.assertEqual((got.fields[":status"], got.body), ("200", TOLD))

    def test_refused(self) -> None:
        """
        An error takes the place of the server's answer, before the server sees it or after.
        """
        link = self.link(rule("error", "/chat", code="503"))
        _, got = self.connect(link)
        self.assertEqual((got.fields[":status"], link.asked), ("503", {}))
        link = self.link(rule("error", "/chat", code="503", at="reply"))
        stream, got = self.connect(link)
        link.reply(stream, TOLD, ends=False)
        link.pump()
        self.assertEqual((got.fields[":status"], got.ended), ("503", True))
        self.assertEqual(link.resets, {stream: CANCEL})

    def test_byServer(self) -> None:
        """
        A server that refuses: what follows is no message.
        """
        link = self.link(websocket("drop", {}))
        stream, got = self.connect(link)
        link.server.send_headers(stream, [(":status", "403")])
        link.send(link.server, stream, TOLD)
        link.pump()
        self.assertEqual((got.fields[":status"], got.body, got.ended), ("403", TOLD, True))
        self.say(link, stream, ASKED)
        self.assertEqual((link.asked[stream][1], self.effects(link)), (ASKED, []))

    def test_early(self) -> None:
        """
        What the client says before it is accepted is read then.
        """
        link = self.link(websocket("drop", {"text": "drop*"}))
        stream, _ = self.connect(link)
        self.say(link, stream, said("drop", True), ASKED)
        self.assertEqual(link.asked[stream][1], b"")
        link.reply(stream, b"", ends=False)
        link.pump()
        self.assertEqual(told(link.asked[stream][1]), [(1, b"one")])
        link = self.link()
        stream, _ = self.connect(link)
        self.say(link, stream, ASKED)
        link.server.send_headers(stream, [(":status", "403")])
        link.pump()
        self.assertEqual(link.asked[stream][1], ASKED)

    def test_cut(self) -> None:
        """
        The stream is cut within a message, by its bytes.
        """
        link = self.link(rule("error", "/chat", at="partial", count=2, then="reset"))
        stream, got = self.connect(link)
        link.reply(stream, TOLD, ends=False)
        link.pump()
        self.assertEqual((got.body, got.reset), (TOLD[:2], INTERNAL))
        self.assertEqual(list(link.resets), [stream])

    def test_ends(self) -> None:
        """
        Either end may be the first to end; a reset of either reaches the other, behind what came
        before.
        """
        for first, second in (("client", "server"), ("server", "client")):
            link, stream, got = self.opened()
            for who in (first, second):
                end: H2Connection = getattr(link, who)
                end.end_stream(stream)
                link.pump()
            self.assertTrue(got.ended)
            self.over(link)
        link, stream, got = self.opened()
        link.client.reset_stream(stream, CANCEL)
        link.pump()
        self.assertEqual(link.resets, {stream: CANCEL})
        self.over(link)
        link, stream, got = self.opened({**rule("delay", sleep=1), "when": {"opcode": "text"}})
        self.say(link, stream, TOLD, server=True)
        link.server.reset_stream(stream, CANCEL)
        link.pump()
        self.assertEqual((got.body, got.reset), (b"", None))
        link.wait(1)
        self.assertEqual((got.body, got.reset), (TOLD, CANCEL))
        self.over(link)

    def test_counted(self) -> None:
        """
        The request is answered when it is accepted: the end of the link is no failure of it.
        """
        link, _, _ = self.opened()
        link.pair.relay.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(dict(link.pair.factory.counters.errors), {})


class MessageTests(WebSocketCase):
    """
    Rules and faults of messages.
    """

    def test_rules(self) -> None:
        """
        By opcode, direction, text, path and header field.
        """
        down = said("a tick", False)
        for when, lost in (
            ({"opcode": "text"}, True),
            ({"opcode": "binary"}, False),
            ({"direction": "downstream"}, True),
            ({"direction": "upstream"}, False),
            ({"text": "*tick*"}, True),
            ({"text": "*tock*"}, False),
            ({"path": "/chat", "header": {"Host": "a"}}, True),
            ({"path": "/other"}, False),
            ({"header": {"Host": "b"}}, False),
        ):
            for size in (0, 1):
                link, stream, got = self.opened(websocket("drop", when), size=size)
                self.say(link, stream, down, server=True)
                self.assertEqual(got.body, b"" if lost else down, when)
                self.assertEqual(self.effects(link), ["websocket: drop"] * lost)

    def test_unchanged(self) -> None:
        """
        Every opcode, size and flag passes as it is, in both directions: fragments with control
        frames between them, compressed messages (RSV1), reserved opcodes, and the close handshake.
        """
        for rules in ([], [websocket("drop", {"text": "never"})]):
            for masked in (False, True):
                frames = [
                    said("fragment", masked, Opcode.TEXT, False),
                    said(b"?", masked, Opcode.PING),
                    said("two", masked, Opcode.CONT, False),
                    said(b"", masked, Opcode.PONG),
                    said("three", masked, Opcode.CONT),
                    bytes((0xC1,)) + said(b"compressed", masked)[1:],
                    bytes((0x83,)) + said(b"of no known kind", masked)[1:],
                    *(said(b"x" * size, masked) for size in (0, 1, 125, 126, 65535, 65536, 2**22)),
                    said("y" * 20_000, masked),
                    said(b"\x03\xe8bye", masked, Opcode.CLOSE),
                ]
                whole = b"".join(frames)
                for size in (0, 5000):
                    link, stream, got = self.opened(*rules, size=size)
                    self.say(link, stream, *frames, server=not masked)
                    heard = link.asked[stream][1] if masked else got.body
                    self.assertTrue(heard == whole)
                    self.assertEqual(link.pair.factory.memory.held, 0)

    def test_faults(self) -> None:
        """
        What both ends get: the messages, and how the stream ends; another stream goes on.
        """
        two, one = (1, b"two"), (1, b"one")
        bad = bytes((b"two"[0] ^ 0x80,)) + b"wo", b"t" + bytes((b"w"[0] ^ 0x80,)) + b"o"
        closed = (8, b"\x03\xf4again")
        for fault, when, options, client, ended, server, reset in (
            ("drop", DOWN, {}, [], None, [one], None),
            ("drop", UP, {}, [two], None, [], None),
            ("close", DOWN, {"code": 1012, "reason": "again"}, [closed], "end", [], CANCEL),
            ("close", UP, {"code": 1012, "reason": "again"}, [two, closed], "end", [], CANCEL),
            ("cut", DOWN, {}, [(-1, TOLD[:3])], "end", [], CANCEL),
            ("cut", DOWN, {"then": "reset"}, [(-1, TOLD[:3])], CANCEL, [], CANCEL),
            ("cut", UP, {}, [two], "end", [-1], CANCEL),
            ("cut", UP, {"then": "reset"}, [two], CANCEL, [-1], CANCEL),
            ("corrupt", DOWN, {}, bad, None, [one], None),
            ("rsv", DOWN, {}, [two], None, [one], None),
        ):
            for size in (0, 1):
                link, stream, got = self.opened(websocket(fault, when, **options), size=size)
                other = self.connect(link)[0]
                link.reply(other, b"", ends=False)
                self.say(link, stream, TOLD, server=True)
                self.say(link, stream, ASKED)
                what = f"{fault} {when} {options}"
                if fault == "corrupt":
                    self.assertIn(told(got.body)[0][1], [*client, b"tw\xef"], what)
                else:
                    self.assertEqual(told(got.body), client, what)
                self.assertEqual("end" if got.ended else got.reset, ended, what)
                heard = told(link.asked[stream][1])
                if server == [-1]:
                    # Half of the frame: the length of the message, and the mask.
                    self.assertEqual(link.asked[stream][1][:2], b"\x81\x83")
                    self.assertEqual(len(link.asked[stream][1]), 7)
                else:
                    self.assertEqual(heard, server, what)
                self.assertEqual(link.resets.get(stream), reset, what)
                self.assertEqual(len(self.effects(link)), 1)
                link.setRules()
                self.say(link, other, TOLD, server=True)
                self.say(link, other, ASKED)
                self.assertEqual((link.got[other].body, link.asked[other][1]), (TOLD, ASKED))

    def test_masks(self) -> None:
        """
        A corrupted message of the client has one other byte once it is unmasked.
        """
        link, stream, _ = self.opened(websocket("corrupt", UP))
        self.say(link, stream, said("x" * 1000, True))
        [(_, heard)] = told(link.asked[stream][1])
        self.assertEqual(sorted(heard), [0x78] * 999 + [0xF8])

    def test_pongs(self) -> None:
        """
        No pong answers a ping; messages go on.
        """
        link, stream, got = self.opened(websocket("drop", {"opcode": "pong"}))
        self.say(link, stream, said(b"?", True, Opcode.PING))
        self.say(link, stream, said(b"?", False, Opcode.PONG), TOLD, server=True)
        self.assertEqual(told(link.asked[stream][1]), [(9, b"?")])
        self.assertEqual(told(got.body), [(1, b"two")])

    def test_delay(self) -> None:
        """
        A message waits with what the same end sends behind it; the other direction and other
        streams go on.
        """
        delay = {"behavior": "delay", "options": {"sleep": 2}, "when": {"text": "slow"}}
        link, stream, got = self.opened(delay)
        other = self.connect(link)[0]
        link.reply(other, b"", ends=False)
        self.say(link, stream, said("slow", False), TOLD, server=True)
        self.say(link, stream, ASKED)
        self.say(link, other, TOLD, server=True)
        self.assertEqual((got.body, link.got[other].body), (b"", TOLD))
        self.assertEqual(link.asked[stream][1], ASKED)
        link.wait(2)
        self.assertEqual(told(got.body), [(1, b"slow"), (1, b"two")])

    def test_lifted(self) -> None:
        """
        Held messages go on when the rule is removed.
        """
        link, stream, got = self.opened({"behavior": "hang", "when": {"text": "*"}})
        self.say(link, stream, TOLD, server=True)
        self.say(link, stream, ASKED)
        self.assertEqual((got.body, link.asked[stream][1]), (b"", b""))
        link.setRules()
        link.pump()
        self.assertEqual((got.body, link.asked[stream][1]), (TOLD, ASKED))
        self.assertEqual(link.pair.factory.memory.held, 0)

    def test_abort(self) -> None:
        """
        What resets connections resets the whole of this one.
        """
        link, stream, _ = self.opened({"behavior": "abort", "when": DOWN})
        self.say(link, stream, TOLD, server=True)
        self.assertEqual(link.pair.client.ended, ["abort"])

    def test_credit(self) -> None:
        """
        Messages that are lost cost neither end its credit, on the stream and on the connection.
        """
        for size in (30_000, 200_000):
            link, stream, got = self.opened(websocket("drop", {"opcode": "binary"}))
            for _ in range(10):
                self.say(link, stream, said(b"x" * size, True))
                self.say(link, stream, said(b"x" * size, False), server=True)
            self.say(link, stream, TOLD, server=True)
            self.say(link, stream, ASKED)
            self.assertEqual((got.body, link.asked[stream][1]), (TOLD, ASKED))
            for end in (link.client, link.server):
                self.assertGreater(end.outbound_flow_control_window, 30_000)

    def test_kept(self) -> None:
        """
        What is held of one stream leaves the connection's window to others.
        """
        link, stream, _ = self.opened({"behavior": "hang", "when": {"opcode": "binary"}})
        other, got = self.connect(link)
        link.reply(other, b"", ends=False)
        link.pump()
        self.say(link, stream, said(b"x" * 200_000, False), server=True)
        self.say(link, other, said("y" * 200_000, False), server=True)
        self.assertEqual(told(got.body), [(1, b"y" * 200_000)])
        link.setRules()
        link.pump()
        self.assertEqual(told(link.got[stream].body), [(2, b"x" * 200_000)])

    def test_smallWindows(self) -> None:
        """
        Texts are read that are longer than the windows of their receiver, and also lost ones cost
        no credit.
        """
        for window in (1, 5, 1000):
            link = Multiplexed(websocket("drop", {"text": "lost*"}), answers=False)
            for end in (link.client, link.server):
                end.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
            link.pump()
            stream, got = self.connect(link)
            link.reply(stream, b"", ends=False)
            link.pump()
            for number in range(4):
                text = f"{'lost' if number % 2 else 'come'} {number}" + "x" * (window * 4)
                self.say(link, stream, said(text, False), server=True)
                self.say(link, stream, said(text, True))
            texts = [f"come {number}" + "x" * (window * 4) for number in (0, 2)]
            for heard in (got.body, link.asked[stream][1]):
                self.assertEqual([each.decode() for _, each in told(heard)], texts)

    def test_slices(self) -> None:
        """
        Thousands of messages that come at once are handled in several turns of the reactor, in
        order and with what comes behind them.
        """
        many = said(b"", False) * 5000 + TOLD
        for rules, heard in (([], many), ([websocket("drop", {"opcode": "binary"})], TOLD)):
            link, stream, got = self.opened(*rules)
            clock = link.pair.clock
            self.patch(clock, "seconds", partial(slowly, clock))
            self.say(link, stream, many, server=True)
            link.server.end_stream(stream)
            link.pump()
            self.assertFalse(got.ended)
            self.assertLess(len(got.body), len(heard))
            self.assertGreater(link.pair.factory.memory.held, 5000)
            while clock.getDelayedCalls():
                clock.advance(0)
            link.pump()
            self.assertEqual((got.body, got.ended), (heard, True))
            self.assertEqual(link.pair.factory.memory.held, 0)

    def test_manyTexts(self) -> None:
        """
        However many texts have not all come, others pass.
        """
        link = self.link()
        streams = []
        for _ in range(80):
            stream, _ = self.connect(link)
            link.reply(stream, b"", ends=False)
            link.pump()
            streams.append(stream)
        whole = said("x" * 16_000, False)
        for stream in streams:
            self.say(link, stream, whole[:15_000], server=True)
        held = link.pair.factory.memory.held
        self.assertTrue(0 < held < 700_000, held)
        for stream in streams:
            self.say(link, stream, whole[15_000:], server=True)
            self.assertEqual(link.got[stream].body, whole)
        self.assertEqual(link.pair.factory.memory.held, 0)

    def test_numbers(self) -> None:
        """
        A message's number says of which exchange it is; those of the client are odd.
        """
        link = self.link(websocket("drop", {"text": "*"}))
        link.ask("/first")
        stream, _ = self.connect(link)
        link.reply(stream, b"", ends=False)
        link.pump()
        self.say(link, stream, TOLD, TOLD, server=True)
        self.say(link, stream, ASKED)
        numbers = [each["exchange"] for each in link.journal if "effect" in each]
        self.assertEqual(numbers, [2_000_002, 2_000_004, 2_000_001])

    def test_garbage(self) -> None:
        """
        What is no WebSocket passes unread from then on, and the journal says so.
        """
        bad = b"\x81\x7f" + b"\xff" * 8
        link, stream, got = self.opened(websocket("drop", {"text": "*"}))
        self.say(link, stream, bad, TOLD, server=True)
        self.say(link, stream, ASKED)
        self.assertEqual((got.body, link.asked[stream][1]), (bad + TOLD, ASKED))
        reasons = [each["reason"] for each in link.journal if each["kind"] == "garbage"]
        self.assertEqual(reasons, ["a WebSocket frame is over 2**63 - 1 bytes long"])

    def test_inside(self) -> None:
        """
        A close frame cannot stand inside of another: the next message is struck.
        """
        link, stream, got = self.opened(websocket("close", UP))
        frame = said(b"two", False)
        self.say(link, stream, frame[:3], server=True)
        self.say(link, stream, ASKED)
        self.assertEqual((got.body, got.ended), (frame[:3], False))
        self.say(link, stream, frame[3:], server=True)
        self.say(link, stream, ASKED)
        self.assertEqual((told(got.body)[0], got.ended), ((2, b"two"), True))


#: A part of a conversation: whether the server speaks, the opcode, whether it is the last frame of
#: its message, and how long it is.
Line = tuple[bool, Opcode, int]

lines = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG]),
        st.sampled_from([0, 1, 3, 125]),
    ),
    min_size=1,
    max_size=12,
)

#: Rules whose effect does not depend on random numbers.
RULES = [
    [],
    [websocket("drop", {"opcode": ["ping", "text"]})],
    [websocket("drop", {"direction": "upstream"}), websocket("rsv", {}, bits=1)],
    [{**websocket("cut", {"opcode": "binary"}), "after": 1}],
    [{**websocket("close", {"direction": "downstream"}, code=1001), "after": 2}],
]


class SameTests(WebSocketCase):
    """
    Messages meet the same on a stream as after an upgrade of HTTP/1.1.
    """

    def frames(self, spoken: list[Line]) -> Iterator[tuple[bool, bytes]]:
        """
        What the two ends say.
        """
        for server, opcode, size in spoken:
            yield server, said(b"x" * min(size, 125), not server, opcode)

    def onOne(self, rules: list[dict[str, Any]], spoken: list[tuple[bool, bytes]]) -> list[bytes]:
        """
        What each end hears after an upgrade.
        """
        pair = Pair("http")
        builder = RuleBuilder(REGISTRY, wire=pair.factory.wire)
        pair.factory.setPlan(planFromRules(builder, rules))
        pair.ask(UPGRADE)
        pair.answer(UPGRADED)
        heard = [b"", b""]
        for server, data in spoken:
            if pair.client.ended:
                break
            (pair.backendProtocol if server else pair.relay).dataReceived(data)
            heard[0] += pair.backend.heard()
            heard[1] += pair.client.heard()
        return heard

    @settings(max_examples=60, deadline=None)
    @given(lines, st.sampled_from(RULES), st.sampled_from([0, 1, 7]))
    def test_same(self, spoken: list[Line], rules: list[dict[str, Any]], size: int) -> None:
        """
        Whole and in pieces.
        """
        frames = list(self.frames(spoken))
        upgraded = self.onOne(rules, frames)
        link, stream, got = self.opened(*rules, size=size)
        for server, data in frames:
            if got.ended or got.reset is not None:
                break
            self.say(link, stream, data, server=server)
        self.assertEqual([link.asked[stream][1], got.body], upgraded)

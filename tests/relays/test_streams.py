"""
Tests of links whose ends speak HTTP/2.
"""

from __future__ import annotations

from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import GET, Multiplexed, rule
from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.http.protocol import HTTPOptions
from vaurien_twisted.wire.http2.frames import DATA, HEADERS, PREFACE, SETTINGS, frame, framesIn

REFUSED, CANCEL, INTERNAL, CALM = 7, 8, 2, 11


def decided(link: Multiplexed) -> list[Any]:
    """
    The effects in the journal.
    """
    return [each["effect"] for each in link.journal if each["kind"] == "decision"]


class PassingTests(SynchronousTestCase):
    """
    What no rule concerns passes.
    """

    def check(self, link: Multiplexed) -> None:
        """
        Requests with and without bodies are answered.
        """
        body = bytes(range(256)) * 300
        for number in range(3):
            got = link.ask(f"/{number}", x_field=str(number))
            self.assertEqual((got.body, got.ended), (b"/%d\n" % number, True))
            got = link.ask("/post", body)
            self.assertEqual((got.body, got.ended), (b"/post\n" + body, True))
        self.assertEqual(len(link.asked), 6)
        self.assertEqual(link.asked[1][0]["x-field"], "0")
        self.assertEqual(link.gone, [])

    def test_passes(self) -> None:
        """
        In whole chunks, byte by byte, and with a rule that never matches.
        """
        for rules in ((), (rule("error", "/never", code="500"),)):
            for size in (0, 1, 13):
                self.check(Multiplexed(*rules, size=size))

    def test_unchanged(self) -> None:
        """
        All bytes are the same in both directions.
        """
        link = Multiplexed()
        pair = link.pair
        link.client.send_headers(1, list(GET.items()), True)
        said = link.client.data_to_send()
        self.assertEqual(pair.ask(said), said)
        link.server.receive_data(said)
        link.reply(1, b"body")
        told = link.server.data_to_send()
        self.assertEqual(pair.answer(told), told)

    def test_counts(self) -> None:
        """
        Each stream is an exchange.
        """
        link = Multiplexed()
        link.ask("/a")
        link.ask("/b")
        [proxied] = link.pair.factory.links
        self.assertEqual(proxied.exchanges, 2)
        self.assertEqual(proxied.snapshot.last, "GET /b")
        self.assertEqual(link.pair.factory.counters.duration.count, 2)

    def test_serverFirst(self) -> None:
        """
        The backend's first frame may come before the client's preface.
        """
        link = Multiplexed()
        link.pair = pair = type(link.pair)("http")
        fresh = Multiplexed()
        fresh.pair = pair
        fresh.client = H2Connection(fresh.client.config)
        fresh.server = H2Connection(fresh.server.config)
        fresh.server.initiate_connection()
        self.assertEqual(pair.answer(fresh.server.data_to_send()), b"")
        fresh.client.initiate_connection()
        fresh.pump()
        self.assertEqual(fresh.ask("/a").body, b"/a\n")

    @given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(0, 2))
    @settings(max_examples=25, deadline=None)
    def test_anyPieces(self, sizes: list[int], kind: int) -> None:
        """
        However the bytes are divided.
        """
        rules = [(), (rule("delay", "/slow", sleep=1),), (rule("error", "/bad", code="503"),)]

        class Pieces(Multiplexed):
            def _pieces(self, data: bytes) -> Any:
                at = turn = 0
                while at < len(data):
                    step = sizes[turn % len(sizes)]
                    yield data[at : at + step]
                    at, turn = at + step, turn + 1

        link = Pieces(*rules[kind])
        for path in ("/slow", "/bad", "/a"):
            link.ask(path, b"x" * 200)
        link.wait(1)
        bodies = [got.body for got in link.got.values()]
        bad = b"503 Service Temporarily Unavailable\n" if kind == 2 else b"/bad\n" + b"x" * 200
        self.assertEqual(bodies, [b"/slow\n" + b"x" * 200, bad, b"/a\n" + b"x" * 200])


class ErrorTests(SynchronousTestCase):
    """
    Answers in the backend's place.
    """

    def test_status(self) -> None:
        """
        A status with fields and a body; the backend sees nothing of the request.
        """
        for size in (0, 1):
            link = Multiplexed(
                rule("error", "/bad", code="503", headers={"X-A": "b"}, body="no"), size=size
            )
            got = link.ask("/bad", b"x" * 100)
            self.assertEqual(
                got.fields,
                {
                    ":status": "503",
                    "x-a": "b",
                    "retry-after": "1",
                    "content-type": "text/plain; charset=utf-8",
                    "content-length": "2",
                },
            )
            self.assertEqual((got.body, got.ended, link.asked), (b"no", True, {}))
            self.assertEqual(link.ask("/good").body, b"/good\n")
            self.assertEqual(decided(link), ["error 503"])

    def test_targets(self) -> None:
        """
        Rules look at method and header fields, too; the authority is Host.
        """
        when = {"method": "post", "path": "/x*", "header": {"X-Tenant": "a*", "Host": "a"}}
        link = Multiplexed({"behavior": "error", "options": {"code": "500"}, "when": when})
        self.assertEqual(link.ask("/x/1", b"", x_tenant="ab").fields[":status"], "500")
        self.assertEqual(link.ask("/x/1", b"", x_tenant="b").fields[":status"], "200")
        self.assertEqual(link.ask("/x/1", x_tenant="ab").fields[":status"], "200")

    def test_transient(self) -> None:
        """
        Without a code, one that clients retry; then all is well again.
        """
        link = Multiplexed(rule("transient", agitate=2))
        statuses = [link.ask("/").fields[":status"] for _ in range(3)]
        self.assertEqual(statuses[2], "200")
        self.assertTrue(set(statuses[:2]) <= {"500", "502", "503", "504"}, statuses)

    def test_atReply(self) -> None:
        """
        The backend has acted; its reply is replaced, and it is told to stop.
        """
        link = Multiplexed(rule("error", "/bad", code="500", at="reply"))
        got = link.ask("/bad", b"x" * 100)
        self.assertEqual((got.fields[":status"], got.ended), ("500", True))
        self.assertEqual(link.asked[1][1], b"x" * 100)
        self.assertEqual(link.ask("/good").body, b"/good\n")
        self.assertEqual(decided(link), ["reply: error 500"])

    def test_swallowed(self) -> None:
        """
        What is swallowed of an upload is credited to the client, and what is swallowed of a
        reply to the backend.
        """
        link = Multiplexed(
            rule("error", "/bad", code="500"), rule("error", "/late", code="500", at="reply")
        )
        for _ in range(8):
            link.ask("/bad", b"")
            stream = link.client.get_next_available_stream_id()
            link.client.send_headers(stream, list({**GET, ":path": "/bad"}.items()))
            for _ in range(10):
                link.client.send_data(stream, b"x" * 1600)
                link.pump()
            link.client.end_stream(stream)
            link.pump()
        self.assertEqual(link.client.outbound_flow_control_window, 65535)
        link.answers = False
        for _ in range(8):
            stream = link.client.get_next_available_stream_id()
            link.ask("/late")
            theirs = max(link.asked)
            link.reply(theirs, b"x" * 16000, False)
            link.pump()
            self.assertEqual(link.resets[theirs], CANCEL)
        self.assertEqual(link.server.outbound_flow_control_window, 65535)
        link.answers = True
        self.assertEqual(link.ask("/good", b"y" * 60000).body, b"/good\n" + b"y" * 60000)

    def test_largeBody(self) -> None:
        """
        A body that is larger than the windows waits for them, and the backend's replies wait
        behind it where the client takes no more.
        """
        link = Multiplexed(rule("error", "/bad", code="500", body="b" * 200_000))
        link.ask("/good", b"x" * 60000)
        self.assertEqual(link.ask("/bad").body, b"b" * 200_000)
        for _ in range(4):
            self.assertEqual(link.ask("/good", b"x" * 60000).body, b"/good\n" + b"x" * 60000)

    def test_untaken(self) -> None:
        """
        The backend does not know of the bytes that the proxy has sent: its own wait then.
        """
        link = Multiplexed(rule("error", "/bad", code="500", body="b" * 30_000))
        self.patch(link.client, "acknowledge_received_data", lambda size, stream: None)
        self.assertEqual(len(link.ask("/bad").body), 30_000)
        link.answers = False
        got = link.ask("/good")
        link.reply(3, b"x" * 60_000)
        link.pump()
        self.assertEqual((len(got.body), got.ended), (35_535, False))
        link.client.increment_flow_control_window(100_000)
        link.client.increment_flow_control_window(100_000, 3)
        link.pump()
        self.assertEqual((len(got.body), got.ended), (60_000, True))

    def test_window(self) -> None:
        """
        A rule applies as often as it says, and to a share that its seed decides.
        """
        link = Multiplexed({**rule("error", code="500"), "after": 1, "times": 2})
        statuses = [link.ask("/").fields[":status"] for _ in range(5)]
        self.assertEqual(statuses, ["200", "500", "500", "200", "200"])


class OptionTests(SynchronousTestCase):
    """
    Options of C{http} that change requests or listen to them.
    """

    def link(self, **options: Any) -> Multiplexed:
        """
        A link with other options.
        """
        link = Multiplexed()
        link.pair = Pair("http", protocolOptions=HTTPOptions(**options), backendText="shop.test:81")
        link.client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        link.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        link.client.initiate_connection()
        link.server.initiate_connection()
        link.pump()
        return link

    def test_authority(self) -> None:
        """
        The authority is that of the backend, also of a request that waits.
        """
        link = self.link(overwrite_host_header=True)
        self.assertEqual(link.ask("/a", b"x", x_a="b").body, b"/a\nx")
        link.setRules(rule("delay", sleep=0))
        self.assertEqual(link.ask("/b").body, b"/b\n")
        for fields, _ in link.asked.values():
            self.assertEqual(fields[":authority"], "shop.test:81")


class EndingTests(SynchronousTestCase):
    """
    Streams and connections that end.
    """

    def test_reset(self) -> None:
        """
        RST_STREAM with any code, by name or number; other streams go on.
        """
        for code, number in (("CANCEL", 8), ("refused_stream", 7), ("0x99", 153), ("11", CALM)):
            link = Multiplexed(rule("error", "/bad", code=f"rst-stream:{code}"))
            got = link.ask("/bad", b"x" * 10)
            self.assertEqual((got.reset, link.asked), (number, {}))
            self.assertEqual(link.ask("/good").body, b"/good\n")
        link = Multiplexed(rule("error", "/bad", code="rst-stream"))
        self.assertEqual(link.ask("/bad").reset, CANCEL)

    def test_resetReply(self) -> None:
        """
        In place of the reply.
        """
        link = Multiplexed(rule("error", "/bad", code="rst-stream:INTERNAL_ERROR", at="reply"))
        self.assertEqual(link.ask("/bad").reset, INTERNAL)
        self.assertEqual(list(link.asked), [1])

    def test_goAway(self) -> None:
        """
        A graceful end: what was asked is served, what comes later is not, and then the
        connection is closed.
        """
        link = Multiplexed(
            rule("delay", "/slow", sleep=1, before=False), rule("error", "/bye", code="goaway")
        )
        slow = link.ask("/slow")
        got = link.ask("/bye")
        [said] = link.gone
        self.assertEqual((said.error_code, said.last_stream_id), (0, 3))
        self.assertEqual((got.body, got.ended), (b"/bye\n", True))
        self.assertEqual(link.pair.client.ended, [])
        link.wait(1)
        self.assertTrue(slow.ended)
        self.assertEqual(link.pair.client.ended, ["lose"])

    def test_unprocessed(self) -> None:
        """
        The stream that met the rule was not served.
        """
        link = Multiplexed(rule("error", "/bye", code="goaway-unprocessed:0x1"))
        self.assertTrue(link.ask("/good").ended)
        got = link.ask("/bye")
        [said] = link.gone
        self.assertEqual((said.error_code, said.last_stream_id), (1, 1))
        self.assertEqual((got.ended, list(link.asked)), (False, [1]))
        self.assertEqual(link.pair.client.ended, ["lose"])

    def test_otherProtocol(self) -> None:
        """
        In HTTP/1 there is no such thing: the request passes.
        """
        link = Multiplexed(rule("error", code="goaway"))
        pair = type(link.pair)("http")
        pair.factory.setPlan(link.pair.factory.decider.plan)
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(pair.ask(request), request)

    def test_cut(self) -> None:
        """
        After so many bytes of the body, or DATA frames: the stream ends, or is reset.
        """
        for options, expected in (
            ({"count": 3}, (b"/cu", True, None)),
            ({"count": 3, "then": "reset"}, (b"/cu", False, INTERNAL)),
            ({"count": 3, "code": "rst-stream:CANCEL"}, (b"/cu", False, CANCEL)),
            ({"count": 0}, (b"", False, INTERNAL)),
            ({"count": 1, "unit": "units"}, (b"/cut\n" + b"x" * 10, True, None)),
            ({"count": 2, "unit": "units"}, (b"/cut\n" + b"x" * 10, True, None)),
        ):
            link = Multiplexed(rule("error", "/cut", at="partial", **options))
            got = link.ask("/cut", b"x" * 10)
            self.assertEqual((got.body, got.ended, got.reset), expected)
            self.assertEqual(link.ask("/good").body, b"/good\n")

    def test_backendTold(self) -> None:
        """
        The backend is told that nobody wants the rest of a reply that was cut.
        """
        link = Multiplexed(rule("error", "/cut", at="partial", count=2), answers=False)
        link.ask("/cut")
        link.reply(1, b"12345", False)
        link.pump()
        self.assertEqual(link.resets, {1: CANCEL})

    def test_missed(self) -> None:
        """
        A reply that is too short was not struck.
        """
        link = Multiplexed(rule("error", "/cut", at="partial", count=100))
        self.assertEqual(link.ask("/cut").body, b"/cut\n")
        [missed] = [each for each in link.journal if each["kind"] == "missed"]
        self.assertIn("5 of 100 bytes", missed["effect"])

    def test_faulty(self) -> None:
        """
        A body that comes slowly, a length that is wrong, and a connection that closes.
        """
        link = Multiplexed(rule("error", "/slow", code="slow-body", body="0123456789", pause=1))
        got = link.ask("/slow")
        self.assertEqual((got.body, got.ended), (b"", False))
        link.wait(1)
        other = link.ask("/good")
        self.assertEqual((got.body, got.ended, other.ended), (b"0", False, True))
        for _ in range(9):
            link.wait(1)
        self.assertEqual((got.body, got.ended), (b"0123456789", True))
        link = Multiplexed(rule("error", code="wrong-length"))
        self.assertIn("content-length", _refused(link))
        link = Multiplexed(rule("error", code="empty"))
        link.ask("/")
        self.assertEqual(link.pair.client.ended, ["lose"])


def _refused(link: Multiplexed) -> str:
    """
    Why the client refuses what it gets.
    """
    try:
        link.ask("/")
    except Exception as error:
        return f"content-length {error!r}"
    return ""


class WaitingTests(SynchronousTestCase):
    """
    Streams that wait while others go on.
    """

    def test_delay(self) -> None:
        """
        A request waits before the backend gets it; those behind it do not.  The backend knows
        it by a higher number then.
        """
        for size in (0, 1):
            link = Multiplexed(rule("delay", "/slow", sleep=1), size=size)
            slow = link.ask("/slow", b"x" * 300)
            others = [link.ask(f"/{n}", x_n=str(n)) for n in range(5)]
            self.assertEqual([got.body for got in others], [b"/%d\n" % n for n in range(5)])
            self.assertFalse(slow.fields)
            link.wait(1)
            self.assertEqual((slow.body, slow.ended), (b"/slow\n" + b"x" * 300, True))
            self.assertEqual(link.ask("/after", b"y").body, b"/after\ny")
            self.assertEqual(sorted(link.asked), [3, 5, 7, 9, 11, 13, 15])

    def test_reply(self) -> None:
        """
        A reply waits.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow, other = link.ask("/slow"), link.ask("/a")
        self.assertEqual((slow.fields, other.ended), ({}, True))
        link.wait(1)
        self.assertTrue(slow.ended)

    def test_hang(self) -> None:
        """
        A request is held until the rules are replaced.
        """
        link = Multiplexed(rule("hang", "/slow"))
        slow = link.ask("/slow")
        link.wait(1000)
        self.assertFalse(slow.fields)
        [proxied] = link.pair.factory.links
        self.assertEqual((proxied.snapshot.state, proxied.snapshot.faults), ("waiting", ["hang"]))
        link.setRules()
        link.pump()
        self.assertTrue(slow.ended)
        self.assertEqual(proxied.snapshot.state, "open")

    def test_given(self) -> None:
        """
        A client that gives up a stream that waits: the backend never hears of it.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1))
        link.ask("/slow", b"x" * 1000)
        link.client.reset_stream(1)
        link.pump()
        link.wait(1)
        self.assertEqual((link.asked, link.pair.factory.memory.held), ({}, 0))
        self.assertEqual(link.ask("/a").body, b"/a\n")
        self.assertEqual(link.client.outbound_flow_control_window, 65535)

    def test_credit(self) -> None:
        """
        What is kept back is credited to its sender, so that others go on.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow = [link.ask("/slow", b"x" * 30_000) for _ in range(6)]
        self.assertEqual(link.ask("/a", b"y" * 60_000).body, b"/a\n" + b"y" * 60_000)
        link.wait(1)
        self.assertEqual([len(got.body) for got in slow], [30_006] * 6)
        self.assertEqual(link.ask("/a", b"y" * 60_000).body, b"/a\n" + b"y" * 60_000)

    def test_otherWindow(self) -> None:
        """
        However much of one stream is kept back, others have the whole window of the connection,
        again and again; so have later ones when it has gone on, or was given up.
        """
        for leaves in (False, True):
            link = Multiplexed(rule("delay", "/late", sleep=1, before=False), answers=False)
            kept = link.ask("/late")
            link.reply(1, b"x" * 65_535)
            link.pump()
            for stream in (3, 5):
                other = link.ask("/other")
                link.reply(stream, b"y" * 300_000)
                link.pump()
                self.assertEqual(len(other.body), 300_000)
                if leaves and stream == 3:
                    link.client.reset_stream(1)
                link.wait(1)
                self.assertEqual(len(kept.body), 0 if leaves else 65_535)
            for end in (link.client, link.server):
                self.assertGreater(end.outbound_flow_control_window, 32_767)
        link = Multiplexed(rule("delay", "/late", sleep=1))
        link.ask("/late", b"x" * 65_535)
        for stream in (3, 5):
            link.ask("/other", b"y" * 300_000)
            self.assertEqual(len(link.asked[stream][1]), 300_000)
        link.wait(1)
        self.assertEqual(len(link.asked[7][1]), 65_535)

    def test_backendEnds(self) -> None:
        """
        A reply that waits reaches the client though the backend has closed.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow = link.ask("/slow")
        link.pair.loseBackend()
        self.assertEqual(link.pair.client.ended, [])
        link.wait(1)
        self.assertEqual((slow.ended, link.pair.client.ended), (True, ["lose"]))

    def test_stopped(self) -> None:
        """
        Nothing is left of a link that is reset while streams wait.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1))
        link.ask("/slow")
        link.pair.loseClient(clean=False)
        self.assertEqual(link.pair.clock.getDelayedCalls(), [])


class FailureTests(SynchronousTestCase):
    """
    Exchanges that fail are counted, by command and code.
    """

    def test_counted(self) -> None:
        """
        A status from 400 on, RST_STREAM of the backend, a stream that the client gives up, and
        what is open when the connection ends; also what a fault answers.
        """
        link = Multiplexed(rule("error", "/fault", code="500"), answers=False)
        errors = link.pair.factory.counters.errors
        link.ask("/fault")
        link.ask("/a")
        link.server.send_headers(3, [(":status", "404")], True)
        link.ask("/b", b"")
        link.server.reset_stream(5, 2)
        link.ask("/c")
        link.client.reset_stream(7)
        link.ask("/d")
        link.pump()
        self.assertEqual(
            errors,
            {
                ("GET", "500"): 1,
                ("GET", "404"): 1,
                ("POST", "rst-stream:INTERNAL_ERROR"): 1,
                ("GET", "aborted"): 1,
            },
        )
        link.pair.loseBackend(clean=False)
        self.assertEqual(errors[("GET", "closed")], 1)


class FirstTests(SynchronousTestCase):
    """
    What comes with the first SETTINGS.
    """

    def test_order(self) -> None:
        """
        Streams reach the backend in the order in which they came, also those that are struck.
        """
        for options in ({"before": False}, {"sleep": 0}):
            pair = Pair("http")
            builder = RuleBuilder(REGISTRY, wire=pair.factory.wire)
            delay = {"behavior": "delay", "options": options, "when": {"path": "/3"}}
            pair.factory.setPlan(planFromRules(builder, [delay]))
            client = H2Connection(H2Configuration(client_side=True))
            client.initiate_connection()
            for number in (1, 3, 5):
                client.send_headers(number, [*{**GET, ":path": f"/{number}"}.items()], True)
            heard = pair.ask(client.data_to_send()).removeprefix(PREFACE)
            found = [number for kind, _, number, _ in framesIn(heard) if kind == HEADERS]
            self.assertEqual(found, [1, 3, 5])

    def test_early(self) -> None:
        """
        An answer waits for the backend's SETTINGS.
        """
        pair = Pair("http")
        pair.factory.setPlan(Multiplexed(rule("error", code="500")).pair.factory.decider.plan)
        client = H2Connection(H2Configuration(client_side=True))
        client.initiate_connection()
        client.send_headers(1, list(GET.items()), True)
        pair.ask(client.data_to_send())
        self.assertEqual(pair.client.heard(), b"")
        kinds = [kind for kind, *_ in framesIn(pair.answer(frame(SETTINGS, 0, 0, b"")))]
        self.assertEqual(kinds, [SETTINGS, HEADERS, DATA])


class OpaqueTests(SynchronousTestCase):
    """
    HTTP/2 that is not read.
    """

    def test_opaque(self) -> None:
        """
        Where the user asks for it, all passes unread.
        """
        link = Multiplexed()
        options = type(link.pair.factory.options)(http2="opaque")
        pair = type(link.pair)("http", protocolOptions=options)
        data = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nanything"
        self.assertEqual(pair.ask(data), data)
        self.assertEqual(pair.answer(b"\x00\x00"), b"\x00\x00")

    def test_http1Backend(self) -> None:
        """
        A backend that answers in HTTP/1.
        """
        link = Multiplexed()
        pair = type(link.pair)("http")
        link.pair = pair
        pair.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        pair.answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))
        [entry] = [each for each in link.journal if each["kind"] == "garbage"]
        self.assertEqual(entry["reason"], "the backend answers HTTP/2 with HTTP/1")


class UpgradeTests(SynchronousTestCase):
    """
    Connections that go on in HTTP/2 after an upgrade.
    """

    #: The client wants windows of 10 bytes.
    ASK = (
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAQAAAAK\r\n\r\n"
    )
    SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    def upgraded(self, size: int = 0) -> Multiplexed:
        """
        A link whose ends have agreed on HTTP/2.
        """
        link = Multiplexed(size=size, answers=False)
        link.pair = pair = Pair("http")
        self.assertEqual(pair.ask(self.ASK), self.ASK)
        link.client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        link.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        link.client.initiate_upgrade_connection()
        link.server.initiate_upgrade_connection(b"AAQAAAAK")
        told = link.server.data_to_send()
        self.assertEqual(pair.answer(self.SWITCH + told), self.SWITCH + told)
        link.client.receive_data(told)
        link.pump()
        return link

    def test_streams(self) -> None:
        """
        The reply to the request that asked for it comes on stream 1; further streams are
        exchanges.
        """
        for size in (0, 1):
            link = self.upgraded(size)
            link.reply(1, b"first")
            link.pump()
            self.assertEqual(link.got[1].body, b"first")
            link.setRules(rule("error", "/bad", code="503", body="0123456789abc"))
            bad = link.ask("/bad")
            self.assertEqual((bad.fields[":status"], bad.body), ("503", b"0123456789abc"))
            link.answers = True
            self.assertEqual(link.ask("/good").body, b"/good\n")
            [proxied] = link.pair.factory.links
            self.assertEqual((proxied.exchanges, proxied.snapshot.last), (3, "GET /good"))

    def test_other(self) -> None:
        """
        An upgrade to something else passes unread.
        """
        pair = Pair("http")
        pair.ask(self.ASK)
        switch = self.SWITCH.replace(b"h2c", b"other")
        self.assertEqual(pair.answer(switch + b"\x00\x01"), switch + b"\x00\x01")
        self.assertEqual(pair.ask(b"\x00\x02"), b"\x00\x02")

"""
Tests for L{vaurien_twisted.relays.streams} and what it uses: what passes, and when streams are
read.
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

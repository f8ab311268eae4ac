"""
Tests for L{vaurien_twisted.rules.pins}: the decisions of one link, taken again on another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.pins import Pins, pinFromJSON

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
BUILDER = RuleBuilder(REGISTRY, wire=REGISTRY.wire("http"))


def get(path: str) -> bytes:
    """
    A request.
    """
    return f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


class PinTests(SynchronousTestCase):
    """
    Requests of one client.
    """

    def pair(self, *rules: dict[str, Any]) -> Pair:
        """
        A link under rules.
        """
        pair = Pair("http", journal=None)
        pair.factory.setPlan(planFromRules(BUILDER, list(rules)))
        return pair

    def ask(self, pair: Pair, paths: Iterable[str]) -> list[bytes]:
        """
        The reply to each request.
        """
        heard = []
        for path in paths:
            asked = pair.ask(get(path))
            pair.clock.advance(0.0)
            heard.append(pair.client.heard() + (pair.answer(GOOD) if asked else b""))
        return heard

    def decisions(self, pair: Pair) -> list[dict[str, Any]]:
        """
        The repeatable entries of its journal, as over REST.
        """
        journal = pair.factory.journal
        assert isinstance(journal, Journal)
        entries = [{**each, "repeat": journal.repeat(each["id"])} for each in journal.since()]
        found: list[dict[str, Any]] = json.loads(json.dumps(entries))
        return [each for each in found if each["kind"] == "decision"]

    def pinned(self, decisions: Iterable[dict[str, Any]]) -> tuple[Pair, Pins]:
        """
        A link with these decisions pinned.
        """
        pair = self.pair()
        pins = Pins(pinFromJSON(BUILDER, each) for each in decisions)
        pair.factory.pin(pins)
        return pair, pins

    def test_same(self) -> None:
        """
        The same exchanges get the same faults, random choices included; the plan's own rules do not
        apply, and the repeatable entries are the same again.
        """
        paths = [str(number) for number in range(60)]
        rules = [{"behavior": "error", "percent": 40}, {"behavior": "transient", "percent": 30}]
        first = self.pair(*rules)
        heard = self.ask(first, paths)
        self.assertGreater(len(set(heard)), 3)
        decisions = self.decisions(first)
        pair, pins = self.pinned(decisions)
        pair.factory.setPlan(planFromRules(BUILDER, [{"behavior": "hang"}]))
        self.assertEqual(self.ask(pair, paths), heard)
        self.assertTrue(all(pin.met for pin in pins))
        again = self.decisions(pair)
        for name in ("connection", "exchange", "description", "effect", "repeat"):
            self.assertEqual([each[name] for each in again], [each[name] for each in decisions])

    def test_other(self) -> None:
        """
        Another request with the same number passes, and is reported.
        """
        first = self.pair({"behavior": "error", "options": {"code": "503"}})
        self.ask(first, ["a", "b"])
        pair, pins = self.pinned(self.decisions(first))
        heard = self.ask(pair, ["a", "c"])
        self.assertIn(b"503", heard[0])
        self.assertEqual(heard[1], GOOD)
        met = [(pin.request, pin.met, pin.instead) for pin in pins]
        self.assertEqual(met, [("GET /a", True, None), ("GET /b", False, "GET /c")])

    def test_several(self) -> None:
        """
        Several faults of one exchange; a cut reply; none after they are taken away.
        """
        cut = {"behavior": "error", "options": {"at": "partial", "count": 3}}
        rules = [{"behavior": "delay", "options": {"sleep": 2}}, cut]
        first = self.pair(*rules)
        self.slowly(first)
        decisions = self.decisions(first)
        self.assertEqual(len(decisions), 2)
        pair, pins = self.pinned(decisions)
        self.slowly(pair)
        self.assertEqual([pin.met for pin in pins], [True, True])
        self.assertEqual(len(self.decisions(pair)), 2)
        pair, _ = self.pinned(self.decisions(first))
        pair.factory.pin(None)
        self.assertEqual(self.ask(pair, ["a"]), [GOOD])

    def slowly(self, pair: Pair) -> None:
        """
        One request, which is delayed, and its reply, which is cut.
        """
        self.assertEqual(pair.ask(get("a")), b"")
        pair.clock.advance(2)
        self.assertEqual(pair.backend.heard(), get("a"))
        self.assertEqual(pair.answer(GOOD), GOOD[:3])

    def test_streamed(self) -> None:
        """
        A streamed reply waits again where it waited.
        """
        events = {"behavior": "events", "options": {"fault": "stall", "count": 1, "pause": 3}}
        reply = GOOD.replace(b"OK\r\n", b"OK\r\nContent-Type: text/event-stream\r\n").replace(
            b"1\r\n\r\nx", b"18\r\n\r\ndata: 1\n\ndata: 2\n\n"
        )
        first = self.pair(events)
        first.ask(get("a"))
        self.assertEqual(first.answer(reply), reply[:-9])
        pair, _ = self.pinned(self.decisions(first))
        pair.ask(get("a"))
        self.assertEqual(pair.answer(reply), reply[:-9])
        pair.clock.advance(3)
        self.assertEqual(pair.client.heard(), reply[-9:])

    def test_connections(self) -> None:
        """
        Connections of a protocol without requests are met, too.
        """
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("tcp"))
        first = Pair("tcp")
        first.factory.setPlan(planFromRules(builder, [{"behavior": "delay"}]))
        first.ask(b"hello")
        decisions = self.decisions(first)
        pair = Pair("tcp")
        pair.factory.pin(Pins(pinFromJSON(builder, each) for each in decisions))
        self.assertEqual(pair.ask(b"hello"), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), b"hello")

    def test_refused(self) -> None:
        """
        An invalid decision is refused.
        """
        repeat = {"behavior": "error", "options": {}, "seed": 1, "drawn": [1, 1], "key": 0}
        whole = {"connection": 1, "exchange": 1, "description": "GET /"}
        for item in (
            {},
            whole,
            {**whole, "repeat": repeat},
            {**whole, "repeat": {**repeat, "number": "x"}},
            {**whole, "repeat": {**repeat, "number": 1, "drawn": [1]}},
            {**whole, "repeat": {**repeat, "number": 1, "behavior": "eror"}},
            {**whole, "repeat": {**repeat, "number": 1, "options": 5}},
        ):
            with self.assertRaises(Refused):
                pinFromJSON(BUILDER, item)

    def test_long(self) -> None:
        """
        Options that are too long to be kept cannot be repeated.
        """
        journal = Journal(wallTime(Pair("http").clock))
        pair = Pair("http", journal=journal)
        rule = {"behavior": "error", "options": {"code": "503", "body": "x" * 5000}}
        pair.factory.setPlan(planFromRules(BUILDER, [rule]))
        self.ask(pair, ["a"])
        self.assertIsNone(journal.repeat(1))
        self.assertIsNone(journal.repeat(9))

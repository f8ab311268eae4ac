"""
Tests for L{vaurien_twisted.relays.passed}, and for the times and sizes of exchanges on links.
"""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule
from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.relays.passed import INTEREST, KEPT, PassedExchanges
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def get(path: str) -> bytes:
    """
    A request of HTTP.
    """
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


class PassedExchangesTests(SynchronousTestCase):
    """
    L{PassedExchanges}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.passed = PassedExchanges(self.clock)

    def add(self, first: int, together: int = 1) -> None:
        """
        Some exchanges of connection 7 pass.
        """
        progress = Progress(together=together)
        self.passed.add(Connection(7), first, lambda: Exchange(0, "GET", f"/{first}"), progress)

    def test_interest(self) -> None:
        """
        Exchanges are kept until nobody has asked for them for a while.
        """
        passed = self.passed
        self.assertFalse(passed.kept)
        passed.ask()
        self.add(1)
        self.clock.advance(INTEREST - 1)
        passed.ask()
        self.clock.advance(INTEREST - 1)
        self.assertTrue(passed.kept)
        self.assertEqual([each.request for each in passed.since(0, 9)], ["GET /1"])
        self.clock.advance(2)
        self.assertFalse(passed.kept)
        self.assertEqual(passed.since(0, 9), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_bounded(self) -> None:
        """
        The newest are kept, and told by their ids.
        """
        passed = self.passed
        passed.ask()
        for number in range(1, KEPT + 11):
            self.add(number)
        self.assertEqual(passed.last, KEPT + 10)
        self.assertEqual([each.id for each in passed.since(0, KEPT)][::KEPT], [11])
        self.assertEqual([each.id for each in passed.since(KEPT + 8, 9)], [KEPT + 9, KEPT + 10])
        self.assertEqual([each.id for each in passed.since(0, 1)], [KEPT + 10])
        self.assertEqual(passed.since(KEPT + 20, 9), [])
        passed.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_find(self) -> None:
        """
        An exchange is found by its number, also within a chunk.
        """
        self.passed.ask()
        self.add(1)
        self.add(2, 3)
        found = [self.passed.find(7, number) for number in (1, 2, 4, 5)]
        self.assertEqual([each and each.first for each in found], [1, 2, 2, None])
        self.assertIsNone(self.passed.find(8, 1))


class TimingTests(SynchronousTestCase):
    """
    What links tell of their exchanges.
    """

    def pair(self, *rules: dict[str, Any]) -> Pair:
        """
        A link of HTTP with rules, whose passed exchanges are asked for.
        """
        pair = Pair("http")
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("http"))
        pair.factory.setPlan(planFromRules(builder, list(rules)))
        pair.factory.context.passed.ask()
        return pair

    def told(self, pair: Pair) -> list[dict[str, Any]]:
        """
        The passed exchanges: what they ask for, and their times and sizes.
        """
        passed = pair.factory.context.passed.since(0, KEPT)
        return [{"request": each.request, **each.progress.toJSON()} for each in passed]

    def struck(self, pair: Pair) -> list[dict[str, Any]]:
        """
        The entries of decisions.
        """
        return cast("list[dict[str, Any]]", cast(Journal, pair.factory.journal).since())

    def test_passes(self) -> None:
        """
        A request that no rule can affect, on the fast path.
        """
        pair = self.pair()
        pair.ask(get("/a"))
        self.assertEqual(self.told(pair)[0]["requestBytes"], len(get("/a")))
        pair.clock.advance(0.25)
        pair.answer(REPLY)
        [told] = self.told(pair)
        expected = {
            "request": "GET /a",
            "came": 0.0,
            "waited": 0.0,
            "replyBegan": 0.25,
            "replyEnded": 0.25,
            "duration": 0.25,
            "requestBytes": len(get("/a")),
            "replyBytes": len(REPLY),
        }
        self.assertEqual(told, expected)

    def test_pieces(self) -> None:
        """
        A reply that comes in pieces leaves the fast path; its size and times are whole.
        """
        pair = self.pair()
        pair.ask(get("/a"))
        for piece in (REPLY[:38], REPLY[38:39], REPLY[39:]):
            pair.clock.advance(0.5)
            pair.answer(piece)
        [told] = self.told(pair)
        self.assertEqual(
            (told["replyBegan"], told["replyEnded"], told["duration"]), (0.5, 1.5, 1.5)
        )
        self.assertEqual(told["replyBytes"], len(REPLY))

    def test_pipeline(self) -> None:
        """
        Requests that came together are one entry, named by the last of them.
        """
        pair = self.pair()
        pair.ask(get("/a") + get("/b"))
        pair.clock.advance(1)
        pair.answer(REPLY)
        pair.clock.advance(1)
        pair.answer(REPLY)
        [told] = self.told(pair)
        self.assertEqual((told["request"], told["together"]), ("GET /b", 2))
        self.assertEqual((told["replyBegan"], told["duration"]), (1.0, 2.0))
        self.assertEqual(told["replyBytes"], 2 * len(REPLY))

    def test_unasked(self) -> None:
        """
        Nothing is kept while nobody asks.
        """
        pair = self.pair()
        pair.clock.advance(INTEREST)
        pair.ask(get("/a"))
        pair.answer(REPLY)
        self.assertEqual(self.told(pair), [])
        self.assertEqual(pair.factory.context.passed.last, 0)

    def test_missedByRules(self) -> None:
        """
        Beside rules, what they do not match is kept, and what they match is in the journal.
        """
        rule = {"behavior": "error", "options": {"code": "503"}, "when": {"path": "/b"}}
        pair = self.pair(rule)
        for path in ("/a", "/b", "/c"):
            pair.ask(get(path))
            pair.clock.advance(1)
            if path != "/b":
                pair.answer(REPLY)
        self.assertEqual([each["request"] for each in self.told(pair)], ["GET /a", "GET /c"])
        self.assertEqual([each["duration"] for each in self.told(pair)], [1.0, 1.0])
        [entry] = self.struck(pair)
        self.assertEqual(entry["timing"], {"came": 1.0, "requestBytes": len(get("/b"))})
        self.assertEqual(entry["message"], "Service Temporarily Unavailable")

    def test_delayed(self) -> None:
        """
        Delayed requests tell how long they waited, also if the fast path delays them.
        """
        for options in ({}, {"times": 5}):
            pair = self.pair({"behavior": "delay", "options": {"sleep": 0.8}, **options})
            self.assertEqual(pair.ask(get("/a")), b"")
            pair.clock.advance(0.8)
            self.assertEqual(pair.backend.heard(), get("/a"))
            pair.clock.advance(0.2)
            pair.answer(REPLY)
            [entry] = self.struck(pair)
            expected = {
                "came": 0.0,
                "waited": 0.8,
                "replyBegan": 1.0,
                "replyEnded": 1.0,
                "duration": 1.0,
                "requestBytes": len(get("/a")),
                "replyBytes": len(REPLY),
            }
            self.assertEqual(entry["timing"], expected, options)
            self.assertEqual(self.told(pair), [])

    def test_delayedTogether(self) -> None:
        """
        So do those that wait together.
        """
        pair = self.pair({"behavior": "delay", "options": {"sleep": 0.5}, "times": 5})
        pair.ask(get("/a") + get("/b"))
        pair.clock.advance(0.5)
        for entry in self.struck(pair):
            self.assertEqual(entry["timing"]["waited"], 0.5)
            self.assertEqual(entry["timing"]["requestBytes"], len(get("/a")))

    def test_delayedReply(self) -> None:
        """
        If the reply waits, the exchange is over after it.
        """
        pair = self.pair({"behavior": "delay", "options": {"sleep": 0.5, "before": False}})
        pair.ask(get("/a"))
        pair.clock.advance(0.25)
        self.assertEqual(pair.answer(REPLY), b"")
        pair.clock.advance(0.5)
        self.assertEqual(pair.client.heard(), REPLY)
        timing = self.struck(pair)[0]["timing"]
        self.assertEqual((timing["waited"], timing["replyEnded"]), (0.0, 0.25))
        self.assertEqual(timing["duration"], 0.75)

    def test_longRequest(self) -> None:
        """
        What the description cuts can be read whole, of struck and passed exchanges.
        """
        path = "/" + "long" * 100
        pair = self.pair({"behavior": "error", "options": {"code": "503"}, "times": 1})
        pair.ask(get(path))
        pair.ask(get(path))
        [entry] = self.struck(pair)
        self.assertEqual(entry["whole"]["description"], f"GET {path}")
        self.assertLess(len(entry["description"]), 130)
        self.assertEqual([each["request"] for each in self.told(pair)], [f"GET {path}"])
        pair = self.pair({"behavior": "delay"})
        pair.ask(get(path))
        self.assertEqual(self.struck(pair)[0]["whole"], {"description": f"GET {path}"})

    def test_otherProtocols(self) -> None:
        """
        Protocols that need to know more of a connection than its latest bytes.
        """
        pair = Pair("redis")
        pair.factory.context.passed.ask()
        pair.ask(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        pair.answer(b"$1\r\nv\r\n")
        [told] = self.told(pair)
        self.assertEqual((told["request"], told["replyBytes"]), ("GET k", 7))


class StreamTests(SynchronousTestCase):
    """
    The same on streams of HTTP/2.
    """

    def told(self, link: Multiplexed) -> list[tuple[str, dict[str, Any]]]:
        """
        The passed exchanges: what they ask for, and their times and sizes.
        """
        passed = link.pair.factory.context.passed.since(0, KEPT)
        return [(each.request, each.progress.toJSON()) for each in passed]

    def test_passed(self) -> None:
        """
        Streams that no rule affects.
        """
        link = Multiplexed(rule("error", "/never", code="500"))
        link.pair.factory.context.passed.ask()
        link.ask("/a")
        link.ask("/b", b"body")
        self.assertEqual([words for words, _ in self.told(link)], ["GET /a", "POST /b"])
        for _, timing in self.told(link):
            self.assertEqual(timing["duration"], 0.0)

    def test_struck(self) -> None:
        """
        Streams that a rule delays or answers.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=0.5), rule("error", "/bad", code="503"))
        link.pair.factory.context.passed.ask()
        link.ask("/slow", b"body")
        link.pair.clock.advance(0.5)
        link.pump()
        link.ask("/bad")
        slow, bad = [each for each in link.journal if each["kind"] == "decision"]
        self.assertEqual((slow["timing"]["waited"], slow["timing"]["duration"]), (0.5, 0.5))
        self.assertGreater(slow["timing"]["replyBytes"], 0)
        self.assertEqual(bad["timing"]["came"], 0.5)
        self.assertEqual(bad["message"], "Service Temporarily Unavailable")
        self.assertEqual(self.told(link), [])

"""
Tests for L{vaurien_twisted.wire.fastpath}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.batch_decision import BatchDecider
from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.counted_fastpath import LONGEST, MOST_KEPT, knownFor, remember
from vaurien_twisted.wire.fastpath import MOST_UNAFFECTED, FormedBatch, FormedFastPath
from vaurien_twisted.wire.framer import RequestReader, Session

HTTP = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"


class UnwatchedFastPath(FormedFastPath):
    """
    Batches alone, of which no rule names a command.
    """

    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        raise AssertionError("no rules are set")


class BatchTests(SynchronousTestCase):
    """
    Batches grow, shrink and are told apart.
    """

    def setUp(self) -> None:
        """
        A session in which nothing is awaited.
        """
        session = Session()
        self.awaiting = session.awaiting
        self.path = UnwatchedFastPath(session)
        self.requests = RequestReader()

    def batch(self, last: PassedBatch | None, number: int, forms: bytes) -> PassedBatch:
        """
        Extend by requests whose context is the name of their form.
        """
        self.requests.number = number - 1
        return self.path._extend(last, self.requests, forms, "form {}".format)

    def test_grows(self) -> None:
        """
        What follows the batch in numbers becomes part of it.
        """
        batch = self.batch(None, 3, b"\0\1")
        self.assertIs(self.batch(batch, 5, b"\2"), batch)
        self.assertEqual((batch.next, batch.left, list(self.awaiting)), (3, 3, [batch]))

    def test_gap(self) -> None:
        """
        Behind a number without a place another batch begins.
        """
        batch = self.batch(None, 1, b"\0")
        other = self.batch(batch, 3, b"\1")
        self.assertEqual(list(self.awaiting), [batch, other])
        self.assertEqual((other.next, other.left), (3, 1))

    def test_toldApart(self) -> None:
        """
        Those that have not passed have their own numbers and the contexts of their forms,
        in their place, and are the same to all who ask.
        """
        self.awaiting.append(Exchange(1))
        batch = self.batch(None, 2, b"\0\1\2\3")
        self.awaiting.append(Exchange(6))
        batch.passed(2)
        exchanges = batch.expand(NOTHING)
        self.path.expand(NOTHING)
        self.assertEqual([each.number for each in self.awaiting], [1, 4, 5, 6])
        self.assertEqual([each.context for each in self.awaiting], [None, "form 2", "form 3", None])
        self.assertIs(self.awaiting[1], exchanges[0])
        self.assertTrue(exchanges[0].complete)
        self.assertIs(exchanges[0].decision, NOTHING)

    def test_taken(self) -> None:
        """
        A batch is awaited until all of its replies have passed; nothing of it is left then.
        """
        batch = self.batch(None, 1, b"\0\1\2")
        assert isinstance(batch, FormedBatch)
        self.assertEqual(self.path._pass(batch, 2), 2)
        self.assertEqual((batch.next, batch.left, list(self.awaiting)), (3, 1, [batch]))
        self.assertEqual(self.path._pass(batch, 1), 1)
        self.assertEqual((batch.left, list(self.awaiting), batch.expand(NOTHING)), (0, [], []))

    def test_formsKnown(self) -> None:
        """
        A batch has a form for each exchange that is left.
        """
        batch = FormedBatch(1, b"\0", str)
        batch.grow(b"\1\2")
        batch.passed(1)
        self.assertEqual((batch.next, batch.left, batch.forms), (2, 2, b"\1\2"))


class SelectedTests(SynchronousTestCase):
    """
    What a rule looks at one by one.
    """

    def test_pitfall42_errors(self) -> None:
        """
        A rule whose behavior is not for greetings is met where requests pass that it does not
        match: none of them is taken for a greeting.
        """
        for wire, code, when, misses, matches in (
            ("http", "503", {"path": "/bad*"}, HTTP % b"/k", HTTP % b"/bad"),
            ("redis", "LOADING", {"key": "bad*"}, b"GET k\r\n", b"GET bad\r\n"),
            ("memcache", "SERVER_ERROR busy", {"key": "bad*"}, b"get k\r\n", b"get bad\r\n"),
        ):
            pair = Pair(wire)
            builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
            rule = {"behavior": "error", "options": {"code": code}, "when": when}
            pair.factory.setPlan(planFromRules(builder, [rule]))
            pair.relay.dataReceived(misses)
            self.assertEqual(pair.backend.heard(), misses, wire)
            pair.relay.dataReceived(matches)
            self.assertEqual(pair.backend.heard(), b"", wire)

    def test_remembered(self) -> None:
        """
        What no rule matches is remembered until the rules change, and not too much of it.
        """
        pair = Pair("memcache")
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("memcache"))
        for matched in ("bad", "good"):
            rule = {"behavior": "error", "when": {"key": matched}}
            pair.factory.setPlan(planFromRules(builder, [rule]))
            for _ in range(2):
                for key in ("good", "bad"):
                    request = b"delete %b\r\n" % key.encode()
                    passed = b"" if key == matched else request
                    self.assertEqual(pair.ask(request), passed, (matched, key))
        path = pair.relay.link._framed.exchanges.state.framer.requests.__self__
        self.assertEqual(path._unaffected, {("delete", "bad")})
        for number in range(MOST_UNAFFECTED):
            pair.ask(b"delete %d\r\n" % number)
        self.assertLessEqual(len(path._unaffected), MOST_UNAFFECTED)


class RememberTests(SynchronousTestCase):
    """
    What is remembered of chunks is bounded.
    """

    def test_apart(self) -> None:
        """
        Each protocol and set of watched commands has its own memory, and has it again.
        """
        one = knownFor("test", frozenset({"A"}))
        self.assertIs(knownFor("test", frozenset({"A"})), one)
        self.assertIsNot(knownFor("test", frozenset({"B"})), one)
        self.assertIsNot(knownFor("other", frozenset({"A"})), one)
        self.assertIsNot(knownFor("test", frozenset({"A"}), "another rule"), one)

    def test_bounded(self) -> None:
        """
        Neither long chunks, nor too many, nor those of many plans are kept.
        """
        known: dict[bytes, int] = {}
        remember(known, b"x" * (LONGEST + 1), 1)
        self.assertEqual(known, {})
        for number in range(MOST_KEPT + 1):
            remember(known, b"%d" % number, 1)
        self.assertEqual(len(known), 1)
        one = knownFor("test", frozenset({"first"}))
        for number in range(40):
            knownFor("test", frozenset({str(number)}))
        self.assertIsNot(knownFor("test", frozenset({"first"})), one)

"""
Tests for L{vaurien_twisted.rules.batches}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY
from vaurien_twisted.model.batch_decision import UNAFFECTED, BatchDecision, DecidedChunk
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.batches import PlanBatchDecider
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.decider import Decider

CONNECTION = Connection(3, "10.0.0.1")

WAIT: dict[str, Any] = {"behavior": "delay", "options": {"sleep": 0.5}}
ERROR: dict[str, Any] = {"behavior": "error", "when": {"key": "user:*"}}
GET = ("GET", "a", b"", None)


def decider(*rules: dict[str, Any]) -> Decider:
    """
    One with these rules in force, of Redis.
    """
    wire = REGISTRY.wire("redis")
    plan = planFromRules(RuleBuilder(REGISTRY, wire=wire), list(rules))
    return Decider("p", wire, 7, Journal(Clock().seconds), plan)


class BatchDecisionTests(SynchronousTestCase):
    """
    Batch decisions about exchanges.
    """

    def batchDecider(self, *rules: dict[str, Any]) -> PlanBatchDecider:
        """
        Those of a plan that has some.
        """
        batchDecider = decider(*rules).batchDecider(CONNECTION)
        assert batchDecider is not None
        return batchDecider

    def ask(self, batchDecider: PlanBatchDecider, key: str = "a") -> BatchDecision | None:
        """
        Ask about a C{GET}.
        """
        return batchDecider(Exchange(1, "GET", key))

    def test_none(self) -> None:
        """
        There is no batch decision if a rule counts, draws, or does more than delay every exchange.
        """
        for rules in (
            [],
            [{**WAIT, "times": 5}],
            [{**WAIT, "after": 5}],
            [{**WAIT, "scope": "connection"}],
            [{"behavior": "delay", "options": {"before": False}}],
            [{"behavior": "abort"}],
        ):
            self.assertIsNone(decider(*rules).batchDecider(CONNECTION), rules)

    def test_misses(self) -> None:
        """
        Nothing happens to what no rule matches; what one matches that does more than wait has
        to be decided.
        """
        batchDecider = self.batchDecider(ERROR)
        self.assertIs(self.ask(batchDecider), UNAFFECTED)
        self.assertIsNone(self.ask(batchDecider, "user:1"))
        self.assertFalse(batchDecider.waits)

    def test_waits(self) -> None:
        """
        All waits of an exchange together, and the same object for the same rules.
        """
        hang = {"behavior": "hang", "when": {"key": "b*"}}
        batchDecider = self.batchDecider(WAIT, ERROR, hang)
        self.assertTrue(batchDecider.waits)
        decided = self.ask(batchDecider)
        assert decided is not None
        self.assertEqual([step.command.seconds for step in decided.decision.request], [0.5])
        self.assertIs(self.ask(batchDecider, "c"), decided)
        both = self.ask(batchDecider, "b")
        assert both is not None
        self.assertEqual(len(both.decision.request), 2)
        self.assertIsNone(self.ask(batchDecider, "user:1"))

    def test_instant(self) -> None:
        """
        A wait of no time is none.
        """
        self.assertFalse(self.batchDecider({"behavior": "delay", "options": {"sleep": 0}}).waits)


class ChanceTests(SynchronousTestCase):
    """
    Rules with percentages.
    """

    def test_struck(self) -> None:
        """
        Requests pass until a number is drawn that a rule covers, and count as seen.
        """
        wire = REGISTRY.wire("redis")
        plan = RuleBuilder(REGISTRY, wire=wire).choice("10:error,10:delay", {})
        one, other = (Decider("p", wire, 7, Journal(Clock().seconds), plan) for _ in range(2))
        batchDecider = other.batchDecider(CONNECTION)
        assert batchDecider is not None
        batchDecision = batchDecider(Exchange(1, "GET", "a"))
        assert batchDecision is not None
        spared = 0
        for number in range(1, 200):
            passes = not batchDecider.struck(batchDecision, number, 1)
            decision = one.decide(CONNECTION, Exchange(number, "GET", "a"))
            self.assertEqual(passes, not (decision.request or decision.reply))
            if passes:
                spared += 1
                chunk = DecidedChunk(batchDecision, (GET,))
                self.assertEqual(other.decideChunk(CONNECTION, number, chunk), Decision())
            else:
                other.decide(CONNECTION, Exchange(number, "GET", "a"))
        self.assertTrue(120 < spared < 190)
        struck = batchDecider.struck(batchDecision, 1, 199)
        self.assertEqual(len(struck), 199 - spared)
        self.assertEqual(list(struck), sorted(struck))
        for counted in ((0, 0), (0, 1)):
            self.assertEqual(one.tally(counted).seen, other.tally(counted).seen)
        self.assertEqual(one.journal.since(), other.journal.since())

    def test_epoch(self) -> None:
        """
        Where exchanges get a number when one is drawn for them, they are decided one by one.
        """
        own = decider({**WAIT, "percent": 50}, ERROR)
        own.begin(3)
        own.setPlan(own.plan)
        batchDecider = own.batchDecider(CONNECTION)
        self.assertIsNone(batchDecider)


class RecordTests(SynchronousTestCase):
    """
    The counts and entries of a chunk.
    """

    def test_same(self) -> None:
        """
        They are the same as with a decision for each request.
        """
        rules = [{**WAIT, "name": "a"}, {**WAIT, "when": {"command": "GET"}}, ERROR]
        one, other = decider(*rules), decider(*rules)
        long = ("GET", "k" * 500, b"", None)
        decisions: list[Decision] = []
        for number, (command, subject, head, _) in enumerate((GET, long, GET), 5):
            decisions.append(one.decide(CONNECTION, Exchange(number, command, subject, head)))
        batchDecider = other.batchDecider(CONNECTION)
        assert batchDecider is not None
        batchDecision = batchDecider(Exchange(1, "GET", "a"))
        assert batchDecision is not None
        chunk = DecidedChunk(batchDecision, (GET, long, GET))
        told: list[object] = []
        for count in (0, 6):
            self.assertEqual(other.decideChunk(CONNECTION, 5, chunk), decisions[0])
            self.assertEqual(len(told), count)
            other.journal.watch(lambda: told.append(other.journal.newest))
        kept = other.journal.since()
        self.assertEqual(kept[:6], one.journal.since())
        self.assertEqual([entry["id"] for entry in kept], list(range(1, 13)))
        self.assertEqual(one.counters.faults, {("delay", ""): 6})
        self.assertEqual(other.counters.faults, {("delay", ""): 12})
        for counted in ((0, 0), (1, 0)):
            before, after = one.tally(counted), other.tally(counted)
            self.assertEqual(
                (2 * before.seen, 2 * before.applied, 2 * before.struck),
                (after.seen, after.applied, after.struck),
            )

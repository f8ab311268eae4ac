"""
Tests for L{vaurien_twisted.rules.single}, on a link in memory.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session
from tests.ruled import LINES
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.faults import Faults
from vaurien_twisted.rules.codec import RULES, planFromRules, ruleFromJSON, rulesOf
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.single import FIRST_KEY, NoSuchRule, RuleExists, newRule, rulesCalled


def rule(behavior: str = "hang", **fields: object):
    """
    A rule.
    """
    return ruleFromJSON(LINES, {"behavior": behavior, **fields})


class NewRuleTests(SynchronousTestCase):
    """
    A draw with a key of its own.
    """

    def test_names(self) -> None:
        """
        One without a name has its behavior's, with a number if that is taken.
        """
        plan = planFromRules(LINES, [{"behavior": "delay", "name": "hang-2"}])
        for name in ("hang", "hang-3", "hang-4"):
            named, draw = newRule(plan, rule())
            self.assertEqual(named.name, name)
            plan = plan.adding(draw)
        self.assertEqual(newRule(Plan(), rule(), {"hang"})[0].name, "hang-2")

    def test_taken(self) -> None:
        """
        A name that a rule or a toxic has.
        """
        plan = planFromRules(LINES, [{"behavior": "delay", "name": "own"}])
        self.assertRaises(RuleExists, newRule, plan, rule(name="own"))
        self.assertRaises(RuleExists, newRule, Plan(), rule(name="own"), {"own"})

    def test_key(self) -> None:
        """
        The key depends only on the name, and is unique.
        """
        _, draw = newRule(Plan(), rule(name="own"))
        other = planFromRules(LINES, [{"behavior": "delay"}])
        self.assertEqual(newRule(other, rule(name="own"))[1].key, draw.key)
        taken = Plan((newRule(Plan(), rule(name="x"))[1],))
        self.assertGreaterEqual(taken.draws[0].key, FIRST_KEY)
        again = Plan((type(draw)((rule(name="y"),), draw.key),))
        self.assertNotEqual(newRule(again, rule(name="own"))[1].key, draw.key)

    def test_many(self) -> None:
        """
        There is a bound.
        """
        plan = planFromRules(LINES, [{"behavior": "delay"}] * RULES)
        self.assertRaises(Refused, newRule, plan, rule())

    def test_missing(self) -> None:
        """
        The error has the nearest name.
        """
        plan = planFromRules(LINES, [{"behavior": "delay", "name": "slow"}])
        self.assertEqual(len(rulesCalled(plan, "slow")), 1)
        with self.assertRaises(NoSuchRule) as caught:
            rulesCalled(plan, "slwo")
        self.assertIn("'slow'", str(caught.exception))


class AddedTests(SynchronousTestCase):
    """
    Adding and removing rules.
    """

    def test_others(self) -> None:
        """
        Other rules keep their counts when rules are added and removed.
        """
        session = Session({"behavior": "error", "times": 2, "when": {"command": "GET"}})
        faults = Faults(session.factory)
        session.ask(b"GET a\n")
        faults.add(rule("hang", when={"command": "SET"}))
        session.ask(b"GET a\n")
        faults.remove("hang")
        self.assertEqual(session.ask(b"GET a\n"), b"GET a\n")
        self.assertEqual(session.ask(b"SET a\n"), b"SET a\n")

    def test_position(self) -> None:
        """
        A rule of the plan that is taken out leaves its position, so that others are drawn
        as before.
        """
        rules = [{"behavior": "hang", "name": "first"}, {"behavior": "error", "percent": 50}]
        session = Session(*rules)
        faults = Faults(session.factory)
        faults.remove("first")
        [left] = rulesOf(faults.plan)
        self.assertEqual((left["behavior"], len(faults.plan.draws)), ("error", 2))
        self.assertRaises(NoSuchRule, faults.remove, "first")

    def test_held(self) -> None:
        """
        The waits of a rule end when it is removed.
        """
        session = Session()
        faults = Faults(session.factory)
        faults.add(rule("hang", name="held"))
        self.assertEqual(session.ask(b"GET a\n"), b"")
        faults.remove("held")
        self.assertEqual(session.backend.heard(), b"GET a\n")
        self.assertEqual(faults.plan, Plan())

    def test_for(self) -> None:
        """
        The time of a rule begins when it is added; adding another does not restart it.
        """
        session = Session()
        faults = Faults(session.factory)
        session.clock.advance(100)
        faults.add(rule("hang", **{"for": 5}))
        session.clock.advance(4)
        faults.add(rule("delay", **{"for": "2s"}))
        self.assertEqual(session.ask(b"GET a\n"), b"")
        session.clock.advance(1)
        self.assertEqual([each.name for each in faults.plan.rules], ["delay"])
        session.clock.advance(1)
        self.assertEqual(faults.plan, Plan())
        self.assertEqual(session.backend.heard(), b"GET a\n")
        self.assertEqual(session.clock.getDelayedCalls(), [])

"""
Tests for L{vaurien_twisted.rules.decider}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.ruled import onlyRule
from tests.support import REGISTRY, RecordingBehavior, chosenBy, decider, entries
from vaurien_twisted.interfaces import IDecider
from vaurien_twisted.model.commands import Actions, Close, Hold, Insert, Reply, Wait
from vaurien_twisted.model.decision import NOTHING, Decision, DecisionContext, Rule, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import NoOptions
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.plan import Draw, Plan
from vaurien_twisted.rules.texts import effect

PLANNER = RuleBuilder(REGISTRY)


class DeciderTests(SynchronousTestCase):
    """
    How rules combine, count, and are journalled.
    """

    def test_interface(self) -> None:
        """
        It provides L{IDecider}.
        """
        self.assertTrue(verifyObject(IDecider, decider(Plan())))

    def test_nothing(self) -> None:
        """
        Where nothing happens the decision is L{NOTHING} and the journal stays empty.
        """
        for plan in (Plan(), onlyRule(RecordingBehavior(), NoOptions())):
            of = decider(plan)
            self.assertIs(of.decide(Connection(1), Exchange(1)), NOTHING)
            self.assertIs(of.decideConnection(Connection(1), Exchange(0)), NOTHING)
            self.assertEqual(entries(of), [])

    def test_combined(self) -> None:
        """
        Draws apply in order; what ends the exchange ends the list.
        """
        first = RecordingBehavior(Actions((Wait(1),), (Insert(b"x"),)), "first")
        second = RecordingBehavior(Actions((Close(),)), "second")
        third = RecordingBehavior(Actions((Hold(),)), "third")
        plan = Plan(tuple(Draw((Rule(b, NoOptions()),)) for b in (first, second, third)))
        decision = decider(plan).decide(Connection(1), Exchange(1))
        self.assertEqual([s.command for s in decision.request], [Wait(1), Close()])
        self.assertEqual([chosenBy(step) for step in decision.request], ["first", "second"])
        self.assertEqual([s.command for s in decision.reply], [Insert(b"x")])
        self.assertEqual(third.met, [])
        self.assertTrue(decision.ends)

    def test_ends(self) -> None:
        """
        An ending reply lets the request through.
        """
        plan = onlyRule(RecordingBehavior(Actions(reply=(Reply(b"x"),))), NoOptions())
        self.assertFalse(decider(plan).decide(Connection(1), Exchange(1)).ends)
        self.assertFalse(Decision().ends)

    def test_bareConnections(self) -> None:
        """
        Only behaviors that apply to connections decide about a bare connection, and count it.
        """
        deaf = RecordingBehavior(Actions((Hold(),)), "deaf")
        hearing = RecordingBehavior(Actions((Close(),)), "hearing", connections=True)
        plan = Plan(tuple(Draw((Rule(b, NoOptions()),)) for b in (deaf, hearing)))
        of = decider(plan)
        decision = of.decideConnection(Connection(1), Exchange(0))
        self.assertEqual([s.command for s in decision.request], [Close()])
        self.assertEqual(deaf.met, [])
        of.decide(Connection(1), Exchange(1))
        self.assertEqual(deaf.met[0].number, 0)

    def test_counts(self) -> None:
        """
        Each rule counts the exchanges that it chose, from the moment its plan was set.
        """
        one, two = RecordingBehavior(name="one"), RecordingBehavior(name="two")
        plan = Plan((Draw((Rule(one, NoOptions(), 50.0), Rule(two, NoOptions(), 50.0))),))
        of = decider(plan)
        for number in range(20):
            of.decide(Connection(1), Exchange(number))
        for behavior in (one, two):
            self.assertEqual([o.number for o in behavior.met], list(range(len(behavior.met))))
            self.assertGreater(len(behavior.met), 3)
        of.setPlan(plan)
        seen = len(one.met), len(two.met)
        of.decide(Connection(1), Exchange(1))
        fresh = one.met[seen[0] :] + two.met[seen[1] :]
        self.assertEqual([context.number for context in fresh], [0])

    def test_pitfall18_proxiesCountApart(self) -> None:
        """
        Two proxies with one plan do not share its counts.
        """
        behavior = RecordingBehavior()
        plan = onlyRule(behavior, NoOptions())
        for name in ("one", "two"):
            decider(plan, name=name).decide(Connection(1), Exchange(1))
        self.assertEqual([context.number for context in behavior.met], [0, 0])

    def test_occasion(self) -> None:
        """
        A behavior gets the connection, the protocol and the random number.
        """
        behavior = RecordingBehavior()
        connection, exchange = Connection(3, "10.0.0.1"), Exchange(5, "GET", "/")
        of = decider(onlyRule(behavior, NoOptions()), seed=9)
        of.decide(connection, exchange)
        self.assertEqual(
            behavior.met,
            [DecisionContext(connection, exchange, of.wire, 0, SeededRandom(9, "proxy", 3, 5, 0))],
        )

    def test_journalled(self) -> None:
        """
        The decision has its rule and effect.
        """
        of = decider(PLANNER.one("delay", {"sleep": 2}))
        of.decide(Connection(4), Exchange(2, "GET", "/page"))
        [entry] = entries(of)
        self.assertEqual(
            {key: entry[key] for key in entry if key not in ("id", "time")},
            {
                "kind": "decision",
                "proxy": "proxy",
                "connection": 4,
                "exchange": 2,
                "description": "GET /page",
                "rule": "100:delay sleep=2.0",
                "effect": "wait 2 s",
                "words": "delayed 2 s",
                "reason": "always",
            },
        )

    def test_effect(self) -> None:
        """
        The commands in a few words, unless the behavior has better ones.
        """
        actions = Actions((Wait(1.5), Hold()), (Insert(b"abc"), Close()))
        self.assertEqual(effect(actions), "wait 1.5 s, hold, reply: insert 3 bytes, reply: close")
        of = decider(onlyRule(RecordingBehavior(Actions((Hold(),), effect="mine")), NoOptions()))
        of.decide(Connection(1), Exchange(1))
        self.assertEqual(entries(of)[0]["effect"], "mine")

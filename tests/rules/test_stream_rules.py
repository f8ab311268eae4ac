"""
Tests for L{vaurien_twisted.rules.stream_rules}.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.support import REGISTRY
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.build import RuleBuilder, planToJSON
from vaurien_twisted.rules.codec import planFromRules, rulesOf
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.stream_rules import chosenStreams, listens

PLANNER = RuleBuilder(REGISTRY)


def planOf(*rules: dict[str, Any]) -> Plan:
    """
    A plan as users write it.
    """
    return planFromRules(PLANNER, list(rules))


def named(name: str = "slow", behavior: str = "latency", **more: Any) -> dict[str, Any]:
    """
    A rule with a name.
    """
    return {"name": name, "behavior": behavior, **more}


def hit(plan: Plan, connections: int = 2000, seed: int = 7) -> list[int]:
    """
    The connections that a stream rule of C{plan} applies to.
    """
    numbers = range(1, connections + 1)
    return [n for n in numbers if list(chosenStreams(plan, seed, "proxy", Connection(n)))]


class DrawTests(SynchronousTestCase):
    """
    Which connections a rule applies to.
    """

    def test_share(self) -> None:
        """
        30 percent are 27 to 33 of a hundred of 2,000 connections, whatever the seed; by
        the same seed the same ones, by another others.
        """
        for seed in (0, 7, 2**63 - 1):
            share = len(hit(planOf(named(percent=30)), seed=seed)) / 2000
            self.assertTrue(0.27 <= share <= 0.33, share)
        first = hit(planOf(named(percent=30)))
        self.assertEqual(hit(planOf(named(percent=30))), first)
        self.assertNotEqual(hit(planOf(named(percent=30)), seed=8), first)

    def test_pitfall2_noShare(self) -> None:
        """
        0 percent are none, 100 are all.
        """
        self.assertEqual(hit(planOf(named(percent=0))), [])
        self.assertEqual(len(hit(planOf(named(percent=100)))), 2000)

    def test_pitfall12_notDrawnAgain(self) -> None:
        """
        A named rule applies to the same connections when its options, its position and other rules
        change; a larger share includes them.
        """
        first = hit(planOf(named(percent=30)))
        latency = {"latency": 500}
        self.assertEqual(hit(planOf(named(percent=30, options=latency))), first)
        before = [{"behavior": "delay"}, {"behavior": "loss", "percent": 0}]
        self.assertEqual(hit(planOf(*before, named(percent=30))), first)
        more = hit(planOf(named(percent=60)))
        self.assertTrue(set(first) < set(more))

    def test_apart(self) -> None:
        """
        Two rules are drawn apart, alternatives of one draw exclude each other.
        """
        one, other = hit(planOf(named("a", percent=50))), hit(planOf(named("b", percent=50)))
        self.assertTrue(400 < len(set(one) & set(other)) < 600)
        drawn = planOf(
            {"draw": [{"behavior": "latency", "percent": 50}, {"behavior": "loss", "percent": 50}]}
        )
        for number in range(1, 200):
            self.assertEqual(len(list(chosenStreams(drawn, 7, "proxy", Connection(number)))), 1)

    def test_keys(self) -> None:
        """
        A name is a key whatever the options are; without one these are part of it.
        """

        def key(plan: Plan) -> str:
            (chosen,) = chosenStreams(plan, 7, "proxy", Connection(1))
            return chosen.key

        fast, slow = {"latency": 1}, {"latency": 2}
        self.assertEqual(key(planOf(named(options=fast))), key(planOf(named(options=slow))))
        bare = {"behavior": "latency"}
        self.assertNotEqual(
            key(planOf({**bare, "options": fast})), key(planOf({**bare, "options": slow}))
        )

    def test_expired(self) -> None:
        """
        A rule whose time is over applies to nothing.
        """
        plan = planOf({**named(), "for": 5})
        self.assertEqual(hit(plan.expire(list(plan.rules)), 20), [])

    def test_client(self) -> None:
        """
        A rule may match clients' addresses, and has the reason why it applied.
        """
        plan = planOf(named(percent=60, when={"client": "10.0.0.0/8"}))
        self.assertEqual(list(chosenStreams(plan, 7, "proxy", Connection(1, "127.0.0.1"))), [])
        met = [list(chosenStreams(plan, 7, "proxy", Connection(n, "10.1.2.3"))) for n in range(20)]
        (chosen, *_) = [each[0] for each in met if each]
        self.assertRegex(
            chosen.reason, r"when client '10.0.0.0/8', drew \d+\.\d\d for 60 percent of connections"
        )


class RuleTests(SynchronousTestCase):
    """
    The fields of a stream rule.
    """

    def refused(self, *rules: dict[str, Any]) -> Refused:
        """
        Why rules are refused.
        """
        refused: Refused = self.assertRaises(Refused, planOf, *rules)
        return refused

    def test_scope(self) -> None:
        """
        Its scope is the connection, given or not; exchange is refused.
        """
        for rule in (named(), named(scope="connection")):
            self.assertEqual([each.scope for each in planOf(rule).rules], ["connection"])
        refused = self.refused(named(scope="exchange"))
        self.assertEqual(refused.name, "scope")
        self.assertEqual(
            refused.description,
            "rule 1: 'latency' is for whole connections: remove scope, or set it to connection",
        )

    def test_windows(self) -> None:
        """
        There is nothing to count, so no C{after} and no C{times}; C{for} is a time.
        """
        for field in ("after", "times"):
            refused = self.refused(named(**{field: 3}))
            self.assertEqual(refused.name, field)
            self.assertIn("counts no requests", refused.description)
        (rule,) = planOf({**named(), "for": 3}).rules
        self.assertEqual(rule.lasting, 3)

    def test_when(self) -> None:
        """
        It can only match the client, since nothing else is known of a connection.
        """
        refused = self.refused(named(when={"direction": "client"}))
        self.assertEqual(refused.name, "when")
        self.assertIn("can only have 'client'", refused.description)

    def test_wholeProxy(self) -> None:
        """
        A behavior that closes the port is for all clients or for none.
        """
        for behavior in ("down", "refuse"):
            self.assertEqual(self.refused(named(behavior=behavior, percent=50)).name, "percent")
            refused = self.refused(named(behavior=behavior, when={"client": "10.0.0.1"}))
            self.assertEqual(refused.name, "when")
            planOf(named(behavior=behavior, percent=0))
            refused = self.assertRaises(Refused, PLANNER.one, f"50:{behavior}", {})
            self.assertIn("all clients of a proxy", refused.description)

    def test_wholeProxyDirection(self) -> None:
        """
        A direction has no effect there: it is accepted, and not returned.
        """
        for behavior in ("down", "refuse"):
            plan = planOf(named(behavior=behavior, options={"direction": "upstream"}))
            self.assertNotIn("options", rulesOf(plan)[0])
            wrong = self.refused(named(behavior=behavior, options={"direction": "up"}))
            self.assertEqual(wrong.name, "direction")

    def test_listens(self) -> None:
        """
        A plan listens unless a rule in force closes the port.
        """
        self.assertTrue(listens(planOf(named(), {"behavior": "delay"})))
        for behavior in ("down", "refuse"):
            self.assertTrue(listens(planOf(named(behavior=behavior, percent=0))))
            plan = planOf(named(), named("gone", behavior))
            self.assertFalse(listens(plan))
            self.assertTrue(listens(plan.expire(list(plan.rules))))

    def test_toldBack(self) -> None:
        """
        The JSON of a plan makes the same plan, as rules and as a behavior.
        """
        plan = planOf(named(options={"latency": 5}), named("b", "bandwidth", percent=40))
        again = planOf(*rulesOf(plan))
        self.assertEqual(
            [attrs.asdict(each) for each in again.rules],
            [attrs.asdict(each) for each in plan.rules],
        )
        told = planToJSON(PLANNER.one("20:latency,10:loss", {"latency": {"latency": 7}}))
        self.assertEqual(told["behavior"], "20:latency,10:loss")
        self.assertEqual(told["options"]["latency"]["latency"], 7)

"""
Tests for L{vaurien_twisted.rules.build}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.build import RuleBuilder, planToJSON
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.registry import loadRegistry

PLANNER = RuleBuilder(loadRegistry())


def told(plan: Plan) -> list[tuple[float, str]]:
    """
    The percentages and names of a plan's rules.
    """
    return [(r.percent, r.behavior.name) for draw in plan.draws for r in draw.alternatives]


class ChoiceTests(SynchronousTestCase):
    """
    Plans out of what users write.
    """

    def refused(self, name: str, options: dict[str, Any]) -> str:
        """
        Why it is.
        """
        refused: Refused = self.assertRaises(Refused, PLANNER.one, name, options)
        self.assertNotIn("\n", refused.description)
        return refused.description

    def test_name(self) -> None:
        """
        A name without options applies to everything.
        """
        self.assertEqual(told(PLANNER.one("hang", {})), [(100.0, "hang")])
        self.assertEqual(told(PLANNER.choice("hang", {})), [(100.0, "hang")])

    def test_percentages(self) -> None:
        """
        C{20:error,10:delay} is one draw; spaces do not matter.
        """
        for text in ("20:error,10:delay", " 20 : error , 10:delay"):
            plan = PLANNER.one(text, {})
            self.assertEqual(told(plan), [(20.0, "error"), (10.0, "delay")])
            self.assertEqual(len(plan.draws), 1)

    def test_fractions(self) -> None:
        """
        A percentage may be a fraction.
        """
        self.assertEqual(told(PLANNER.one("0.5:error", {})), [(0.5, "error")])

    def test_options(self) -> None:
        """
        Options go with their behavior: alone, or by name in a choice.
        """
        [rule] = PLANNER.one("delay", {"sleep": 2}).draws[0].alternatives
        self.assertEqual(rule.options.sleep, 2)
        rules = PLANNER.one("20:error,10:delay", {"delay": {"sleep": 3}}).draws[0].alternatives
        self.assertEqual((rules[0].options.warmup, rules[1].options.sleep), (0, 3))

    def test_pitfall13_refusedPercentages(self) -> None:
        """
        Percentages over 100, single or in sum, or invalid ones.
        """
        self.assertIn("add up to 110", self.refused("60:error,50:delay", {}))
        for text in ("101:error", "-1:error", "x:error", ":error", "nan:error", "1e3:error"):
            self.assertIn("is not a percentage from 0 to 100", self.refused(text, {}))
        self.assertIn("add up to 150", self.refused("50:error,delay", {}))

    def test_refusedNames(self) -> None:
        """
        Unknown behaviors, and one that given twice.
        """
        self.assertIn("did you mean 'delay'?", self.refused("dleay", {}))
        self.assertIn("did you mean 'error'?", self.refused("10:delay,5:eror", {}))
        self.assertIn("given twice", self.refused("10:delay,5:delay", {}))
        for text in ("", ",", "10:", "10:delay,"):
            self.assertIn("there is no", self.refused(text, {}))

    def test_refusedOptions(self) -> None:
        """
        Unknown options, bad values, and options of a behavior that is not meant.
        """
        self.assertIn("did you mean 'sleep'?", self.refused("delay", {"slep": 1}))
        self.assertIn("below the minimum", self.refused("delay", {"sleep": -1}))
        self.assertIn("has no options", self.refused("hang", {"sleep": 1}))
        self.assertIn("in '10:error'", self.refused("10:error", {"delay": {"sleep": 1}}))
        self.assertIn("must be an object", self.refused("10:error", {"error": 1}))

    def test_pitfall18_optionsDoNotLeak(self) -> None:
        """
        Options of one call are gone in the next; those configured stay.
        """
        ruleBuilder = RuleBuilder(loadRegistry(), {"delay": {"sleep": "5", "before": "false"}})
        [rule] = ruleBuilder.one("delay", {"sleep": 2}).draws[0].alternatives
        self.assertEqual((rule.options.sleep, rule.options.before), (2, False))
        [rule] = ruleBuilder.one("delay", {}).draws[0].alternatives
        self.assertEqual((rule.options.sleep, rule.options.before), (5, False))
        [rule] = PLANNER.one("delay", {}).draws[0].alternatives
        self.assertEqual((rule.options.sleep, rule.options.before), (1, True))

    def test_dashes(self) -> None:
        """
        An option replaces the configured one in any spelling.
        """
        ruleBuilder = RuleBuilder(loadRegistry(), {"transient": {"agitate": 5}})
        [rule] = ruleBuilder.one("transient", {"agitate": 2}).draws[0].alternatives
        self.assertEqual(rule.options.agitate, 2)


class TellTests(SynchronousTestCase):
    """
    The JSON of a plan makes the same plan.
    """

    def test_roundTrip(self) -> None:
        """
        L{planToJSON} gives the name and options that make the same plan.
        """
        for name, options in (
            ("dummy", {}),
            ("delay", {"sleep": 2.5}),
            ("20:error,10:delay", {"delay": {"sleep": 3}}),
            ("12.5:hang", {}),
        ):
            plan = PLANNER.one(name, options)
            back = planToJSON(plan)
            self.assertEqual(PLANNER.one(back["behavior"], back["options"]), plan)

    def test_form(self) -> None:
        """
        A single behavior is written as its name, a choice with its percentages.
        """
        self.assertEqual(
            planToJSON(PLANNER.one("delay", {})),
            {"behavior": "delay", "options": {"sleep": 1.0, "before": True}},
        )
        self.assertEqual(
            planToJSON(PLANNER.one("20:hang", {})), {"behavior": "20:hang", "options": {"hang": {}}}
        )
        self.assertEqual(planToJSON(Plan()), {"behavior": "dummy", "options": {}})

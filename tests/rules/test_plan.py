"""
Tests for L{vaurien_twisted.rules.plan}.
"""

from __future__ import annotations

import random
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import onlyRule
from tests.support import REGISTRY, RecordingBehavior, chosenBy, decider
from vaurien_twisted.model import decision as model
from vaurien_twisted.model.commands import Actions, Hold, Wait
from vaurien_twisted.model.decision import Rule, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import NoOptions, Refused
from vaurien_twisted.rules import decider as deciding
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.plan import Draw, Plan

#: Percents of seed 7, proxy "proxy", connection 1, exchanges 0 to 3, draw 0.
GOLDEN_PERCENTS = ["79.677046807", "90.038874021", "67.206794971", "29.805660458"]
GOLDEN_BYTES = "51d4c60e9b66"

PLANNER = RuleBuilder(REGISTRY)


def chosen(plan: Plan, places: list[tuple[int, int]], **more: Any) -> dict[tuple[int, int], str]:
    """
    The decision about each exchange, by connection and number, in the given order.
    """
    of = decider(plan, **more)
    found = {}
    for connection, number in places:
        decision = of.decide(Connection(connection), Exchange(number))
        steps = decision.request + decision.reply
        found[connection, number] = chosenBy(steps[0]) if steps else ""
    return found


class ChanceTests(SynchronousTestCase):
    """
    The random number behind a decision.
    """

    def test_golden(self) -> None:
        """
        These numbers must not change from release to release: recorded seeds depend on them.
        """
        self.assertEqual(
            [f"{SeededRandom(7, 'proxy', 1, number, 0).percent():.9f}" for number in range(4)],
            GOLDEN_PERCENTS,
        )
        self.assertEqual(
            SeededRandom(7, "proxy", 1, 1, 0).random().randbytes(6).hex(), GOLDEN_BYTES
        )

    def test_pitfall17_everyPartCounts(self) -> None:
        """
        Seed, proxy, connection, exchange and draw each make another number.
        """
        base = SeededRandom(1, "proxy", 1, 1, 1)
        others = [
            SeededRandom(2, "proxy", 1, 1, 1),
            SeededRandom(1, "other", 1, 1, 1),
            SeededRandom(1, "proxy", 2, 1, 1),
            SeededRandom(1, "proxy", 1, 2, 1),
            SeededRandom(1, "proxy", 1, 1, 2),
        ]
        numbers = {chance.percent() for chance in (base, *others)}
        self.assertEqual(len(numbers), 6)

    def test_extremes(self) -> None:
        """
        Every seed and key has a number below 100, also for the highest hash.
        """
        for seed in (0, 2**63 - 1):
            percent = SeededRandom(seed, "é" * 100, 2**40, 2**40, 2**16).percent()
            self.assertTrue(0 <= percent < 100)
        self.patch(model, "_number", lambda *parts: 2**64 - 1)
        self.assertTrue(99.99 < SeededRandom(1, "proxy", 1, 1, 1).percent() < 100)
        self.patch(model, "_number", lambda *parts: 0)
        self.assertEqual(SeededRandom(1, "proxy", 1, 1, 1).percent(), 0)

    def test_randomBeginsAnew(self) -> None:
        """
        The generator of one decision begins the same each time.
        """
        chance = SeededRandom(1, "proxy", 1, 1, 1)
        self.assertEqual(chance.random().random(), chance.random().random())

    def test_even(self) -> None:
        """
        The numbers are spread evenly: of 10,000 every tenth part holds about a tenth.
        """
        parts = [0] * 10
        for number in range(10_000):
            parts[
                int(SeededRandom(3, "proxy", number % 100, number // 100, 0).percent() // 10)
            ] += 1
        for part in parts:
            # Five standard deviations; the seed is fixed, so this is the same each time.
            self.assertTrue(850 < part < 1150, parts)


class ReproducibleTests(SynchronousTestCase):
    """
    The same seed and the same traffic give the same decisions.
    """

    plan = PLANNER.one("20:hang,10:delay", {})
    places: ClassVar[list[tuple[int, int]]] = [
        (connection, number) for connection in range(1, 101) for number in range(1, 101)
    ]

    def test_sameSeed(self) -> None:
        """
        In whatever order connections are served.
        """
        shuffled = list(self.places)
        random.Random(1).shuffle(shuffled)
        first = chosen(self.plan, self.places)
        self.assertEqual(first, chosen(self.plan, shuffled))
        self.assertEqual(first, chosen(self.plan, self.places[::-1]))

    def test_otherSeed(self) -> None:
        """
        Another seed, or another proxy, makes other decisions of the same traffic.
        """
        first = chosen(self.plan, self.places)
        self.assertNotEqual(first, chosen(self.plan, self.places, seed=8))
        self.assertNotEqual(first, chosen(self.plan, self.places, name="other"))

    def test_percentages(self) -> None:
        """
        Of 10,000 exchanges each behavior meets its share, within five standard deviations.
        """
        found = list(chosen(self.plan, self.places).values())
        self.assertTrue(1800 < found.count("hang") < 2200, found.count("hang"))
        self.assertTrue(850 < found.count("delay") < 1150, found.count("delay"))
        self.assertEqual(found.count("hang") + found.count("delay") + found.count(""), 10_000)

    def test_pitfall2_zeroNeverActs(self) -> None:
        """
        A share of 0 meets nothing, one of 100 everything, though the lot be the lowest.
        """
        self.assertEqual(set(chosen(PLANNER.one("0:hang", {}), self.places).values()), {""})
        self.assertEqual(set(chosen(PLANNER.one("100:hang", {}), self.places).values()), {"hang"})
        both = PLANNER.one("0:hang,100:delay", {})
        self.assertEqual(set(chosen(both, self.places[:99]).values()), {"delay"})
        self.patch(deciding, "drawnHash", lambda *parts: bytes(8))
        mixed = PLANNER.one("0:hang,50:delay", {})
        self.assertEqual(set(chosen(mixed, self.places[:99]).values()), {"delay"})

    def test_fullPercentages(self) -> None:
        """
        Shares that make 100 leave nothing out.
        """
        full = PLANNER.one("33.3:hang,33.3:delay,33.4:abort", {})
        self.assertNotIn("", chosen(full, self.places).values())

    def test_pitfall12_decidedOnce(self) -> None:
        """
        The same plan, set again, draws the same number for the same exchange.
        """
        of = decider(self.plan)
        first = [of.decide(Connection(1), Exchange(n)) for n in range(1, 200)]
        of.setPlan(PLANNER.one("20:hang,10:delay", {}))
        again = [of.decide(Connection(1), Exchange(n)) for n in range(1, 200)]
        self.assertEqual(first, again)

    def test_independentDraws(self) -> None:
        """
        Two draws of one plan have lots of their own: they do not always meet together.
        """
        one, two = (
            Draw((Rule(RecordingBehavior(Actions((Wait(s),)), f"b{s}"), NoOptions(), 50.0),))
            for s in (1, 2)
        )
        of = decider(Plan((one, two)))
        waits = {
            tuple(s.command for s in of.decide(Connection(1), Exchange(n)).request)
            for n in range(100)
        }
        self.assertEqual(waits, {(), (Wait(1),), (Wait(2),), (Wait(1), Wait(2))})


class DrawTests(SynchronousTestCase):
    """
    Percentages that make no sense are refused.
    """

    def draw(self, *percents: float) -> Draw:
        """
        A draw of alternatives with these percentages.
        """
        return Draw(tuple(Rule(RecordingBehavior(), NoOptions(), percent) for percent in percents))

    def test_pitfall13_over100(self) -> None:
        """
        Together they may not exceed 100, nor any be negative or no number.
        """
        for percents in ((60.0, 50.0), (100.1,), (-1.0,), (float("nan"),), (-10.0, 20.0)):
            refused = self.assertRaises(Refused, self.draw, *percents)
            self.assertEqual(refused.name, "percent")
        self.assertIn("add up to 110", str(self.assertRaises(Refused, self.draw, 60.0, 50.0)))

    def test_exactly100(self) -> None:
        """
        Percentages that add up to 100 are not refused for their binary rounding.
        """
        for first in range(1, 998):
            for second in (84.4, 0.1, 33.3):
                if first / 10 + second < 100:
                    self.draw(first / 10, second, (1000 - first - round(second * 10)) / 10)

    def test_empty(self) -> None:
        """
        A draw of nothing chooses nothing.
        """
        of = decider(
            Plan((Draw(()), *onlyRule(RecordingBehavior(Actions((Hold(),))), NoOptions()).draws))
        )
        self.assertEqual(len(of.decide(Connection(1), Exchange(1)).request), 1)


class PlanTests(SynchronousTestCase):
    """
    The properties of a plan.
    """

    def test_transparent(self) -> None:
        """
        A plan that cannot affect exchanges is transparent.
        """
        for text in ("dummy", "0:error", "50:dummy,0:hang"):
            self.assertTrue(PLANNER.one(text, {}).transparent, text)
        self.assertTrue(Plan().transparent)
        for text in ("delay", "0.1:error", "50:dummy,1:hang"):
            self.assertFalse(PLANNER.one(text, {}).transparent, text)

    def test_keeps(self) -> None:
        """
        A rule is kept by the same behavior with the same options, whatever its share.
        """
        [rule] = PLANNER.one("delay", {"sleep": 2}).draws[0].alternatives
        self.assertTrue(PLANNER.one("1:hang,5:delay", {"delay": {"sleep": 2}}).keeps(rule))
        self.assertFalse(PLANNER.one("delay", {"sleep": 3}).keeps(rule))
        self.assertFalse(PLANNER.one("hang", {}).keeps(rule))

    def test_describe(self) -> None:
        """
        A rule in one line.
        """
        [rule] = PLANNER.one("12.5:delay", {"delay": {"sleep": 2}}).draws[0].alternatives
        self.assertEqual(rule.describe(), "12.5:delay sleep=2.0")

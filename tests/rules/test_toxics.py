"""
Tests for L{vaurien_twisted.rules.toxics}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support import REGISTRY
from vaurien_twisted.model.options import BadValue, Refused
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.toxics import (
    NoSuchToxic,
    Toxic,
    ToxicExists,
    Toxics,
    UnknownStream,
    UnknownType,
    amended,
    toxicFromJSON,
)

PLANNER = RuleBuilder(REGISTRY)


def toxic(**item: Any) -> Toxic:
    """
    A toxic, by default C{latency}.
    """
    return toxicFromJSON(PLANNER, {"type": "latency", **item})


class ReadTests(SynchronousTestCase):
    """
    JSON to toxics.
    """

    def refused(self, item: object, kind: type = Refused) -> str:
        """
        Why it is, which must be of just this kind.
        """
        refused: Refused = self.assertRaises(kind, toxicFromJSON, PLANNER, item)
        self.assertIn(type(refused), (kind, BadValue) if kind is Refused else (kind,))
        self.assertNotIn("\n", refused.description)
        return refused.description

    def test_defaults(self) -> None:
        """
        Downstream, always, named after type and stream.
        """
        told = toxic().toJSON()
        self.assertEqual(
            (told["name"], told["type"], told["stream"], told["toxicity"]),
            ("latency_downstream", "latency", "downstream", 1.0),
        )
        self.assertEqual((told["attributes"]["latency"], told["attributes"]["jitter"]), (0, 0))
        self.assertNotIn("direction", told["attributes"])
        self.assertEqual(toxic(stream="upstream").name, "latency_upstream")

    def test_nothing(self) -> None:
        """
        C{null} is as if it were not there.
        """
        given = dict.fromkeys(("name", "stream", "toxicity", "attributes"))
        self.assertEqual(toxic(**given), toxic())
        self.assertEqual(toxic(attributes={"latency": None}), toxic())

    def test_rule(self) -> None:
        """
        It is one draw of one rule, for whole connections, in the stream's direction.
        """
        made = toxic(name="slow", toxicity=0.3, stream="Upstream", attributes={"latency": 7})
        [rule] = made.draw.alternatives
        self.assertEqual((rule.name, rule.percent, rule.scope), ("slow", 30, "connection"))
        self.assertEqual((rule.options.latency, rule.options.direction), (7, "upstream"))
        self.assertEqual(made.stream, "upstream")

    def test_place(self) -> None:
        """
        Its key for random numbers follows from its name, not from a position in a plan.
        """
        self.assertEqual(toxic(name="a").draw.key, toxic(name="a", toxicity=0.5).draw.key)
        self.assertNotEqual(toxic(name="a").draw.key, toxic(name="b").draw.key)
        key = toxic(name="a").draw.key
        assert key is not None
        self.assertTrue(2**31 <= key < 2**32)

    def test_anyBehavior(self) -> None:
        """
        Behaviors of exchanges can be toxics too, and Toxiproxy's C{noop}.
        """
        made = toxicFromJSON(PLANNER, {"type": "delay", "attributes": {"sleep": 2}})
        [rule] = made.draw.alternatives
        self.assertEqual((rule.behavior.name, rule.options.sleep), ("delay", 2))
        noop = toxicFromJSON(PLANNER, {"type": "noop"})
        self.assertEqual((noop.toJSON()["type"], noop.name), ("noop", "noop_downstream"))

    def test_refused(self) -> None:
        """
        Invalid values are refused with the nearest name, or the bound.
        """
        self.refused([])
        self.assertIn("'latency'", self.refused({"type": "latncy"}, UnknownType))
        self.refused({}, UnknownType)
        self.refused({"type": "latency", "stream": "sideways"}, UnknownStream)
        for item, words in (
            ({"toxcity": 1}, "did you mean 'toxicity'?"),
            ({"toxicity": 1.1}, "above the maximum 1"),
            ({"toxicity": -1}, "below the minimum 0"),
            ({"toxicity": True}, "it must be a number"),
            ({"toxicity": "1"}, "it must be a number"),
            ({"name": 5}, "it must be text"),
            ({"name": "a/b"}, "nor contain /"),
            ({"attributes": []}, "it must be an object"),
            ({"attributes": {"latncy": 1}}, "did you mean 'latency'?"),
            ({"attributes": {"latency": "1"}}, "it must be a whole number"),
            ({"attributes": {"latency": 1.5}}, "a whole number"),
            ({"attributes": {"latency": -1}}, "minimum"),
            ({"attributes": {"direction": "both"}}, "stream"),
        ):
            self.assertIn(words, self.refused({"type": "latency", **item}))


class AmendTests(SynchronousTestCase):
    """
    Changes of a toxic.
    """

    def test_merged(self) -> None:
        """
        Values that are not given stay; name, type and stream cannot change.
        """
        before = toxic(name="slow", toxicity=0.5, attributes={"latency": 5, "jitter": 2})
        after = amended(PLANNER, before, {"attributes": {"jitter": 3}})
        self.assertEqual((after.attributes["latency"], after.attributes["jitter"]), (5, 3))
        self.assertEqual((after.toxicity, after.draw.key), (0.5, before.draw.key))
        after = amended(PLANNER, before, {"toxicity": 1, "name": "x", "type": "y", "stream": "z"})
        self.assertEqual(
            (after.name, after.type, after.stream, after.toxicity),
            ("slow", "latency", "downstream", 1),
        )
        self.assertEqual(after.attributes, before.attributes)

    def test_refused(self) -> None:
        """
        Invalid changes.
        """
        for item in ([], {"toxicity": 2}, {"attributes": {"x": 1}}, {"atributes": {}}):
            self.assertRaises(Refused, amended, PLANNER, toxic(), item)


class ToxicsTests(SynchronousTestCase):
    """
    Several toxics.
    """

    def test_changes(self) -> None:
        """
        Each change makes other toxics, in order.
        """
        one, two = toxic(name="one"), toxic(name="two", stream="upstream")
        both = Toxics().adding(one).adding(two)
        self.assertEqual((list(both), len(both), len(Toxics())), ([one, two], 2, 0))
        changed = toxic(name="one", toxicity=0)
        self.assertEqual(list(both.changing(changed)), [changed, two])
        self.assertEqual(list(both.removing("one")), [two])
        self.assertEqual([each["name"] for each in both.toJSON()], ["two", "one"])

    def test_refused(self) -> None:
        """
        Names are unique, in both streams; and there must be one.
        """
        toxics = Toxics().adding(toxic(name="one"))
        self.assertRaises(ToxicExists, toxics.adding, toxic(name="one", stream="upstream"))
        refused = self.assertRaises(NoSuchToxic, toxics.removing, "onee")
        self.assertIn("did you mean 'one'?", refused.description)
        self.assertRaises(NoSuchToxic, toxics.get, "two")

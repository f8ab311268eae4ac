"""
Tests for L{vaurien_twisted.rules.codec}.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import RULES, fieldSpecs, planFromRules, rulesOf
from vaurien_twisted.rules.plan import Plan

#: A rule that says everything.
WHOLE: dict[str, Any] = {
    "behavior": "error",
    "options": {"code": "gone", "message": "no"},
    "percent": 10.5,
    "when": {"command": ["GET", "SET"], "key": "user:*", "client": "10.0.0.0/8"},
    "after": 5,
    "times": 3,
    "for": 60,
    "scope": "connection",
    "name": "users",
}


def plan(*rules: object) -> Plan:
    """
    The plan of these rules.
    """
    return planFromRules(LINES, list(rules))


class JSONTests(SynchronousTestCase):
    """
    Rules in the form of C{PUT /rules}.
    """

    def test_defaults(self) -> None:
        """
        A rule with only a behavior applies to every exchange.
        """
        [draw] = plan({"behavior": "hang"}).draws
        [rule] = draw.alternatives
        self.assertEqual((rule.behavior.name, rule.percent, rule.scope), ("hang", 100, "exchange"))
        self.assertEqual((rule.after, rule.times, rule.lasting), (0, None, None))
        self.assertIsNone(rule.matches)
        self.assertEqual(plan(), Plan())

    def test_pitfall44_many(self) -> None:
        """
        The number of rules is limited, including alternatives of a draw; more are refused before
        they are parsed.
        """
        hang = {"behavior": "hang", "percent": 0}
        self.assertEqual(len(list(plan(*[hang] * RULES).rules)), RULES)
        for rules in ([hang] * (RULES + 1), [{"draw": [hang] * RULES}, hang], [None] * 45000):
            refused = self.assertRaises(Refused, planFromRules, LINES, rules)
            self.assertEqual(refused.name, "rules")
            self.assertIn(f"{RULES} at most", refused.description)

    def test_whole(self) -> None:
        """
        Every field is taken.
        """
        [rule] = plan(WHOLE).rules
        self.assertEqual((rule.percent, rule.after, rule.times), (10.5, 5, 3))
        self.assertEqual((rule.lasting, rule.scope, rule.name), (60, "connection", "users"))
        self.assertEqual((rule.options.code, rule.options.message), ("gone", "no"))
        assert rule.matches is not None
        for client, subject, matched in (
            ("10.1.1.1", "user:1", True),
            ("11.1.1.1", "user:1", False),
            ("10.1.1.1", "item:1", False),
        ):
            exchange = Exchange(1, "SET", subject)
            self.assertEqual(rule.matches(Connection(1, client), exchange), matched)

    def test_draw(self) -> None:
        """
        Alternatives are one draw, other rules have their own, all in order.
        """
        made = plan(
            {"behavior": "hang"},
            {"draw": [{"behavior": "error", "percent": 20}, {"behavior": "delay", "percent": 80}]},
        )
        told = [[rule.behavior.name for rule in draw.alternatives] for draw in made.draws]
        self.assertEqual(told, [["hang"], ["error", "delay"]])

    def test_nulls(self) -> None:
        """
        If the default is none, null means it.
        """
        rule = {"behavior": "hang", "times": None, "for": None}
        self.assertEqual(plan(rule), plan({"behavior": "hang"}))

    def test_codes(self) -> None:
        """
        A code may be a number.
        """
        [rule] = plan({"behavior": "error", "options": {"code": 1213}}).rules
        self.assertEqual(rule.options.code, "1213")

    def test_configured(self) -> None:
        """
        Options that are not given are as configured.
        """
        ruleBuilder = RuleBuilder(LINES.registry, {"delay": {"sleep": "5"}}, LINES.wire)
        [rule] = planFromRules(ruleBuilder, [{"behavior": "delay"}]).rules
        self.assertEqual(rule.options.sleep, 5)


class ToldTests(SynchronousTestCase):
    """
    The JSON of rules makes the same rules.
    """

    def test_roundTrip(self) -> None:
        """
        The result is the same plan, also through JSON text, and with other configured options.
        """
        draw = {"draw": [{"behavior": "hang", "percent": 5}, {"behavior": "delay", "percent": 5}]}
        for rules in ([], [WHOLE], [draw], [WHOLE, draw, {"behavior": "dummy"}, WHOLE]):
            made = plan(*rules)
            told = json.loads(json.dumps(rulesOf(made)))
            other = RuleBuilder(LINES.registry, {"error": {"inject": "yes"}}, LINES.wire)
            self.assertEqual(planFromRules(LINES, told), made)
            self.assertEqual(planFromRules(other, told), made)

    def test_form(self) -> None:
        """
        The JSON has all options, and the other fields that are not defaults.
        """
        [told] = rulesOf(plan({"behavior": "delay", "percent": 20}))
        self.assertEqual(
            told, {"behavior": "delay", "options": {"sleep": 1.0, "before": True}, "percent": 20}
        )
        self.assertEqual(rulesOf(plan({"behavior": "hang"})), [{"behavior": "hang"}])
        [told] = rulesOf(plan(WHOLE))
        self.assertEqual(
            {key: told[key] for key in WHOLE if key != "options"},
            {key: value for key, value in WHOLE.items() if key != "options"},
        )

    def test_expired(self) -> None:
        """
        Expired rules are not in the JSON.
        """
        draw = {
            "draw": [
                {"behavior": "hang", "percent": 5, "for": 1},
                {"behavior": "abort", "percent": 5},
            ]
        }
        made = plan({"behavior": "delay", "for": 1}, draw)
        over = [rule for rule in made.rules if rule.lasting]
        told = rulesOf(made.expire(over))
        self.assertEqual([sorted(each) for each in told], [["draw"]])
        self.assertEqual([rule["behavior"] for rule in told[0]["draw"]], ["abort"])
        self.assertEqual(rulesOf(made.expire(list(made.rules))), [])


class RefusedTests(SynchronousTestCase):
    """
    Rules that are not taken.
    """

    def refused(self, *rules: object) -> tuple[str, str]:
        """
        Whose fault it is and why.
        """
        refused: Refused = self.assertRaises(Refused, plan, *rules)
        self.assertNotIn("\n", refused.description)
        return refused.name, refused.description

    def test_which(self) -> None:
        """
        The rule is counted.
        """
        name, words = self.refused({"behavior": "hang"}, {"behavior": "dealy"})
        self.assertEqual(name, "name")
        self.assertEqual(words, "rule 2: there is no behavior 'dealy': did you mean 'delay'?")

    def test_shape(self) -> None:
        """
        No list, no objects, no behavior.
        """
        for wrong in ({}, None, "hang", 1):
            refused: Refused = self.assertRaises(Refused, planFromRules, LINES, wrong)
            self.assertIn('"rules" must be a list of rules', refused.description)
        for item, words in (
            ("hang", "must be an object"),
            (None, "must be an object"),
            ([], "must be an object"),
            ({}, 'must name its "behavior"'),
            ({"behavior": None}, 'must name its "behavior"'),
            ({"behaviour": "hang"}, "must name its \"behavior\", not 'behaviour'"),
            ({"behavior": "hang", "percent": 101}, "percent: 101 is above the maximum 100"),
            ({"behavior": "delay", "options": {"sleep": -1}}, "sleep: -1 is below the minimum 0"),
            ({"behavior": "hang", "options": []}, '"options" must be an object'),
            ({"behavior": "hang", "options": None}, '"options" must be an object'),
            ({"behavior": "hang", "when": "x"}, "it must be an object"),
        ):
            self.assertIn(words, self.refused(item)[1])

    def test_unknown(self) -> None:
        """
        The error names the nearest of the fields, the behavior's options and the protocol's
        matchers, and its place.
        """
        for key, meant in (
            ("percnt", "'percent'?"),
            ("wehn", "'when'?"),
            ("lasting", "'lease'?"),
            ("code", "'code' under \"options\"?"),
            ("mesage", "'message' under \"options\"?"),
            ("command", "'command' under \"when\"?"),
            ("sql", "'sql' under \"when\"?"),
            ("clients", "'client' under \"when\"?"),
            ("qqqqqq", "pick one of: after, behavior, draw, for, lease, name"),
        ):
            name, words = self.refused({"behavior": "error", key: 1})
            self.assertEqual(name, key)
            self.assertIn(f"a rule has no {key!r}", words)
            self.assertIn(meant, words)

    def test_unknownOption(self) -> None:
        """
        Options are the behavior's.
        """
        name, words = self.refused({"behavior": "delay", "options": {"slep": 1}})
        self.assertEqual(name, "slep")
        self.assertIn("did you mean 'sleep'?", words)

    def test_targets(self) -> None:
        """
        So are targets the protocol's.
        """
        name, words = self.refused({"behavior": "hang", "when": {"comand": "GET"}})
        self.assertEqual(name, "when")
        self.assertIn("did you mean 'command'?", words)

    def test_bounds(self) -> None:
        """
        Numbers that are none, or out of bounds.
        """
        for field, wrong in (
            ("percent", (-1, 100.1, "x", True, None, float("nan"))),
            ("after", (-1, 1.5, None, "x")),
            ("times", (0, -1, 1.5)),
            ("for", (0, -1, 10**9, "soon", float("inf"))),
            ("scope", ("link", "", None)),
            ("name", (1, None)),
        ):
            for value in wrong:
                self.assertEqual(self.refused({"behavior": "hang", field: value})[0], field)

    def test_percent(self) -> None:
        """
        More than 100 percent in one draw is refused; several draws may have more together.
        """
        sixty = {"behavior": "hang", "percent": 60}
        name, words = self.refused({"behavior": "delay"}, {"draw": [sixty, sixty]})
        self.assertEqual(name, "percent")
        self.assertIn("rule 2: the percentages add up to 120", words)
        self.assertEqual(len(plan(sixty, sixty).draws), 2)

    def test_draw(self) -> None:
        """
        A draw is a list of rules without other members.
        """
        hang = {"behavior": "hang"}
        for wrong in ([], {}, None, "hang"):
            self.assertEqual(self.refused({"draw": wrong})[0], "draw")
        self.assertIn("must be within", self.refused({"draw": [hang], "percent": 5})[1])
        self.assertIn("has no 'draw'", self.refused({"draw": [{**hang, "draw": [hang]}]})[1])

    def test_protocol(self) -> None:
        """
        A behavior that the protocol does not support.
        """
        name, words = self.refused({"behavior": "error", "options": {"code": "not that"}})
        self.assertEqual(name, "code")
        self.assertIn("'lines' has no error 'not that'", words)


class FieldTests(SynchronousTestCase):
    """
    The declarations of fields.
    """

    def test_spelled(self) -> None:
        """
        By the names that users write, each with a sentence.
        """
        declared = fieldSpecs()
        self.assertEqual(
            list(declared),
            ["percent", "when", "after", "times", "for", "scope", "name", "lease"],
        )
        for name, spec in declared.items():
            self.assertEqual(spec.name, name)
            self.assertRegex(spec.description, r"\A[A-Z].*\.\Z")

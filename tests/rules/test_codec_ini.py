"""
Tests for L{vaurien_twisted.rules.codec}: the sections of an ini file.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from tests.rules.test_codec import WHOLE
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import planFromRules, rulesFromWords
from vaurien_twisted.rules.plan import Plan


class SectionTests(SynchronousTestCase):
    """
    C{[rule:NAME]} in an ini file.
    """

    def made(self, *sections: tuple[str, dict[str, str]]) -> Plan:
        """
        The plan of these sections.
        """
        return rulesFromWords(LINES, sections)

    def refused(self, *sections: tuple[str, dict[str, str]]) -> tuple[str, str]:
        """
        Whose fault it is and why.
        """
        refused: Refused = self.assertRaises(Refused, self.made, *sections)
        self.assertNotIn("\n", refused.description)
        return refused.name, refused.description

    def test_whole(self) -> None:
        """
        All fields of a rule; the result is the same as from JSON.
        """
        words = {
            "behavior": "error",
            "code": "gone",
            "message": "no",
            "percent": "10.5",
            "when.command": "GET\nSET",
            "when.key": "user:*",
            "when.client": "10.0.0.0/8",
            "after": "5",
            "times": "3",
            "for": "60",
            "scope": "connection",
        }
        self.assertEqual(self.made(("users", words)), planFromRules(LINES, [WHOLE]))

    def test_order(self) -> None:
        """
        Sections are draws in order; the same word in C{draw}, one after the other, makes one.
        """
        made = self.made(
            ("a", {"behavior": "hang", "percent": "20", "draw": "x"}),
            ("b", {"behavior": "delay", "percent": "10", "draw": "x"}),
            ("c", {"behavior": "delay", "percent": "10", "draw": "y"}),
            ("d", {"behavior": "delay"}),
            ("e", {"behavior": "hang"}),
        )
        names = [[rule.name for rule in draw.alternatives] for draw in made.draws]
        self.assertEqual(names, [["a", "b"], ["c"], ["d"], ["e"]])

    def test_fields(self) -> None:
        """
        Names and patterns on separate lines; a name without a pattern matches any value.
        """
        words = {"behavior": "hang", "when.field": "\nagent: curl/*\n\nkind"}
        [rule] = self.made(("a", words)).rules
        self.assertEqual(rule.when, {"field": {"agent": "curl/*", "kind": "*"}})

    def test_brackets(self) -> None:
        """
        A pattern in brackets is a pattern, not a list.
        """
        [rule] = self.made(("a", {"behavior": "hang", "when.sql": "[12]", "when.key": "[1]"})).rules
        self.assertEqual(rule.when, {"sql": "[12]", "key": "[1]"})

    def test_unknown(self) -> None:
        """
        The nearest of fields, targets and options is named, with the section.
        """
        for key, meant in (
            ("percnt", "percent"),
            ("whn.sql", "when.sql"),
            ("when.sqll", "when.sql"),
            ("command", "when.command"),
            ("mesage", "message"),
            ("behaviour", "behavior"),
            ("drew", "draw"),
            ("when", "when.sql"),
        ):
            name, words = self.refused(("a", {"behavior": "error", key: "1"}))
            self.assertEqual(name, key)
            self.assertEqual(words, f"[rule:a]: there is no key {key!r}: did you mean {meant!r}?")
        self.assertIn("pick one of", self.refused(("a", {"behavior": "error", "name": "x"}))[1])

    def test_refused(self) -> None:
        """
        No behavior, one that does not exist, and values that are not taken.
        """
        for words, told in (
            ({"percent": "5"}, "[rule:a]: a rule must name its behavior"),
            ({"behavior": "hagn"}, "[rule:a]: there is no behavior 'hagn': did you"),
            ({"behavior": "hang", "percent": "x"}, "[rule:a]: percent: 'x' is not valid"),
            ({"behavior": "hang", "when.sql": "("}, "[rule:a]: when 'sql'"),
            ({"behavior": "hang", "times": ""}, "[rule:a]: times: '' is not valid"),
        ):
            self.assertIn(told, self.refused(("a", words))[1])

    def test_percent(self) -> None:
        """
        More than 100 in one draw names its sections.
        """
        sixty = {"behavior": "hang", "percent": "60", "draw": "x"}
        name, words = self.refused(("a", sixty), ("b", sixty))
        self.assertEqual(name, "percent")
        self.assertIn("[rule:a], [rule:b]: the percentages add up to 120", words)

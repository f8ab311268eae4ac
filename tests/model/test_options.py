"""
Tests for L{vaurien_twisted.model.options}.
"""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.options import (
    NoOptions,
    Refused,
    Spec,
    build,
    nearest,
    option,
    specs,
    values,
)


@attrs.frozen
class Sample:
    """
    One option of each kind.
    """

    count: int = option(int, 3, "How many.", unit="requests", minimum=0, maximum=2**63 - 1)
    share: float = option(float, 0.5, "How much.", minimum=0.25, maximum=1)
    loud: bool = option(bool, False, "Whether it is heard.")
    first_word: str = option(str, "a", "Which.", choices=("a", "b"))
    name: str = option(str, "", "Whose.", loose=True)
    headers: dict[str, str] = option(dict, attrs.Factory(dict), "What else.")


class ConvertTests(SynchronousTestCase):
    """
    L{Spec.convert} takes JSON and text, and refuses the rest.
    """

    def refused(self, name: str, value: object) -> str:
        """
        Why C{value} is refused for the option C{name}.
        """
        refused: Refused = self.assertRaises(Refused, build, Sample, {name: value}, "sample")
        self.assertEqual(refused.name, name)
        self.assertNotIn("\n", refused.description)
        return refused.description

    def test_whole(self) -> None:
        """
        A whole number is one as text, as an int, and as a float without a fraction.
        """
        good: list[object] = [7, "7", " 7 ", 7.0]
        bad: list[object] = [7.5, "7.5", "seven", "", True, None, [7], float("nan"), float("inf")]
        for value in good:
            self.assertEqual(build(Sample, {"count": value}, "sample").count, 7)
        for value in bad:
            self.assertIn("it must be a whole number", self.refused("count", value))

    def test_manyDigits(self) -> None:
        """
        A number that a float cannot hold keeps its digits, so a logged seed can be
        given back; one too large for any float is refused like others.
        """
        for value in (2**63 - 1, str(2**63 - 1)):
            self.assertEqual(build(Sample, {"count": value}, "sample").count, 2**63 - 1)
        self.assertIn("above the maximum 9223372036854775807", self.refused("count", 2**63))
        self.assertIn("above the maximum", self.refused("count", 10**400))

    def test_number(self) -> None:
        """
        A number may be an int, and must be finite.
        """
        self.assertEqual(build(Sample, {"share": 1}, "sample").share, 1.0)
        self.assertEqual(build(Sample, {"share": "0.75"}, "sample").share, 0.75)
        bad: list[object] = ["nan", "inf", float("nan"), 10**400, "x", False, {}]
        for value in bad:
            self.assertIn("it must be a number", self.refused("share", value))

    def test_bounds(self) -> None:
        """
        The bounds themselves are allowed; values beyond are refused with the bound.
        """
        for value in (0.25, 1):
            self.assertEqual(build(Sample, {"share": value}, "sample").share, value)
        self.assertIn("below the minimum 0.25", self.refused("share", 0.2))
        self.assertIn("above the maximum 1", self.refused("share", 1.01))
        self.assertIn("below the minimum 0", self.refused("count", "-1"))

    def test_yesOrNo(self) -> None:
        """
        JSON's true and false, and the words for them in any case; other values are refused.
        """
        yes: list[object] = [True, "true", "Yes", "on", "1", "y"]
        no: list[object] = [False, "FALSE", "no", "off", "0", "n"]
        neither: list[object] = [1, 0, None, "perhaps", ""]
        for value in yes:
            self.assertIs(build(Sample, {"loud": value}, "sample").loud, True)
        for value in no:
            self.assertIs(build(Sample, {"loud": value}, "sample").loud, False)
        for value in neither:
            self.assertIn("it must be true or false", self.refused("loud", value))

    def test_text(self) -> None:
        """
        Text is text only, unless declared loose: then a JSON number or null will do.
        """
        self.assertIn("it must be text", self.refused("first_word", 1))
        self.assertEqual(build(Sample, {"name": 1213}, "sample").name, "1213")
        self.assertEqual(build(Sample, {"name": None}, "sample").name, "")
        self.assertIn("it must be text", self.refused("name", True))
        self.assertIn("it must be text", self.refused("name", 1.5))

    def test_choices(self) -> None:
        """
        Of choices, the nearest or all are named.
        """
        self.assertEqual(build(Sample, {"first_word": "b"}, "sample").first_word, "b")
        self.assertIn("did you mean 'b'?", self.refused("first_word", "B"))
        self.assertIn("pick one of: a, b", self.refused("first_word", "zzz"))

    def test_object(self) -> None:
        """
        An object is a JSON object.
        """
        self.assertEqual(build(Sample, {"headers": {"a": "b"}}, "sample").headers, {"a": "b"})
        self.assertIn("it must be an object", self.refused("headers", "a=b"))


class BuildTests(SynchronousTestCase):
    """
    L{build} and L{values}.
    """

    def test_defaults(self) -> None:
        """
        Missing options have their declared defaults.
        """
        self.assertEqual(build(Sample, {}, "sample"), Sample())

    def test_dashes(self) -> None:
        """
        Names are understood with dashes, as on the command line.
        """
        self.assertEqual(build(Sample, {"first-word": "b"}, "sample").first_word, "b")

    def test_unknown(self) -> None:
        """
        An unknown name is refused with the nearest.
        """
        refused = self.assertRaises(Refused, build, Sample, {"cuont": 1}, "sample")
        self.assertEqual(str(refused), "sample has no option 'cuont': did you mean 'count'?")
        refused = self.assertRaises(Refused, build, NoOptions, {"x": 1}, "behavior 'hang'")
        self.assertEqual(str(refused), "behavior 'hang' has no options: remove 'x'")

    def test_roundTrip(self) -> None:
        """
        L{values} returns what L{build} accepts.
        """
        sample = Sample(count=9, share=0.3, loud=True, first_word="b", name="x", headers={"a": "b"})
        self.assertEqual(build(Sample, values(sample), "sample"), sample)

    def test_nothingIsShared(self) -> None:
        """
        Two instances share no default that could be changed.
        """
        self.assertIsNot(Sample().headers, Sample().headers)


class NearestTests(SynchronousTestCase):
    """
    L{nearest} ends a refusal.
    """

    def test_close(self) -> None:
        """
        A likely slip is named.
        """
        self.assertEqual(nearest("Dleay", ["delay", "error"]), "did you mean 'delay'?")
        self.assertEqual(nearest("lodaing", ["LOADING", "BUSY"]), "did you mean 'LOADING'?")

    def test_far(self) -> None:
        """
        Where nothing is near, all are listed, in order.
        """
        self.assertEqual(nearest("xyz", ["b", "a"]), "pick one of: a, b")

    def test_none(self) -> None:
        """
        Without options the message says so.
        """
        self.assertEqual(nearest("xyz", []), "there are none to choose from")


class DescribeTests(SynchronousTestCase):
    """
    L{Spec.describe} is the declaration as JSON.
    """

    def test_all(self) -> None:
        """
        The description has everything that is declared.
        """
        self.assertEqual(
            specs(Sample)["count"].describe(),
            {
                "name": "count",
                "type": "int",
                "default": 3,
                "description": "How many.",
                "unit": "requests",
                "minimum": 0,
                "maximum": 2**63 - 1,
            },
        )
        self.assertEqual(specs(Sample)["first_word"].describe()["choices"], ["a", "b"])

    def test_least(self) -> None:
        """
        The description omits what is not declared.
        """
        told = Spec("loud", bool, False, "Whether it is heard.").describe()
        self.assertEqual(set(told), {"name", "type", "default", "description"})

    def test_order(self) -> None:
        """
        Options are in the order of their declaration.
        """
        names = ["count", "share", "loud", "first_word", "name", "headers"]
        self.assertEqual(list(specs(Sample)), names)

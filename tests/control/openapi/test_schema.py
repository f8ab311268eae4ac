"""
Tests for L{vaurien_twisted.control.openapi.schema}: options as JSON Schemas.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.control.openapi.schema import (
    mustBeGiven,
    ofOption,
    ofOptions,
    ofQuery,
    orNull,
    record,
    ref,
)
from vaurien_twisted.model.options import Refused, listed, option, specs


@attrs.frozen
class Weather:
    """
    Options of every kind.
    """

    wind: float = option(float, 1.0, "How fast.", unit="s", minimum=0, maximum=60)
    drops: int = option(int, 3, "How many.", minimum=1)
    warm: bool = option(bool, False, "Whether it is warm.")
    sky: str = option(str, "blue", "Its color.", choices=("blue", "grey"))
    code: str = option(str, "", "Its number or name.", loose=True)
    late: float | None = option(float, None, "When it ends.", unit="s")
    fields: dict[str, object] = option(dict, {}, "The rest.")


#: Values in JSON that each option accepts or refuses.
VALUES: tuple[object, ...] = (
    *(0, 1, 3, -1, 59.5, 61, 1e9, True, False, None, {}, []),
    *("", "blue", "green", "5", " 7 ", "500ms", "1h30m", "2x", "yes", "no", "nan", "1e1", "1_0"),
)


class OptionTests(SynchronousTestCase):
    """
    The schema of one option.
    """

    def agree(self, strict: bool) -> None:
        """
        The schema allows the values that the option accepts.
        """
        for name, spec in specs(Weather).items():
            validator = jsonschema.Draft202012Validator(ofOption(spec, strict))
            for value in VALUES:
                try:
                    spec.convert(value, strict)
                    accepted = True
                except Refused:
                    accepted = spec.default is None and value is None
                allowed = validator.is_valid(value)
                # A schema says less of text, and of whole numbers with a point.
                vague = isinstance(value, str) or (name, value) == ("code", 1e9)
                if accepted or not vague:
                    self.assertEqual(allowed or value == "1_0", accepted, (name, value))

    def test_strict(self) -> None:
        """
        Where text is refused in place of numbers.
        """
        self.agree(True)

    def test_loose(self) -> None:
        """
        Where it is accepted.
        """
        self.agree(False)

    def test_words(self) -> None:
        """
        Description, unit and default are there.
        """
        told: Any = ofOption(specs(Weather)["wind"])
        self.assertEqual(told["description"], "How fast.  Unit: s.")
        self.assertEqual(told["default"], 1.0)

    def test_object(self) -> None:
        """
        An object of options has no others, and requires none.
        """
        validator = jsonschema.Draft202012Validator(ofOptions(listed(Weather)))
        self.assertTrue(validator.is_valid({}))
        self.assertTrue(validator.is_valid({"drops": 1}))
        self.assertFalse(validator.is_valid({"drips": 1}))


class PartTests(SynchronousTestCase):
    """
    The parts that schemas are made of.
    """

    def test_query(self) -> None:
        """
        In a query, true and false are words.
        """
        told: Any = ofQuery(specs(Weather)["warm"])
        self.assertEqual(told["type"], "string")
        for word, allowed in (("1", True), ("FALSE", True), ("Yes", True), ("maybe", False)):
            self.assertEqual(bool(re.search(told["pattern"], word)), allowed, word)
        self.assertEqual(told["default"], "false")
        self.assertEqual(ofQuery(specs(Weather)["drops"])["minimum"], 1)
        self.assertNotIn("default", ofQuery(specs(Weather)["late"]))

    def test_mustBeGiven(self) -> None:
        """
        A default that is not a valid value only means that no value was given.
        """
        number = attrs.evolve(specs(Weather)["drops"], default=0)
        self.assertTrue(mustBeGiven(number))
        self.assertNotIn("default", ofQuery(number))
        self.assertFalse(mustBeGiven(specs(Weather)["drops"]))

    def test_null(self) -> None:
        """
        Null is added once, to the choices, too.
        """
        self.assertEqual(orNull({"type": "string"}), {"type": ["string", "null"]})
        self.assertEqual(orNull(orNull({"type": "string"})), {"type": ["string", "null"]})
        chosen = orNull({"type": "string", "enum": ["a"]})
        self.assertEqual(chosen["enum"], ["a", None])
        self.assertEqual(orNull(ref("Rule")), {"anyOf": [ref("Rule"), {"type": "null"}]})

    def test_record(self) -> None:
        """
        Properties are required unless they are declared optional.
        """
        self.assertEqual(record({"a": {}, "b": {}}, "b")["required"], ["a"])
        self.assertNotIn("required", record({"a": {}}, required=()))
        self.assertIs(record({}, closed=True)["additionalProperties"], False)

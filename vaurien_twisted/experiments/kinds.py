# -*- test-case-name: tests.experiments.test_document -*-
"""
Kinds of values that an experiment's fields have: text, numbers, durations, shares, lists.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from vaurien_twisted.experiments.located import Located
from vaurien_twisted.model.durations import inUnit
from vaurien_twisted.model.options import Refused, nearest, shortened


class Kind(Protocol):
    """
    A kind of values.
    """

    def decode(self, found: Located, name: str) -> object:
        """
        The value of the field C{name}.

        @raise Refused: it is not of this kind; the message names the line and what is valid.
        """

    def schema(self) -> dict[str, object]:
        """
        The kind as JSON Schema (draft 2020-12).
        """

    def describe(self) -> str:
        """
        The kind in a few words, for the documentation.
        """


def refuse(found: Located, name: str, wanted: str) -> Refused:
    """
    The refusal of a value that is not C{wanted}.
    """
    value = found.plain()
    shown = "nothing" if value is None else shortened(value)
    return Refused(f"line {found.line}: {name}: {shown} is not {wanted}", name)


@attrs.frozen
class Text:
    """
    Text; a number counts as its digits.

    @ivar choices: the allowed texts; empty for any.
    """

    choices: tuple[str, ...] = ()

    def decode(self, found: Located, name: str) -> str:
        value = found.value
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise refuse(found, name, "text")
        text = str(value)
        if self.choices and text not in self.choices:
            hint = nearest(text, self.choices)
            raise Refused(f"line {found.line}: {name}: {text!r} is not valid: {hint}", name)
        return text

    def schema(self) -> dict[str, object]:
        if self.choices:
            return {"enum": list(self.choices)}
        return {"type": ["string", "number"]}

    def describe(self) -> str:
        return "one of " + ", ".join(self.choices) if self.choices else "text"


@attrs.frozen
class Flag:
    """
    C{true} or C{false}.
    """

    def decode(self, found: Located, name: str) -> bool:
        if not isinstance(found.value, bool):
            raise refuse(found, name, "true or false")
        return found.value

    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}

    def describe(self) -> str:
        return "true or false"


@attrs.frozen
class Number:
    """
    A number within bounds.

    @ivar whole: whether only whole numbers are allowed.
    """

    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False

    def decode(self, found: Located, name: str) -> float:
        value = found.value
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not fits or (self.whole and value != int(float(str(value)))):
            raise refuse(found, name, self.describe())
        number = float(str(value))
        low = self.minimum is not None and number < self.minimum
        high = self.maximum is not None and number > self.maximum
        if low or high or number != number or abs(number) == float("inf"):
            raise refuse(found, name, self.describe())
        return int(number) if self.whole else number

    def schema(self) -> dict[str, object]:
        schema: dict[str, object] = {"type": "integer" if self.whole else "number"}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        return schema

    def describe(self) -> str:
        bounds = ""
        if self.minimum is not None:
            bounds += f" from {self.minimum:g}"
        if self.maximum is not None:
            bounds += f" to {self.maximum:g}"
        return ("a whole number" if self.whole else "a number") + bounds


@attrs.frozen
class Duration:
    """
    A time, in seconds or with units.

    @ivar positive: whether zero is refused.
    """

    positive: bool = False

    def decode(self, found: Located, name: str) -> float:
        value = found.value
        if isinstance(value, str):
            number = inUnit(value, "s")
        else:
            number = Number(minimum=0).decode(found, name)
        if number is None:
            raise refuse(found, name, self.describe())
        if self.positive and not number:
            raise refuse(found, name, "a duration above 0")
        return number

    def schema(self) -> dict[str, object]:
        pattern = r"^\s*([0-9]+(\.[0-9]+)?(us|µs|ms|s|m|h|d))+\s*$"
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": pattern}]}

    def describe(self) -> str:
        return "a duration such as 500ms, 2s or 1m30s"


@attrs.frozen
class Share:
    """
    A part of a whole: C{1%}, or a number from 0 to 1.
    """

    def decode(self, found: Located, name: str) -> float:
        value = found.value
        try:
            if isinstance(value, str) and value.strip().endswith("%"):
                share = float(value.strip()[:-1]) / 100
            elif isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError
            else:
                share = float(value)
        except ValueError:
            raise refuse(found, name, self.describe()) from None
        if not 0 <= share <= 1:
            raise refuse(found, name, self.describe())
        return share

    def schema(self) -> dict[str, object]:
        percent = {"type": "string", "pattern": r"^[0-9.]+\s*%$"}
        return {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, percent]}

    def describe(self) -> str:
        return "a share such as 1% or 0.01"


@attrs.frozen
class Plain:
    """
    An object, unchanged; the service checks its members.

    @ivar optional: whether no value is allowed too.
    """

    optional: bool = False

    def decode(self, found: Located, name: str) -> object:
        if not isinstance(found.value, dict) and not (self.optional and found.value is None):
            raise refuse(found, name, self.describe())
        return found.plain()

    def schema(self) -> dict[str, object]:
        return {"type": ["object", "null"] if self.optional else "object"}

    def describe(self) -> str:
        return "an object, or nothing" if self.optional else "an object"


@attrs.frozen
class CommandLine:
    """
    A command: text for a shell, or a list of words.
    """

    def decode(self, found: Located, name: str) -> str | tuple[str, ...]:
        words = found.value if isinstance(found.value, list) else [found]
        texts = [each.value for each in words]
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise refuse(found, name, self.describe())
        return str(found.value) if words == [found] else tuple(map(str, texts))

    def schema(self) -> dict[str, object]:
        text = {"type": "string", "minLength": 1}
        return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}

    def describe(self) -> str:
        return "a command: text for a shell, or a list of words"


@attrs.frozen
class Many:
    """
    A list; a single value stands for a list of one.
    """

    kind: Kind
    least: int = 0

    def decode(self, found: Located, name: str) -> tuple[object, ...]:
        values = found.value if isinstance(found.value, list) else [found]
        if len(values) < self.least:
            raise refuse(found, name, f"a list of {self.least} or more")
        return tuple(self.kind.decode(each, name) for each in values)

    def schema(self) -> dict[str, object]:
        items = self.kind.schema()
        listed: dict[str, object] = {"type": "array", "items": items}
        if self.least:
            listed["minItems"] = self.least
        return {"anyOf": [listed, items]}

    def describe(self) -> str:
        return f"a list; of each: {self.kind.describe()}"


@attrs.frozen
class Named:
    """
    An object of any names, whose values are of one kind.
    """

    kind: Kind

    def decode(self, found: Located, name: str) -> dict[str, object]:
        if not isinstance(found.value, dict):
            raise refuse(found, name, "an object")
        return {key: self.kind.decode(each, f"{name}.{key}") for key, each in found.value.items()}

    def schema(self) -> dict[str, object]:
        return {"type": "object", "additionalProperties": self.kind.schema()}

    def describe(self) -> str:
        return f"an object by name; of each: {self.kind.describe()}"

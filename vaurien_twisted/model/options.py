# -*- test-case-name: tests.model.test_options -*-
"""
Options, declared once.

A behavior or wire protocol declares its options as an attrs class whose fields
come from L{option}.  The command line, the ini file, the REST check, the
documentation and the web form all read that declaration through L{specs} and
turn what they were given into an instance through L{build}.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from vaurien_twisted.model.durations import inUnit, isTime

T = TypeVar("T")

TRUE = frozenset({"true", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "no", "n", "off", "0"})

KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    dict: "an object",
}


class Refused(ValueError):
    """
    Input that was not accepted; nothing was changed.

    @ivar description: one line naming the cause and what would be accepted.
    @ivar name: the option or field at fault, C{""} for the whole.
    """

    def __init__(self, description: str, name: str = "") -> None:
        super().__init__(description)
        self.description = description
        self.name = name

    @property
    def whole(self) -> str:
        """
        The description, for where the name is not told beside it.
        """
        return self.description


class BadValue(Refused):
    """
    A value that an option cannot have; the description speaks of the value alone.
    """

    @property
    def whole(self) -> str:
        """
        The name, and the description.
        """
        return f"{self.name}: {self.description}"


#: How much of a bad value or an unknown name is said back, in characters.
SHOWN = 100


def shortened(value: object) -> str:
    """
    C{value} as Python writes it, cut where it is long.
    """
    whole = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return whole if len(whole) <= SHOWN + 2 else f"{whole[:SHOWN]}…"


def nearest(name: str, choices: Iterable[str]) -> str:
    """
    The end of a refusal: the choice closest to C{name}, or all of them.
    """
    known = sorted(choices)
    lowered = {choice.lower(): choice for choice in known}
    close = difflib.get_close_matches(name[:SHOWN].lower(), lowered, n=1, cutoff=0.5)
    if close:
        return f"did you mean {lowered[close[0]]!r}?"
    if not known:
        return "there are none to choose from"
    return "pick one of: " + ", ".join(known)


@attrs.frozen
class Spec:
    """
    What one option is.

    @ivar name: as written in JSON and ini; with dashes on the command line.
    @ivar kind: C{bool}, C{int}, C{float}, C{str} or C{dict}.
    @ivar unit: for numbers, C{"s"}, C{"bytes"}…; C{""} where there is none.
    @ivar minimum: the smallest value allowed, C{None} for no bound.
    @ivar maximum: the largest value allowed, C{None} for no bound.
    @ivar choices: the only values allowed, empty for any.
    @ivar loose: for text, also take a JSON number (kept as text) or C{None}.
    @ivar ignored: it has no effect any more: values are checked and dropped, and it is not listed.
    """

    name: str
    kind: type
    default: object
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    loose: bool = False
    ignored: bool = False

    @property
    def isTime(self) -> bool:
        """
        Whether its value is a time: it may then be written with another unit, as text.
        """
        return isTime(self.unit)

    def withoutUnit(self, value: object) -> object:
        """
        The number of a duration such as C{500ms}; any other value as it is.
        """
        if not isinstance(value, str) or not self.isTime:
            return value
        duration = inUnit(value, self.unit)
        return value if duration is None else duration

    @property
    def _wanted(self) -> str:
        words = f"{KINDS[self.kind]} is wanted"
        return f"{words}, or a duration such as '500ms'" if self.isTime else words

    def convert(self, value: object, strict: bool = False) -> Any:
        """
        C{value}, from JSON or from text, as this option's kind.

        @param strict: take no text for another kind, such as C{"yes"} for C{true}.
        @raise Refused: it is of another kind or outside the bounds.
        """
        value = self.withoutUnit(value)
        if strict and isinstance(value, str) and self.kind is not str:
            raise BadValue(f"{shortened(value)} is text: {self._wanted}", self.name)
        converted = self._typed(value)
        if self.choices and converted not in self.choices:
            raise BadValue(
                f"{value!r} is not valid: {nearest(str(value), self.choices)}",
                self.name,
            )
        if isinstance(converted, (int, float)):
            if self.minimum is not None and converted < self.minimum:
                raise BadValue(f"{value!r} is below the minimum {_tell(self.minimum)}", self.name)
            if self.maximum is not None and converted > self.maximum:
                raise BadValue(f"{value!r} is above the maximum {_tell(self.maximum)}", self.name)
        return converted

    def _typed(self, value: object) -> object:
        kind = self.kind
        if kind is str:
            if self.loose and (value is None or type(value) is int):
                return "" if value is None else str(value)
            if isinstance(value, str):
                return value
        elif kind is bool:
            if isinstance(value, bool):
                return value
            word = value.strip().lower() if isinstance(value, str) else None
            if word in TRUE:
                return True
            if word in FALSE:
                return False
        elif kind is dict:
            found = _object(value) if isinstance(value, str) else value
            if isinstance(found, dict):
                return found
        else:
            number = self._number(value)
            if number is not None:
                return number
        raise BadValue(f"{value!r} is not valid: {self._wanted}", self.name)

    def _number(self, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return None
        try:
            number: float = self.kind(value)
        except (ValueError, OverflowError):
            return None
        # Not by way of float, which has no room for the digits of a seed.
        if self.kind is int:
            exact = not isinstance(value, float) or value.is_integer()
        else:
            exact = math.isfinite(number)
        return number if exact else None

    def describe(self) -> dict[str, object]:
        """
        The declaration as JSON, for C{GET /behaviors?verbose=1} and the web form.
        """
        told: dict[str, object] = {
            "name": self.name,
            "type": self.kind.__name__,
            "default": self.default,
            "description": self.description,
        }
        if self.unit:
            told["unit"] = self.unit
        if self.minimum is not None:
            told["minimum"] = self.minimum
        if self.maximum is not None:
            told["maximum"] = self.maximum
        if self.choices:
            told["choices"] = list(self.choices)
        return told


def _object(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _tell(bound: float) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def option(
    kind: type[T],
    default: T,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    loose: bool = False,
    ignored: bool = False,
) -> T:
    """
    Declare one option: use as the value of a field in an C{attrs.frozen} class.
    """
    return attrs.field(
        default=default,
        kw_only=True,
        metadata={
            "vaurien": {
                "kind": kind,
                "description": description,
                "unit": unit,
                "minimum": minimum,
                "maximum": maximum,
                "choices": choices,
                "loose": loose,
                "ignored": ignored,
            }
        },
    )


@attrs.frozen
class NoOptions:
    """
    For behaviors and protocols that have none.
    """


def specs(cls: type) -> Mapping[str, Spec]:
    """
    The options that C{cls} declares, by name, in order.
    """
    return _specs(cls)[0]


def listed(cls: type) -> Mapping[str, Spec]:
    """
    The same without those that have no effect any more.
    """
    return _specs(cls)[1]


# Asked for every rule of a plan.
@lru_cache(maxsize=256)
def _specs(cls: type) -> tuple[Mapping[str, Spec], Mapping[str, Spec]]:
    found = {
        field.name: Spec(field.name, default=field.default, **field.metadata["vaurien"])
        for field in attrs.fields(cls)
    }
    shown = {name: spec for name, spec in found.items() if not spec.ignored}
    return MappingProxyType(found), MappingProxyType(shown)


def build(cls: type[T], values: Mapping[str, object], of: str, strict: bool = False) -> T:
    """
    An instance of the options class C{cls} from JSON or textual values.

    @param of: whose options these are, for the refusal: C{"behavior 'delay'"}.
    @param strict: see L{Spec.convert}.
    @raise Refused: a name is unknown or a value is not acceptable.
    """
    return cls(**convert(specs(cls), values, of, strict))


def convert(
    declared: Mapping[str, Spec], values: Mapping[str, object], of: str, strict: bool = False
) -> dict[str, Any]:
    """
    The values of the options that are given, checked, by name.

    @param of: whose options these are, for the refusal.
    @param strict: see L{Spec.convert}.
    @raise Refused: a name is unknown or a value is not acceptable.
    """
    taken: dict[str, Any] = {}
    for name, value in values.items():
        spec = declared.get(name.replace("-", "_"))
        if spec is None:
            if not declared:
                raise Refused(f"{of} has no options, so no {name!r}", name)
            raise Refused(f"{of} has no option {name!r}: {nearest(name, declared)}", name)
        converted = spec.convert(value, strict)
        if not spec.ignored:
            taken[spec.name] = converted
    return taken


def ofClass(cls: type, values: Mapping[str, T]) -> dict[str, T]:
    """
    Those of C{values} whose names C{cls} declares.
    """
    return {name: values[name] for name in specs(cls) if name in values}


def values(options: object) -> dict[str, object]:
    """
    The options in force, by name; what L{build} would take back.
    """
    return {name: getattr(options, name) for name in listed(type(options))}

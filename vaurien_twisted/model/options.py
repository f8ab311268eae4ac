# -*- test-case-name: tests.model.test_options -*-
"""
Options, declared once.

A behavior or wire protocol declares its options as an attrs class whose fields come from L{option}.
The command line, the ini file, the REST check, the documentation and the web form all read that
declaration through L{specs} and make an instance from values through L{build}.
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
    Input is not valid.  The caller has changed nothing.

    @ivar description: the cause and the valid choice, in one line.
    @ivar name: the option or field that is not valid, C{""} for the whole input.
    """

    def __init__(self, description: str, name: str = "") -> None:
        super().__init__(description)
        self.description = description
        self.name = name

    @property
    def whole(self) -> str:
        """
        The text for output that does not show the name separately: the description.
        """
        return self.description


class BadValue(Refused):
    """
    A value is not valid for its option.  The description does not contain the option's name.
    """

    @property
    def whole(self) -> str:
        """
        The text for output that does not show the name separately: name and description.
        """
        return f"{self.name}: {self.description}"


#: The most characters of an invalid value or name that an error message quotes.
SHOWN = 100


def shortened(value: object) -> str:
    """
    The C{repr} of C{value}, cut after L{SHOWN} characters.
    """
    whole = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return whole if len(whole) <= SHOWN + 2 else f"{whole[:SHOWN]}…"


def nearest(name: str, choices: Iterable[str]) -> str:
    """
    The end of an error message: the choice most similar to C{name}, or all choices.
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
    The declaration of one option.

    @ivar name: as written in JSON and ini; with dashes on the command line.
    @ivar kind: C{bool}, C{int}, C{float}, C{str} or C{dict}.
    @ivar unit: the unit of a number, C{"s"}, C{"bytes"}…; C{""} if there is none.
    @ivar minimum: the smallest value allowed, C{None} for no bound.
    @ivar maximum: the largest value allowed, C{None} for no bound.
    @ivar choices: the only values allowed, empty for any.
    @ivar loose: for text, also take a JSON number (kept as text) or C{None}.
    @ivar ignored: the option has no effect: values are checked and discarded; lists omit it.
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
        Whether the value is a duration.  Text such as C{500ms} is then valid too.
        """
        return isTime(self.unit)

    def withoutUnit(self, value: object) -> object:
        """
        The number, in L{unit}, of a duration such as C{500ms}; any other value unchanged.
        """
        if not isinstance(value, str) or not self.isTime:
            return value
        duration = inUnit(value, self.unit)
        return value if duration is None else duration

    @property
    def _wanted(self) -> str:
        words = f"it must be {KINDS[self.kind]}"
        return f"{words}, or a duration such as '500ms'" if self.isTime else words

    def convert(self, value: object, strict: bool = False) -> Any:
        """
        Convert C{value}, from JSON or from text, to this option's kind.

        @param strict: reject text for another kind, such as C{"yes"} for C{true}.
        @raise BadValue: the value has another kind, is out of bounds, or is not a choice.
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
        # Do not convert to float: a seed has more digits than a float can hold.
        if self.kind is int:
            exact = not isinstance(value, float) or value.is_integer()
        else:
            exact = math.isfinite(number)
        return number if exact else None

    def describe(self) -> dict[str, object]:
        """
        The declaration as JSON, for C{GET /behaviors?verbose=1} and the web form.
        """
        described: dict[str, object] = {
            "name": self.name,
            "type": self.kind.__name__,
            "default": self.default,
            "description": self.description,
        }
        if self.unit:
            described["unit"] = self.unit
        if self.minimum is not None:
            described["minimum"] = self.minimum
        if self.maximum is not None:
            described["maximum"] = self.maximum
        if self.choices:
            described["choices"] = list(self.choices)
        return described


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
    Declare one option in a field of an C{attrs.frozen} class; for the parameters see L{Spec}.
    """
    # Its name is that of the field.
    spec = Spec("", kind, default, description, unit, minimum, maximum, choices, loose, ignored)
    return attrs.field(default=default, kw_only=True, metadata={"vaurien": spec})


@attrs.frozen
class NoOptions:
    """
    The options of a behavior or protocol without options.
    """


def specs(cls: type) -> Mapping[str, Spec]:
    """
    The options that C{cls} declares, by name, in order.
    """
    return _specs(cls)[0]


def listed(cls: type) -> Mapping[str, Spec]:
    """
    The options that C{cls} declares, by name, in order, without those that are ignored.
    """
    return _specs(cls)[1]


# Called for every rule of a plan.
@lru_cache(maxsize=256)
def _specs(cls: type) -> tuple[Mapping[str, Spec], Mapping[str, Spec]]:
    found = {
        field.name: attrs.evolve(field.metadata["vaurien"], name=field.name)
        for field in attrs.fields(cls)
    }
    shown = {name: spec for name, spec in found.items() if not spec.ignored}
    return MappingProxyType(found), MappingProxyType(shown)


def build(cls: type[T], values: Mapping[str, object], of: str, strict: bool = False) -> T:
    """
    An instance of the options class C{cls} from values in JSON or text.

    @param of: the owner of the options, for error messages: C{"behavior 'delay'"}.
    @param strict: see L{Spec.convert}.
    @raise Refused: a name is unknown or a value is not valid.
    """
    return cls(**convert(specs(cls), values, of, strict))


def convert(
    declared: Mapping[str, Spec], values: Mapping[str, object], of: str, strict: bool = False
) -> dict[str, Any]:
    """
    Check and convert C{values}; options without a value are omitted.

    @param of: the owner of the options, for error messages.
    @param strict: see L{Spec.convert}.
    @raise Refused: a name is unknown or a value is not valid.
    """
    taken: dict[str, Any] = {}
    for name, value in values.items():
        spec = declared.get(name.replace("-", "_"))
        if spec is None:
            if not declared:
                raise Refused(f"{of} has no options: remove {name!r}", name)
            raise Refused(f"{of} has no option {name!r}: {nearest(name, declared)}", name)
        converted = spec.convert(value, strict)
        if not spec.ignored:
            taken[spec.name] = converted
    return taken


def ofClass(cls: type, values: Mapping[str, T]) -> dict[str, T]:
    """
    The items of C{values} whose names C{cls} declares.
    """
    return {name: values[name] for name in specs(cls) if name in values}


def values(options: object) -> dict[str, object]:
    """
    The values of C{options} by name, as L{build} accepts them.  Ignored options are omitted.
    """
    return {name: getattr(options, name) for name in listed(type(options))}

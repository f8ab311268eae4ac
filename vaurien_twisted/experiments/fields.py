# -*- test-case-name: tests.experiments.test_document -*-
"""
The fields of an experiment's objects, declared once.

A class declares its fields with L{field}.  L{decode} makes an instance of it from a text,
L{schemaOf} returns its JSON Schema, and the documentation has a table of its fields.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar, overload

import attrs
from attrs import AttrsInstance

from vaurien_twisted.experiments.kinds import Kind, Many, Named, refuse
from vaurien_twisted.experiments.located import Located
from vaurien_twisted.model.options import Refused, nearest

T = TypeVar("T", bound=AttrsInstance)
V = TypeVar("V")


@attrs.frozen
class Object:
    """
    An object with the fields of a class.

    @ivar short: the field that a value which is not an object sets; C{""} for none.
    """

    cls: type[AttrsInstance]
    short: str = ""

    def decode(self, found: Located, name: str) -> object:
        if self.short and not isinstance(found.value, dict):
            found = Located({self.short: found}, found.line, {self.short: found.line})
        return decode(self.cls, found, name)

    def schema(self) -> dict[str, object]:
        reference: dict[str, object] = {"$ref": f"#/$defs/{self.cls.__name__}"}
        if not self.short:
            return reference
        return {"anyOf": [reference, fieldsOf(self.cls)[self.short].kind.schema()]}

    def describe(self) -> str:
        return f":ref:`{self.cls.__name__} <experiment-{self.cls.__name__.lower()}>`"


class HasKey(AttrsInstance, Protocol):
    """
    A class that is chosen by the name of one of its fields.
    """

    KEY: ClassVar[str]


@attrs.frozen
class Choice:
    """
    An object of one of several classes, which is chosen by the field C{KEY} of the class.

    @ivar what: the kind of object, for error messages: C{"a step"}.
    """

    what: str
    classes: tuple[type[HasKey], ...]

    def decode(self, found: Located, name: str) -> object:
        keys = {cls.KEY: cls for cls in self.classes}
        if not isinstance(found.value, dict):
            if isinstance(found.value, str):
                hint = nearest(found.value, keys)
                raise Refused(
                    f"line {found.line}: {name}: {self.what} must be an object: {hint}", name
                )
            raise refuse(found, name, f"{self.what}, an object")
        given = [key for key in found.value if key in keys]
        # The key of one class may be an ordinary field of another: C{errors} of a command.
        fitting = [key for key in given if fieldsOf(keys[key]).keys() >= set(given)]
        if len(fitting) == 1:
            self._checkMeant(found, keys, fitting[0], name)
            return decode(keys[fitting[0]], found, name)
        if given:
            both = " and ".join(given[:2])
            raise Refused(f"line {found.line}: {name}: {self.what} cannot have both {both}", name)
        common = set.intersection(*(set(fieldsOf(cls)) for cls in self.classes))
        strange = next((key for key in found.value if key not in common), "")
        if not strange:
            known = ", ".join(sorted(keys))
            raise Refused(f"line {found.line}: {name}: {self.what} must have one of: {known}", name)
        line = found.names.get(strange, found.line)
        every = {key for cls in self.classes for key in fieldsOf(cls)}
        hint = nearest(strange, set(keys) if strange in every else every)
        raise Refused(f"line {line}: {name}: {self.what} has no {strange!r}: {hint}", strange)

    def _checkMeant(
        self, found: Located, keys: dict[str, type[HasKey]], chosen: str, name: str
    ) -> None:
        """
        @raise Refused: an unknown name resembles the key of another class that has all other names.
        """
        assert isinstance(found.value, dict)
        names = set(found.value)
        for strange in names - fieldsOf(keys[chosen]).keys():
            for near in difflib.get_close_matches(strange, keys, n=1):
                if names - {strange} <= fieldsOf(keys[near]).keys():
                    raise Refused(
                        f"line {found.names.get(strange, found.line)}: {name}: {self.what} has no "
                        f"{strange!r}: {nearest(strange, keys)}",
                        strange,
                    )

    def schema(self) -> dict[str, object]:
        return {"oneOf": [{"$ref": f"#/$defs/{cls.__name__}"} for cls in self.classes]}

    def describe(self) -> str:
        return f"{self.what} (see below)"


@attrs.frozen
class Later:
    """
    A kind that is defined after its declaration, such as steps within steps.
    """

    kind: Callable[[], Kind]

    def decode(self, found: Located, name: str) -> object:
        return self.kind().decode(found, name)

    def schema(self) -> dict[str, object]:
        return self.kind().schema()

    def describe(self) -> str:
        return self.kind().describe()


@attrs.frozen
class Field:
    """
    The declaration of one field.

    @ivar name: the name in the text.
    """

    name: str
    kind: Kind
    description: str
    required: bool
    default: object


#: Names that are keywords of Python, by their attributes.
_WRITTEN = {"for_": "for", "from_": "from", "while_": "while"}


@overload
def field(kind: Kind, description: str) -> Any: ...


@overload
def field(kind: Kind, description: str, default: V) -> V: ...


def field(kind: Kind, description: str, default: object = attrs.NOTHING) -> object:
    """
    Declare one field, as the value of a field in an C{attrs.frozen} class.

    @param default: the default; without one the field is required.
    """
    return attrs.field(
        default=default, kw_only=True, metadata={"kind": kind, "description": description}
    )


def fieldsOf(cls: type[AttrsInstance]) -> dict[str, Field]:
    """
    The declared fields of a class by their names in the text.
    """
    found = {}
    for each in attrs.fields(cls):
        if "kind" not in each.metadata:
            continue
        name = _WRITTEN.get(each.name, each.name)
        required = each.default is attrs.NOTHING
        default = None if required else each.default
        kind, description = each.metadata["kind"], each.metadata["description"]
        found[name] = Field(name, kind, description, required, default)
    return found


_ATTRIBUTES = {written: attribute for attribute, written in _WRITTEN.items()}


def decode(cls: type[T], found: Located, name: str = "") -> T:
    """
    An instance of C{cls} from an object of the text.

    @param name: its place, for error messages.
    @raise Refused: a name is unknown, a value is not valid, or a required one is missing.
    """
    prefix = f"{name}: " if name else ""
    if not isinstance(found.value, dict):
        raise refuse(found, name or cls.__name__.lower(), "an object")
    declared = fieldsOf(cls)
    given: dict[str, object] = {}
    for key, value in found.value.items():
        spec = declared.get(key)
        if spec is None:
            line = found.names.get(key, value.line)
            raise Refused(
                f"line {line}: {prefix}there is no {key!r} here: {nearest(key, declared)}", key
            )
        given[_ATTRIBUTES.get(str(key), str(key))] = spec.kind.decode(
            value, f"{name}.{key}" if name else key
        )
    for wanted in declared.values():
        if wanted.required and wanted.name not in found.value:
            raise Refused(f"line {found.line}: {prefix}{wanted.name!r} is missing", wanted.name)
    try:
        return cls(**given)
    except Refused as error:
        raise Refused(f"line {found.line}: {prefix}{error.description}", error.name) from None


def classesOf(cls: type[AttrsInstance]) -> list[type[AttrsInstance]]:
    """
    C{cls} and the classes of its fields, in order of first use.
    """
    met: list[type[AttrsInstance]] = []

    def visit(kind: object) -> None:
        match kind:
            case Object(cls=inner):
                add(inner)
            case Choice(classes=classes):
                for each in classes:
                    add(each)
            case Many(kind=inner) | Named(kind=inner):
                visit(inner)
            case Later(kind=known):
                visit(known())

    def add(inner: type[AttrsInstance]) -> None:
        if inner not in met:
            met.append(inner)
            for each in fieldsOf(inner).values():
                visit(each.kind)

    add(cls)
    return met


def schemaOf(cls: type[AttrsInstance], title: str) -> Mapping[str, object]:
    """
    The JSON Schema (draft 2020-12) of C{cls}.
    """

    def one(inner: type[AttrsInstance]) -> dict[str, object]:
        fields = fieldsOf(inner).values()
        return {
            "type": "object",
            "description": " ".join((inner.__doc__ or "").split("@ivar")[0].split()),
            "properties": {
                each.name: {**each.kind.schema(), "description": each.description}
                for each in fields
            },
            "required": [each.name for each in fields if each.required],
            "additionalProperties": False,
        }

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": f"#/$defs/{cls.__name__}",
        "$defs": {each.__name__: one(each) for each in classesOf(cls)},
    }

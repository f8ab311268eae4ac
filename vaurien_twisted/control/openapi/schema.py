# -*- test-case-name: tests.control.openapi.test_schema -*-
"""
JSON Schemas (draft 2020-12) of options as they are declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vaurien_twisted.model.durations import UNITS
from vaurien_twisted.model.options import FALSE, TRUE, Spec

#: A JSON Schema.
Schema = dict[str, object]

#: Where the components of an OpenAPI document are.
PLACE = "#/components/schemas/"

#: A duration such as C{500ms} or C{1h30m} (see L{vaurien_twisted.model.durations}).
DURATION = rf"([0-9]+(\.[0-9]+)?({'|'.join(UNITS)}))+"

#: A number as text.
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"

#: True or false as text, in upper or lower case.
BOOLEAN = "|".join(
    "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word)
    for word in sorted(TRUE | FALSE)
)

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object"}


def ref(name: str) -> Schema:
    """
    A reference to a component.

    @param name: that of a schema, or of a part of it: C{"Rule/properties/percent"}.
    """
    return {"$ref": PLACE + name}


def listOf(item: Schema, description: str = "") -> Schema:
    """
    The schema of a list.
    """
    return described({"type": "array", "items": item}, description)


def described(schema: Schema, description: str) -> Schema:
    """
    A schema with a description, if there is one.
    """
    return {**schema, "description": description} if description else schema


def record(
    properties: Mapping[str, Schema],
    *optional: str,
    description: str = "",
    required: Iterable[str] | None = None,
    closed: bool = False,
) -> Schema:
    """
    The schema of an object.

    @param optional: the properties that it may lack; it has all others.
    @param required: the properties that it has, in place of C{optional}.
    @param closed: whether it has no other properties.
    """
    names = list(required) if required is not None else [n for n in properties if n not in optional]
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if names:
        schema["required"] = names
    if closed:
        schema["additionalProperties"] = False
    return described(schema, description)


def oneOfSchemas(schemas: Iterable[Schema], description: str = "") -> Schema:
    """
    The schema of what one of several schemas describes.
    """
    return described({"anyOf": list(schemas)}, description)


def orNull(schema: Schema) -> Schema:
    """
    A schema that accepts C{null}, too.
    """
    kinds = schema.get("type")
    if kinds is None:
        return {"anyOf": [schema, {"type": "null"}]}
    every = kinds if isinstance(kinds, list) else [kinds]
    if "null" in every:
        return schema
    more: Schema = {**schema, "type": [*every, "null"]}
    choices = schema.get("enum")
    if isinstance(choices, list):
        more["enum"] = [*choices, None]
    return more


def ofOption(spec: Spec, strict: bool = True) -> Schema:
    """
    The schema of an option's values in JSON.

    @param strict: whether text is refused in place of numbers and booleans; see
        L{Spec.convert}.
    """
    schema: Schema = {"type": _TYPES[spec.kind]}
    patterns = []
    if spec.kind in (int, float):
        patterns = [DURATION] if spec.isTime else []
        if not strict:
            patterns.append(NUMBER)
    if patterns:
        schema["type"] = [_TYPES[spec.kind], "string"]
        schema["pattern"] = rf"^\s*({'|'.join(patterns)})\s*$"
    if spec.kind is bool and not strict:
        schema = {"type": ["boolean", "string"], "pattern": rf"^\s*({BOOLEAN})\s*$"}
    if spec.loose:
        schema["type"] = ["string", "integer", "null"]
    if spec.minimum is not None:
        schema["minimum"] = spec.minimum
    if spec.maximum is not None:
        schema["maximum"] = spec.maximum
    if spec.choices:
        schema["enum"] = list(spec.choices)
    if spec.default is None:
        schema = orNull(schema)
    schema["default"] = spec.default
    unit = f"  Unit: {spec.unit}." if spec.unit else ""
    return described(schema, f"{spec.description}{unit}")


def ofOptions(declared: Mapping[str, Spec], strict: bool = True) -> Schema:
    """
    The schema of an object of options; none is required.
    """
    properties = {name: ofOption(spec, strict) for name, spec in declared.items()}
    return record(properties, required=(), closed=True)


def ofQuery(spec: Spec) -> Schema:
    """
    The schema of an option as a parameter of a query.
    """
    if spec.kind is bool:
        default = "true" if spec.default else "false"
        return {"type": "string", "pattern": rf"^\s*({BOOLEAN})\s*$", "default": default}
    schema: Schema = {"type": _TYPES[spec.kind]}
    for name, bound in (("minimum", spec.minimum), ("maximum", spec.maximum)):
        if bound is not None:
            schema[name] = bound
    if spec.default is not None and not mustBeGiven(spec):
        schema["default"] = spec.default
    return schema


def mustBeGiven(spec: Spec) -> bool:
    """
    Whether an option of a query has no default that is valid.
    """
    default = spec.default
    return isinstance(default, int) and spec.minimum is not None and default < spec.minimum

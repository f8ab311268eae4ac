# -*- test-case-name: tests.mcp.test_tools -*-
"""
Short forms of the schemas in C{/openapi.json}.

An assistant reads the schemas of all tools first.  Most of them would be the options of each
behavior, which C{listBehaviors} returns instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from vaurien_twisted.model.json_types import Answer, JSONObject

#: A longer list of alternatives is replaced by any object.
ALTERNATIVES = 5

#: The keywords that are kept of a schema.
_KEPT = (
    *("type", "enum", "const", "description", "minimum", "maximum", "required", "minLength"),
    "additionalProperties",
)


def compact(document: JSONObject, schema: JSONObject) -> Answer:
    """
    A schema without references, examples and defaults, whose long lists of alternatives are
    left out.

    @param document: the document with the components that the schema refers to.
    """
    if "$ref" in schema:
        return compact(document, resolved(document, schema))
    if "discriminator" in schema:
        return _merged(document, schema)
    short: Answer = {name: schema[name] for name in _KEPT if name in schema}
    if isinstance(short.get("additionalProperties"), Mapping):
        short["additionalProperties"] = compact(document, short["additionalProperties"])
    if "items" in schema:
        short["items"] = compact(document, schema["items"])
    if "properties" in schema:
        own = schema["properties"].items()
        short["properties"] = {name: compact(document, each) for name, each in own}
    if "anyOf" in schema:
        return {**short, **_alternatives(document, schema["anyOf"])}
    return short


def resolved(document: JSONObject, schema: JSONObject) -> JSONObject:
    """
    The schema that a reference names; a schema without a reference itself.

    @raise KeyError: the reference names no component.
    """
    while "$ref" in schema:
        place: JSONObject = document
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            place = place[step]
        schema = place
    return schema


def _alternatives(document: JSONObject, schemas: list[JSONObject]) -> Answer:
    if len(schemas) > ALTERNATIVES:
        # The last one is the most general.
        last = compact(document, schemas[-1])
        return last if last.get("properties") else {"type": "object"}
    short = [compact(document, each) for each in schemas if each != {"type": "null"}]
    return short[0] if len(short) == 1 else {"anyOf": short}


def _merged(document: JSONObject, schema: JSONObject) -> Answer:
    """
    Alternatives with a discriminator, as one object with their common members.
    """
    member = schema["discriminator"]["propertyName"]
    variants = [resolved(document, each) for each in schema["anyOf"]]
    first = variants[0]
    properties: Answer = {}
    for name, own in first["properties"].items():
        if name == member:
            choices = [variant["properties"][name]["const"] for variant in variants]
            properties[name] = {"type": "string", "enum": choices}
        elif all(variant["properties"].get(name) == own for variant in variants):
            properties[name] = compact(document, own)
        else:
            words = f"The options of that {member}, by name; listBehaviors describes them."
            properties[name] = {"type": "object", "description": words}
    return {
        "type": "object",
        "description": schema.get("description", ""),
        "properties": properties,
        "required": first["required"],
        "additionalProperties": False,
    }

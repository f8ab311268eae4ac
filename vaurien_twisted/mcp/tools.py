# -*- test-case-name: tests.mcp.test_tools -*-
"""
Tools, made of the operations in C{/openapi.json}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import attrs

from vaurien_twisted.mcp.compact import compact, resolved
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.model.options import Refused, nearest

#: The prefix of the paths for one proxy.
OF_PROXY = "/proxies/{name}"

_METHODS = ("get", "put", "post", "patch", "delete")


@attrs.frozen
class Tool:
    """
    One operation of the service.

    @ivar name: the name of the operation.
    @ivar schema: the JSON Schema of its arguments.
    @ivar method: the HTTP method.
    @ivar path: with variables: C{/proxies/{name}/toxics/{toxic}}.
    @ivar ofProxy: the path of the same operation for a named proxy; C{""} if there is none.
    @ivar query: the arguments of the query.
    """

    name: str
    description: str
    schema: JSONObject
    method: str
    path: str
    ofProxy: str = ""
    query: tuple[str, ...] = ()

    def request(self, arguments: Mapping[str, object]) -> tuple[str, str, object]:
        """
        The method, the path with its query, and the body of the request for these arguments.

        @raise Refused: an argument is unknown or missing.
        """
        known = self.schema["properties"]
        for name in arguments:
            if name not in known:
                raise Refused(f"{self.name} has no argument {name!r}: {nearest(name, known)}", name)
        for name in self.schema["required"]:
            if arguments.get(name) is None:
                raise Refused(f"{self.name} needs the argument {name!r}", name)
        given = {name: value for name, value in arguments.items() if value is not None}
        path = self.ofProxy if self.ofProxy and "proxy" in given else self.path
        path = _filled(path, given)
        query = {name: _word(given[name]) for name in self.query if name in given}
        whole = f"{path}?{urlencode(query)}" if query else path
        return self.method, whole, given.get("body")


def _filled(path: str, given: Mapping[str, object]) -> str:
    """
    A path with the values of its variables.
    """
    return re.sub(
        r"\{(\w+)\}", lambda found: quote(str(given[_argument(path, found[1])]), safe=""), path
    )


def _argument(path: str, variable: str) -> str:
    """
    The argument for a variable of a path.
    """
    return "proxy" if variable == "name" and path.startswith(OF_PROXY) else variable


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def toolsOf(document: JSONObject) -> dict[str, Tool]:
    """
    The tools by name: one for each operation whose body and answer are JSON objects.  The
    operations for the first proxy and for a named one are one tool.

    @param document: the answer of C{GET /openapi.json}.
    """
    paths: JSONObject = document["paths"]
    tools: dict[str, Tool] = {}
    for path, own in paths.items():
        general = path.removeprefix(OF_PROXY)
        for method in _METHODS:
            operation = own.get(method)
            if operation is None or not _answersObject(document, operation):
                continue
            # The same operation for the first proxy, or by POST as in Toxiproxy.
            if method in paths.get(general, {}) and general != path:
                continue
            if method == "patch" and "post" in own:
                continue
            ofProxy = OF_PROXY + path
            if method not in paths.get(ofProxy, {}):
                ofProxy = ""
            tool = _tool(document, method, path, ofProxy, operation)
            tools[tool.name] = tool
    return tools


def _answersObject(document: JSONObject, operation: JSONObject) -> bool:
    [(status, answer)] = [
        (status, each) for status, each in operation["responses"].items() if status.startswith("2")
    ]
    if status == "204":
        return True
    content = resolved(document, answer)["content"]
    if set(content) != {"application/json"}:
        return False
    schema = resolved(document, content["application/json"]["schema"])
    # The description itself is not a tool.
    isDocument = "openapi" in schema.get("properties", {})
    return schema.get("type") != "array" and not isDocument


def _tool(
    document: JSONObject, method: str, path: str, ofProxy: str, operation: JSONObject
) -> Tool:
    properties: Answer = {}
    required = []
    query = []
    for each in operation.get("parameters", []):
        if each["in"] == "header":
            continue
        name = each["name"]
        if each["in"] == "path":
            name = _argument(path, name)
            required.append(name)
        else:
            query.append(name)
        words = each.get("description", "")
        properties[name] = {**compact(document, each["schema"]), "description": words}
    if ofProxy:
        words = "The name of a proxy; without it, the first one."
        properties["proxy"] = {"type": "string", "description": words}
    body = operation.get("requestBody")
    if body is not None:
        properties["body"] = compact(document, body["content"]["application/json"]["schema"])
        if body["required"]:
            required.append("body")
    schema: Answer = {"type": "object", "properties": properties, "required": required}
    schema["additionalProperties"] = False
    return Tool(
        operation["operationId"],
        operation["description"],
        schema,
        method.upper(),
        path,
        ofProxy,
        tuple(query),
    )

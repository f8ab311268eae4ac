# -*- test-case-name: tests.control.openapi.test_document -*-
"""
The document in OpenAPI 3.1 (U{https://spec.openapis.org/oas/v3.1.0}), made of the routes as they
are declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from vaurien_twisted import __version__
from vaurien_twisted.control.docstrings import summaryOf, textOf
from vaurien_twisted.control.openapi.answers import answerSchemas
from vaurien_twisted.control.openapi.bodies import bodySchemas
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.openapi.schema import Schema, mustBeGiven, ofQuery, ref
from vaurien_twisted.control.routes import Declared, Routes
from vaurien_twisted.control.token_check import HEADER
from vaurien_twisted.model.options import listed
from vaurien_twisted.proxies.declaration import ProxyDefaults

JSON = "application/json"

#: A variable segment of a path.
_VARIABLE = re.compile(r"<(\w+)>")

#: The descriptions of variable segments.
_SEGMENTS = {
    "toxic": "The name of a toxic.",
    "rule": "The name of a rule.",
    "number": "The number of a connection.",
}

#: The same for segments whose meaning depends on the beginning of the path.
_NAMES = {
    "proxies": "The name of a proxy.",
    "leases": "The name of a lease.",
    "protocols": "The name of a wire protocol.",
    "page": "The name of a file.",
}

#: Examples of them.
_EXAMPLES = {
    "toxic": "latency_downstream",
    "rule": "delay",
    "number": "1",
    "leases": "ci-7",
    "protocols": "mysql",
    "page": "app.css",
}

#: The ways to send the token; see L{vaurien_twisted.control.token_check}.
_SCHEMES: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "The password is the token."},
    "header": {"type": "apiKey", "in": "header", "name": HEADER},
}


def makeDocument(routes: Iterable[Routes], defaults: ProxyDefaults, guarded: bool) -> Schema:
    """
    The document.

    @param routes: those of all APIs.
    @param defaults: has the behaviors, and the fields of a proxy.
    @param guarded: whether the service needs a token.
    """
    paths: dict[str, Schema] = {}
    answers: dict[str, Schema] = {}
    tags: dict[str, Schema] = {}
    for each in routes:
        for declared in each.declared:
            tag = _tag(declared.path)
            tags.setdefault(tag, {"name": tag})
            place = paths.setdefault(_VARIABLE.sub(r"{\1}", declared.path), {})
            for method in declared.methods:
                own = _operation(each, declared, method, guarded, answers)
                place[method.lower()] = {"tags": [tag], **own}
    document: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "Vaurien",
            "version": __version__,
            "summary": "A chaos TCP proxy.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": list(tags.values()),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**answerSchemas(), **bodySchemas(defaults)},
            "responses": dict(sorted(answers.items())),
            **({"securitySchemes": _SCHEMES} if guarded else {}),
        },
    }
    if guarded:
        document["security"] = [{name: []} for name in _SCHEMES]
    return document


def _tag(path: str) -> str:
    """
    The tag of a path: its last fixed segment; C{page} for the first path.
    """
    fixed = [segment for segment in path.split("/") if segment and not segment.startswith("<")]
    return fixed[-1] if fixed else "page"


def _operation(
    routes: Routes, declared: Declared, method: str, guarded: bool, answers: dict[str, Schema]
) -> Schema:
    """
    One operation.

    @param answers: the components of refusals, to which those of this operation are added.
    """
    operation = declared.operation
    text = textOf(declared.function)
    result: Schema = {
        "operationId": _name(declared, method),
        "summary": summaryOf(text),
        "description": text.replace("::\n", ":\n"),
    }
    parameters = [*_segments(declared.path), *_query(operation)]
    if parameters:
        result["parameters"] = parameters
    if operation.body:
        content: Schema = {JSON: {"schema": ref(operation.body)}}
        result["requestBody"] = {"required": not operation.optional, "content": content}
    responses: dict[str, Schema] = {str(operation.status): _answer(operation)}
    for status in sorted(_statuses(routes, declared, guarded)):
        name = HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
        if operation.refusal:
            responses[str(status)] = _refusal(status, operation.refusal)
            continue
        name = name if routes.refusal == "Refusal" else f"Toxiproxy{name}"
        answers[name] = _refusal(status, routes.refusal)
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    result["responses"] = dict(sorted(responses.items()))
    if routes.public and guarded:
        result["security"] = []
    return result


def _name(declared: Declared, method: str) -> str:
    """
    The name of an operation: that of its function, with a suffix if the function has several.
    """
    name = declared.function.__name__
    if declared.path.startswith("/proxies/<name>/") and declared.elsewhere:
        name += "OfProxy"
    return name if method == declared.methods[0] else f"{name}By{method.capitalize()}"


def _segments(path: str) -> Iterator[Schema]:
    first = path.split("/")[1]
    for name in _VARIABLE.findall(path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _SEGMENTS.get(name) or _NAMES[first],
            "schema": {"type": "string", "minLength": 1},
            "example": _EXAMPLES.get(name) or _EXAMPLES.get(first, "proxy"),
        }


def _query(operation: Operation) -> Iterator[Schema]:
    if operation.query is not None:
        for name, spec in listed(operation.query).items():
            unit = f"  Unit: {spec.unit}." if spec.unit else ""
            yield {
                "name": name,
                "in": "query",
                "required": mustBeGiven(spec),
                "description": f"{spec.description}{unit}",
                "schema": ofQuery(spec),
            }
    for name, description in operation.headers:
        schema = {"type": "string"}
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": description,
            "schema": schema,
        }


def _answer(operation: Operation) -> Schema:
    if not operation.answer:
        return {"description": "It is done."}
    content: Schema = {operation.media: {"schema": ref(operation.answer)}}
    for media, schema in operation.others:
        content[media] = {"schema": ref(schema)}
    return {"description": HTTPStatus(operation.status).phrase, "content": content}


def _refusal(status: int, schema: str) -> Schema:
    refusal: Schema = {
        "description": HTTPStatus(status).description or HTTPStatus(status).phrase,
        "content": {JSON: {"schema": ref(schema)}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        refusal["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return refusal


def _statuses(routes: Routes, declared: Declared, guarded: bool) -> set[int]:
    """
    The statuses of refusals: those of the route itself, and those that every such route has.
    """
    operation = declared.operation
    found = {400, 403, *operation.refusals}
    if guarded and not routes.public:
        found.add(401)
    if "<" in declared.path:
        found.add(404)
    if operation.body:
        found.add(413)
        if not operation.anyType:
            found.add(415)
    return found

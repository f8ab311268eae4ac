# -*- test-case-name: tests.control.test_json_body -*-
"""
Reads JSON (RFC 8259) from requests, strictly.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn, TypeVar

from twisted.web.iweb import IRequest

from vaurien_twisted.control.body_limit import LIMIT, tooLarge
from vaurien_twisted.control.responses import JSON, Problem
from vaurien_twisted.model.options import Refused, build

#: The most values in a body, estimated by counting commas, colons and brackets.
VALUES = 2**16

#: The deepest nesting of lists and objects.
DEPTH = 32

#: A string, which can contain brackets, or a bracket.
_BRACKET = re.compile(rb'"(?>(?:[^"\\]|\\.)*)(?:"|\Z)|[\[\]{}]', re.DOTALL)

#: The most digits of a number: longer ones exceed every option's bounds and a float.
_DIGITS = 300


def readObject(request: IRequest) -> dict[str, object]:
    """
    The JSON object in the body.

    @raise Problem: 400: it is not a JSON object; see L{readJSON}.
    """
    value = readJSON(request)
    if not isinstance(value, dict):
        raise Problem(400, f"the body must be a JSON object, not {json.dumps(value)[:60]}")
    return value


def readJSON(
    request: IRequest, example: str = '{"name": "dummy"}', anyType: bool = False
) -> object:
    """
    The JSON value in the body.  Without a Content-Type the body counts as JSON, since the clients
    of Vaurien 1 send none.

    @param example: a valid body, for the refusal.
    @param anyType: whether to ignore the Content-Type.
    @raise Problem: 400: the body is not JSON, or an object has two members of one name; 413: it
        is larger than L{LIMIT}; 415: the Content-Type is another one.
    """
    if not anyType:
        _checkType(request)
    data = request.content.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise tooLarge()
    _checkShape(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_noConstant,
            parse_int=_number,
        )
        # A lone surrogate is valid in a str, but cannot be encoded later.
        if b"\\ud" in data.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Problem(400, f"the body is not JSON ({reason}): send for example {example}") from None
    return value


def _checkShape(data: bytes) -> None:
    """
    Check the number and the nesting of values before parsing.

    @raise Problem: there are too many values, or they are nested too deep.
    """
    values = sum(map(data.count, (b",", b"[", b"{", b":")))
    if data.count(b"[") + data.count(b"{") > DEPTH:
        depth = 0
        # If there are too many values, the beginning shows whether the nesting is the cause.
        for match in _BRACKET.finditer(data, 0, len(data) if values <= VALUES else 4096):
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(match[0], 0)
            if depth > DEPTH:
                reason = f"it is nested too deep: {DEPTH} levels at most"
                raise Problem(400, f"the body is not JSON ({reason})")
    if values > VALUES:
        raise Problem(413, f"the body has over {VALUES} values, the maximum")


def _checkType(request: IRequest) -> None:
    for value in request.requestHeaders.getRawHeaders(b"content-type", []):
        kind = value.decode("latin-1").partition(";")[0].strip().lower()
        if kind not in ("", JSON):
            raise Problem(
                415,
                f"{kind!r} is not supported: send JSON, and add -H 'Content-Type: {JSON}'",
                "Content-Type",
                "header",
                {"Accept": JSON},
            )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise Problem(400, f"{name!r} is given twice: give it once", name)
        found[name] = value
    return found


def _noConstant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _number(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number has {len(digits)} digits: {_DIGITS} at most")
    return int(digits)


T = TypeVar("T")


def readQuery(request: IRequest, cls: type[T]) -> T:
    """
    An instance of C{cls}, whose fields are declared as options, from the query of a request.
    If a field occurs twice, the last one counts.

    @raise Problem: 400: a name is unknown, or a value is not valid.
    """
    given = {
        name.decode("utf-8", "replace"): words[-1].decode("utf-8", "replace")
        for name, words in request.args.items()
    }
    path = request.path.decode("ascii", "replace")
    try:
        return build(cls, given, f"the query of {path}")
    except Refused as refused:
        raise Problem(400, refused.whole, refused.name, "querystring") from None

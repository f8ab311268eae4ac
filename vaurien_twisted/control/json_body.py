# -*- test-case-name: tests.control.test_json_body -*-
"""
Reading what a client sent: JSON, strictly (RFC 8259).
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

from twisted.web.iweb import IRequest

from vaurien_twisted.control.body_limit import LIMIT, tooLarge
from vaurien_twisted.control.responses import JSON, Problem
from vaurien_twisted.model.options import Refused, build

#: The most values in a body, counted by commas, colons and brackets.
VALUES = 2**16

#: How deep lists and objects may be nested.
DEPTH = 32

#: A text, which may have brackets in it, or a bracket.
_BRACKET = re.compile(rb'"(?>(?:[^"\\]|\\.)*)(?:"|\Z)|[\[\]{}]', re.DOTALL)

#: Numbers of more digits are beyond every option's bounds, and beyond a float.
_DIGITS = 300


def readObject(request: IRequest) -> dict[str, Any]:
    """
    The JSON object in the body.

    @raise Problem: 400 it is no JSON object; see L{readJSON}.
    """
    value = readJSON(request)
    if not isinstance(value, dict):
        raise Problem(400, f"the body must be a JSON object, not {json.dumps(value)[:60]}")
    return value


def readJSON(request: IRequest, example: str = '{"name": "dummy"}', anyType: bool = False) -> Any:
    """
    The JSON in the body.  A body without a Content-Type counts as JSON: the clients of
    2013 send none.

    @param example: what could have been sent, for the refusal.
    @param anyType: whether no Content-Type is looked at.
    @raise Problem: 400 it is no JSON, or names a member twice; 413 it is over L{LIMIT}
        bytes; 415 its Content-Type is another.
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
        # A lone surrogate passes for text until somebody writes it somewhere.
        if b"\\ud" in data.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Problem(400, f"the body is not JSON ({reason}): send such as {example}") from None
    return value


def _checkShape(data: bytes) -> None:
    """
    @raise Problem: there is more in it than can be read at once, or it is nested too deep.
    """
    values = sum(map(data.count, (b",", b"[", b"{", b":")))
    if data.count(b"[") + data.count(b"{") > DEPTH:
        depth = 0
        # Where there is too much in it, its beginning is enough to tell what of.
        for match in _BRACKET.finditer(data, 0, len(data) if values <= VALUES else 4096):
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(match[0], 0)
            if depth > DEPTH:
                reason = f"it is nested too deep, {DEPTH} levels are the most"
                raise Problem(400, f"the body is not JSON ({reason})")
    if values > VALUES:
        raise Problem(413, f"the body has over {VALUES} values, which is the most that is read")


def _checkType(request: IRequest) -> None:
    for value in request.requestHeaders.getRawHeaders(b"content-type", []):
        kind = value.decode("latin-1").partition(";")[0].strip().lower()
        if kind not in ("", JSON):
            raise Problem(
                415,
                f"{kind!r} is not understood: send JSON, with -H 'Content-Type: {JSON}'",
                "Content-Type",
                "header",
                {"Accept": JSON},
            )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Problem(400, f"{name!r} is there twice: say it once", name)
        found[name] = value
    return found


def _noConstant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _number(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


T = TypeVar("T")


def readQuery(request: IRequest, cls: type[T]) -> T:
    """
    An instance of C{cls}, whose fields are declared as options, from a request's query.
    Of a field that is there twice the last counts.

    @raise Problem: 400, a name is unknown or a value is not acceptable.
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

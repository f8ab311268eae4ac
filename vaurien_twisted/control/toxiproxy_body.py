# -*- test-case-name: tests.control.test_toxiproxy -*-
"""
Reading what Toxiproxy's clients send.
"""

from __future__ import annotations

from typing import Any

from twisted.web.iweb import IRequest

from vaurien_twisted.control.answers import Problem
from vaurien_twisted.control.bodies import readJSON
from vaurien_twisted.declaring import FIELDS, enabledFromJSON
from vaurien_twisted.options import Refused
from vaurien_twisted.toxics import checked


def readBody(request: IRequest) -> Any:
    """
    The JSON in the body, with the names of members in lower case, since Toxiproxy reads
    them in any; but for C{rules}, which are ours.

    @raise Problem: see L{readJSON}.
    """
    return _lowered(readJSON(request, "{}", anyType=True))


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, own in value.items():
            if name.lower() in found:
                raise Problem(400, f"{name!r} is there twice, in upper and lower case", name)
            found[name.lower()] = own if name == "rules" else _lowered(own)
        return found
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value


def readUpdate(request: IRequest) -> tuple[str | None, str | None, bool | None]:
    """
    The C{listen}, C{upstream} and C{enabled} of a change, each C{None} where it stays.
    What else a proxy has may be there, since clients send back what they were told; it is
    not looked at.

    @raise Refused: something is unknown or not acceptable.
    @raise Problem: see L{readJSON}.
    """
    given = checked(readBody(request), FIELDS, "a proxy")
    texts: list[str | None] = []
    for name in ("listen", "upstream"):
        value = given.get(name)
        if value is not None and not (isinstance(value, str) and value):
            raise Refused(f"{name!r} must be an address, not {value!r}", name)
        texts.append(value)
    enabled = given.get("enabled")
    return texts[0], texts[1], None if enabled is None else enabledFromJSON(enabled)

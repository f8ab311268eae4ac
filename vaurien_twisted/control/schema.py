# -*- test-case-name: tests.control.test_protocols -*-
"""
Behaviors and wire protocols as JSON, told from what they declare.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from vaurien_twisted.interfaces import IBehavior, IWireProtocol
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.matchers import COMMON
from vaurien_twisted.model.options import specs

#: Epytext such as C{C{name}} or C{L{words<target>}}, of which only the words are for users.
_MARKUP = re.compile(r"\b[A-Z]\{([^{}<]*)(?:<[^<>{}]*>)?\}")


def describe(item: IBehavior | IWireProtocol) -> dict[str, Any]:
    """
    What it does, and the options that it declares.
    """
    text = inspect.getdoc(type(item)) or ""
    return {
        "description": _MARKUP.sub(r"\1", " ".join(text.split())),
        "options": [spec.describe() for spec in specs(item.options).values()],
    }


def describeProtocol(wire: IWireProtocol) -> dict[str, Any]:
    """
    The same of a wire protocol, with its other names, the targets for a rule's C{when}
    (those that all protocols have come last), the unit that replies can be cut by,
    C{""} for bytes only, and its errors.
    """
    return {
        **describe(wire),
        "aliases": list(wire.aliases),
        "targets": [target.describe() for target in (*wire.targets, *COMMON)],
        "unit": wire.unit,
        "errors": [_error(error) for error in wire.errors.values()],
    }


def _error(error: WireError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "description": error.description,
        "transient": error.transient,
        "transaction": error.transaction.value,
        "state": error.state,
    }

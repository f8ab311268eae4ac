# -*- test-case-name: tests.behaviors.test_patch -*-
"""
C{patch}: the backend's reply is changed on its way.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from http import HTTPStatus

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._reply_editing import OfReplies
from vaurien_twisted.interfaces import IBehavior, IWireProtocol
from vaurien_twisted.interfaces.editors import IReplyEditing
from vaurien_twisted.model.commands import PASS, Actions
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import Refused, option, shortened
from vaurien_twisted.model.patch import Patch
from vaurien_twisted.model.pattern_syntax import Unsupported
from vaurien_twisted.model.patterns import Replacer

#: Header fields about the framing of the body, which Vaurien sets itself.
FRAMING = frozenset(("content-length", "transfer-encoding", "content-encoding", "connection"))

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\r\n\x00]*")
_POINTER = re.compile(r"(?:/(?:[^~]|~[01])*)?", re.DOTALL)

#: How many patterns and pointers one rule may have.
CHANGES = 100


@attrs.frozen
class PatchOptions:
    """
    The options of C{patch}.
    """

    status: int = option(
        int, 0, "The new status, from 200 to 599; 0: that of the backend.", minimum=0, maximum=599
    )
    headers: dict[str, object] = option(
        dict, {}, 'Header fields to set, or to remove with null: {"Cache-Control": null}.'
    )
    json: dict[str, object] = option(
        dict,
        {},
        'Values of a JSON body to replace, by JSON pointer: {"/items/0/price": -1}. Each must '
        "be there.",
    )
    replace: dict[str, object] = option(
        dict,
        {},
        "Text of the body to replace, by regular expression, with text that is taken as it is: "
        '{"[0-9]+ EUR": "0 EUR"}.',
    )


@implementer(IBehavior)
class PatchReply(OfReplies):
    """
    Changes the backend's reply: the status, header fields, and bodies of up to 1 MiB.
    Content-Length, chunks and gzip stay right.  A reply that cannot be patched passes unchanged,
    and the journal says why.
    """

    name = "patch"
    options = PatchOptions
    edits = "replies to patch"

    def check(self, options: PatchOptions, wire: IWireProtocol) -> None:
        super().check(options, wire)
        if options == PatchOptions():
            raise Refused(
                "patch changes nothing: set at least one of status, headers, json and replace",
                "behavior",
            )
        patchOf(options)

    def decide(self, options: PatchOptions, context: DecisionContext) -> Actions:
        wire = IReplyEditing(context.wire, None)
        edit = None if wire is None else wire.patchReply(context.exchange, patchOf(options))
        if edit is None:
            return PASS
        changed = [
            name for name in ("status", "headers", "json", "replace") if getattr(options, name)
        ]
        return Actions((), (edit,), f"patch: {', '.join(changed)}")


def patchOf(options: PatchOptions) -> Patch:
    """
    The patch that the options describe.

    @raise Refused: they name something that cannot be changed.
    """
    if options.status and options.status < HTTPStatus.OK:
        raise Refused(f"status {options.status} is not valid: use 200 to 599, or 0", "status")
    if len(options.json) + len(options.replace) > CHANGES:
        raise Refused(f"there are too many changes of the body: {CHANGES} at most", "json")
    return Patch(
        options.status,
        tuple(_field(str(name), value) for name, value in options.headers.items()),
        tuple(
            (_tokens(str(pointer)), json.dumps(value, ensure_ascii=False))
            for pointer, value in options.json.items()
        ),
        tuple(
            (_replacer(str(pattern)), _text(value).encode("utf-8", "replace"))
            for pattern, value in options.replace.items()
        ),
    )


def _field(name: str, value: object) -> tuple[str, str | None]:
    if _NAME.fullmatch(name) is None:
        raise Refused(f"{shortened(name)} is not a valid name of a header field", "headers")
    if name.lower() in FRAMING:
        raise Refused(f"{name} cannot be patched: Vaurien sets it to fit the body", "headers")
    if value is None:
        return name, None
    if not isinstance(value, (str, int)) or _VALUE.fullmatch(str(value)) is None:
        raise Refused(f"{name}: {shortened(value)} must be a line of text, or null", "headers")
    return name, str(value).strip()


def _tokens(pointer: str) -> tuple[str, ...]:
    """
    The tokens of a JSON pointer (RFC 6901, section 4).
    """
    if _POINTER.fullmatch(pointer) is None:
        raise Refused(
            f"{shortened(pointer)} is not a JSON pointer: write /a/b, with ~1 for / and ~0 for ~",
            "json",
        )
    tokens = pointer.split("/")[1:]
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Refused(f"{shortened(value)} must be text", "replace")


def _replacer(pattern: str) -> Replacer:
    try:
        return _known(pattern)
    except Unsupported as error:
        raise Refused(f"{shortened(pattern)} {error}", "replace") from None


# Asked for every exchange.
_known = lru_cache(256)(Replacer)

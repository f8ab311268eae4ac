# -*- test-case-name: tests.model.test_effects -*-
"""
Effects of faults in plain words: C{wait 0.8 s} is C{delayed 0.8 s}.
"""

from __future__ import annotations

import re

#: The meanings of the parts of an effect, by their first word.
_WORDS = {
    "hold": "left without an answer",
    "close": "connection closed",
    "reset": "connection reset",
    "drop": "not passed on",
    "edit": "changed",
    "withhold 0 s": "credit kept back",
}

#: The same for parts with an argument.
_WITH = {
    "wait": "delayed {}",
    "pause": "paused {}",
    "error": "answered {}",
    "insert": "{} inserted",
    "reply": "answered with {}",
    "send": "{} sent",
    "withhold": "credit kept back for {}",
}

#: How much of a reply is left by a rule that cuts it.
_COUNT = re.compile(r"\bcount=(\d+)")
_UNITS = re.compile(r"\bunit=(\w+)")

#: A step of the reply, in an effect.
_REPLY = "reply: "


def inWords(effect: str, rule: str = "") -> str:
    """
    The effect in plain words.

    @param effect: as the journal has it: C{wait 0.8 s}, C{error 503}, C{truncate}.
    @param rule: the rule in one line, with the length of a reply that passes.
    """
    return ", ".join(_part(part, rule) for part in effect.split(", ")) if effect else ""


def _part(part: str, rule: str) -> str:
    own = part.removeprefix(_REPLY)
    word, _, rest = own.partition(" ")
    if word == "truncate":
        return _cut(rule)
    if own in _WORDS:
        return _WORDS[own]
    if word in _WITH and rest:
        words = _WITH[word].format(rest)
        late = part.startswith(_REPLY) and word in ("wait", "pause")
        return f"reply {words}" if late else words
    return own


def _cut(rule: str) -> str:
    count = _COUNT.search(rule)
    unit = _UNITS.search(rule)
    number = int(count[1]) if count else 0
    return f"cut after {number:,} {unit[1] if unit else 'bytes'}"

# -*- test-case-name: tests.model.test_durations -*-
"""
Parses durations as users write them: C{500ms}, C{2s}, C{5m}, C{1h30m}.
"""

from __future__ import annotations

import re
from fractions import Fraction

#: The known units, in seconds.  Fractions are exact: 0.3 s is 300 ms.
UNITS = {
    "us": Fraction(1, 1_000_000),
    "µs": Fraction(1, 1_000_000),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
}

_PART = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)(us|µs|ms|s|m|h|d)")

#: The longest duration that is read, in characters.
_LIMIT = 100


def isTime(unit: str) -> bool:
    """
    Whether the unit of an option is a unit of time.
    """
    return unit in UNITS


def inUnit(text: str, unit: str) -> int | float | None:
    """
    Convert a duration to a number of C{unit}s.

    @param unit: a key of L{UNITS}.
    @return: an C{int} if the number is whole; C{None} if C{text} is not a duration.
    """
    text = text.strip().lower()
    if not text or len(text) > _LIMIT:
        return None
    total, at = Fraction(0), 0
    for part in _PART.finditer(text):
        if part.start() != at:
            return None
        total += Fraction(part[1]) * UNITS[part[2]]
        at = part.end()
    if at != len(text):
        return None
    number = total / UNITS[unit]
    return int(number) if number.denominator == 1 else float(number)

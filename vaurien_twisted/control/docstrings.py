# -*- test-case-name: tests.control.test_docstrings -*-
"""
The words of docstrings, for people who use the service.
"""

from __future__ import annotations

import inspect
import re

#: Where epytext markup such as C{C{name}} begins.
_BEGIN = re.compile(r"\b[A-Z]\{")


def textOf(item: object) -> str:
    """
    The docstring of an object without markup and fields such as C{@param}, C{""} if it has none.
    """
    text = inspect.getdoc(item) or ""
    return plain(re.split(r"^@\w+", text, maxsplit=1, flags=re.MULTILINE)[0]).strip()


def summaryOf(text: str) -> str:
    """
    The first sentence of a text, in one line, without its full stop.
    """
    first = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s|:(?=:| )", first)[0].rstrip(".:")


def plain(text: str) -> str:
    """
    A text without epytext markup: C{L{words<target>}} is C{words}.
    """
    parts = []
    place = 0
    while (found := _BEGIN.search(text, place)) is not None:
        end = _end(text, found.end())
        inner = text[found.end() : end]
        if found[0] == "L{":
            inner = inner.partition("<")[0]
        parts += [text[place : found.start()], inner]
        place = end + 1
    return "".join([*parts, text[place:]])


def _end(text: str, place: int) -> int:
    """
    Where the brace that is open at C{place} is closed.
    """
    depth = 1
    for index in range(place, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    return len(text)

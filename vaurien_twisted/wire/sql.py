# -*- test-case-name: tests.wire.test_sql -*-
"""
What single SQL statements do to a transaction, as far as their text says it.

It serves only for statements that do not reach the server, whose answer would say it.
"""

from __future__ import annotations

import re

#: Comments, quoted text and names (which may look like comments), and all else.
PARTS = re.compile(
    r"""
    (?P<comment> --[^\n]* | \#[^\n]* | /\*.*?(?:\*/|\Z) )
    | '(?:[^'\\]|\\.|'')*'? | "(?:[^"\\]|\\.)*"? | `[^`]*`?
    """,
    re.VERBOSE | re.DOTALL,
)

COMMITS = re.compile(
    r"(?:COMMIT|END)(?: (?:WORK|TRANSACTION))?(?: AND (?:NO )?CHAIN)?(?: (?:NO )?RELEASE)?"
    r"|PREPARE TRANSACTION .*|XA COMMIT .*"
)


def plain(text: str) -> str:
    """
    The statement in upper case, without comments, the semicolon after it, and the
    differences of white space; C{""} where there are several.
    """
    bare = PARTS.sub(lambda part: " " if part["comment"] is not None else "''", text)
    statement = " ".join(bare.upper().split()).rstrip("; ")
    return "" if ";" in statement else statement


def commits(text: str) -> bool:
    """
    Whether the statement is one that commits the transaction and does nothing else: where it
    fails a server has rolled the transaction back.
    """
    return COMMITS.fullmatch(plain(text)) is not None

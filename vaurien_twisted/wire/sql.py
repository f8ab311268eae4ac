# -*- test-case-name: tests.wire.test_sql -*-
"""
The effect of single SQL statements on a transaction, as far as their text shows it.

It is used only for statements that do not reach the server; otherwise the server's reply says it.
"""

from __future__ import annotations

import re

#: Comments, quoted text and names (which may look like comments), and other text.
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
    The statement in upper case, without comments, the semicolon after it, and the differences of
    white space; C{""} if there are several.
    """
    bare = PARTS.sub(lambda part: " " if part["comment"] is not None else "''", text)
    statement = " ".join(bare.upper().split()).rstrip("; ")
    return "" if ";" in statement else statement


def commits(text: str) -> bool:
    """
    Whether the statement only commits the transaction: if it fails, the server has rolled the
    transaction back.
    """
    return COMMITS.fullmatch(plain(text)) is not None

# -*- test-case-name: tests.wire.redis.test_commands -*-
"""
Inline commands: a line of words, as people type them into telnet
(U{https://redis.io/docs/latest/develop/reference/protocol-spec/}).
"""

from __future__ import annotations

import re

#: The longest inline command that servers accept, in bytes.
INLINE_LIMIT = 65536

#: A word, or parts of one in quotes.  A quote that is not closed lasts to the line's end.
WORD = re.compile(
    rb"""(?:"(?>(?:[^"\\]|\\.)*)"?|'(?>(?:[^'\\]|\\.)*)'?|(?>[^\s"']+))+""", re.DOTALL
)

#: The quoted parts of a word; double quotes may contain escapes.
PART = re.compile(rb"""("(?>(?:[^"\\]|\\.)*)"?)|('(?>(?:[^'\\]|\\.)*)'?)""", re.DOTALL)
ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split(line: bytes) -> list[bytes]:
    """
    The words of a line, without their quotes.
    """
    if b'"' not in line and b"'" not in line:
        return line.split()
    return [PART.sub(_unquote, word) for word in WORD.findall(line)]


def _unquote(match: re.Match[bytes]) -> bytes:
    double, single = match.groups()
    if double:
        return ESCAPE.sub(_unescape, double[1:].removesuffix(b'"'))
    return bytes(single[1:].removesuffix(b"'").replace(b"\\'", b"'"))


def _unescape(match: re.Match[bytes]) -> bytes:
    digits, plain = match.groups()
    return bytes((int(digits, 16),)) if digits else CONTROLS.get(plain, plain)

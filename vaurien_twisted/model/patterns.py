# -*- test-case-name: tests.model.test_patterns -*-
"""
Users' patterns, matched in a time that does not depend on how they are written.

Python's C{re} backtracks: some patterns take longer than the universe on one line of text.
So C{re} gets only patterns of which that is known not to happen (L{isPlain}); it is the
fastest for them.  All others go to RE2 (U{https://github.com/google/re2/wiki/Syntax}), whose
time is proportional to the text.  L{vaurien_twisted.model.pattern_syntax} rewrites them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from typing import Protocol

from vaurien_twisted.model.pattern_syntax import Unsupported, rewrite

#: The longest pattern, in characters.
PATTERN_LIMIT = 1000

#: How many patterns one target may list.
LIST_LIMIT = 100

#: How much of a text a pattern looks at, in characters.
TEXT_LIMIT = 65536

#: The same for a pattern that C{re} matches.
PLAIN_TEXT_LIMIT = 16384

#: The longest pattern that C{re} may match, in characters.
PLAIN_LIMIT = 200

#: The longest text times the length of a glob that C{re} may match, in characters.
GLOB_WORK = 2**20

#: The longest glob that RE2 takes for certain, in characters.
SHORT_GLOB = 100

#: RE2's worst case is the text's length times the program's: about 15 ns for each.
WORK = 2**21

#: The longest program of RE2, in instructions, for texts in Latin-1 and for others.
LATIN_PROGRAM_LIMIT, WIDE_PROGRAM_LIMIT = 2000, 8000

#: What RE2 may keep in memory for one pattern, in bytes.
MEMORY = 2**21

#: Whether a text matches.
Test = Callable[[str], bool]

#: What means something in a glob.
_SPECIAL = re.compile(r"[*?[]")

#: An escape or a set, which stands for one character or place.
_ATOM = re.compile(r"\\.|\[\^?\]?(?>(?:\\.|[^\]\\])*)\]", re.DOTALL)
_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEATED_GROUP = re.compile(r"\)[*+{]")


def regex(pattern: str) -> Test:
    """
    Whether a text contains what C{pattern} describes, in upper or lower case, over several
    lines.

    @raise Unsupported: it is no regular expression, too long, or too costly.
    """
    _checkLength(pattern)
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unsupported(str(error), "is not a regular expression") from None
    if isPlain(pattern):
        search = compiled.search
        return lambda text: search(text, 0, PLAIN_TEXT_LIMIT) is not None
    return _Linear(pattern, fold=True).search


def glob(pattern: str) -> Test:
    """
    Whether a whole text is as C{pattern} describes by C{*}, C{?} and C{[…]}.  A text that is
    too long for the pattern does not match.

    @raise Unsupported: it is too long or too costly.
    """
    _checkLength(pattern)
    beginning = pattern.rstrip("*")
    if not _SPECIAL.search(beginning):
        # Most patterns are such, and there may be a thousand of them.
        if beginning != pattern:
            return lambda text: text.startswith(beginning)
        return lambda text: text == pattern
    translated = fnmatch.translate(pattern)
    try:
        match = re.compile(translated).match
    except re.error as error:
        raise Unsupported(str(error), "is not a pattern") from None
    # Each star is followed only once, so this is the worst case.
    shortest = GLOB_WORK // max(1, len(pattern))

    def make() -> _Linear:
        return _Linear(rf"\A{translated}", fold=False, atomic=True)

    # Only a long pattern can be refused; RE2 need not be loaded for the others before there
    # is a long text.
    linear = [make()] if len(pattern) > SHORT_GLOB else []

    def test(text: str) -> bool:
        if len(text) <= shortest:
            return match(text) is not None
        if not linear:
            linear.append(make())
        return linear[0].match(text)

    return test


def isPlain(pattern: str) -> bool:
    """
    Whether C{re} matches a regular expression in a time that is proportional to the text: it
    repeats nothing and has few choices, or begins at the text's beginning and repeats one
    character or set.
    """
    rest = _ATOM.sub("x", pattern)
    choices = rest.replace("(?", "(").count("?") + rest.count("|")
    if len(pattern) > PLAIN_LIMIT or choices > 2:
        return False
    repeats = sum(map(rest.count, "*+{"))
    if not repeats:
        return True
    return (
        repeats == 1
        and "|" not in rest
        and pattern.startswith(("^", r"\A"))
        and _REFERENCE.search(pattern) is None
        and _REPEATED_GROUP.search(rest) is None
    )


def _checkLength(pattern: str) -> None:
    if len(pattern) > PATTERN_LIMIT:
        raise Unsupported(
            f"it has {len(pattern)} characters: {PATTERN_LIMIT} are the most; "
            "write it as a list of several"
        )


class _Linear:
    """
    A pattern for RE2: one program for texts in Latin-1, a small one, which serves almost all,
    and one for the others.

    @param fold: whether upper and lower case are the same.
    @param atomic: see L{rewrite}.
    """

    def __init__(self, pattern: str, fold: bool, atomic: bool = False) -> None:
        self._wide = _compile(rewrite(pattern, atomic, latin=False).encode(), fold, latin=False)
        narrow = rewrite(pattern, atomic, latin=True)
        # What has characters beyond Latin-1 is compared as UTF-8 always.
        self._latin = _compile(narrow.encode("ascii"), fold, True) if narrow.isascii() else None
        self._wideLimit = _limit(self._wide)
        self._latinLimit = self._wideLimit if self._latin is None else _limit(self._latin)

    def search(self, text: str) -> bool:
        """
        Whether it is in the first part of C{text}.
        """
        if self._latin is not None:
            try:
                data = text[: self._latinLimit].encode("latin-1")
            except UnicodeEncodeError:
                pass
            else:
                return self._latin.search(data) is not None
        data = text[: self._wideLimit].encode("utf-8", "replace")
        return self._wide.search(data) is not None

    def match(self, text: str) -> bool:
        """
        Whether it is all of C{text}.
        """
        return len(text) <= min(self._latinLimit, self._wideLimit) and self.search(text)


class _Program(Protocol):
    """
    A pattern that RE2 has compiled.
    """

    programsize: int

    def search(self, text: bytes) -> object: ...

    def finditer(self, text: bytes) -> Iterable[re.Match[bytes]]: ...


def _limit(program: _Program) -> int:
    return min(TEXT_LIMIT, WORK // int(program.programsize))


def _compile(pattern: bytes, fold: bool, latin: bool) -> _Program:
    # Loaded when a pattern needs it: most need none.
    try:
        import re2
    except ImportError:
        raise Unsupported("it needs the package google-re2: pip install google-re2") from None
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not fold
    options.dot_nl = fold
    options.max_mem = MEMORY
    if latin:
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        program: _Program = re2.compile(pattern, options)
    except re2.error as error:
        [reason] = error.args[:1] or ("",)
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise Unsupported(f"{words}: repeat less, up to 1000 times") from None
    if program.programsize > (LATIN_PROGRAM_LIMIT if latin else WIDE_PROGRAM_LIMIT):
        raise Unsupported("it repeats too much: write smaller numbers in {…}")
    return program


#: The longest text times the program of a pattern that is replaced: about a quarter of a second
#: at worst.
REPLACING_WORK = 2**24

#: How many places of a text are replaced at most.
PLACES = 10_000


class Replacer:
    """
    Finds all that a pattern matches, in bytes of UTF-8, in a time that does not depend on how
    the pattern is written.  Upper and lower case differ, and C{.} is no line end.

    @raise Unsupported: it is no regular expression, too long, or too costly.
    """

    __slots__ = ("_program", "pattern")

    def __init__(self, pattern: str) -> None:
        _checkLength(pattern)
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise Unsupported(str(error), "is not a regular expression") from None
        self.pattern = pattern
        self._program = _compile(rewrite(pattern, False, latin=False).encode(), False, latin=False)

    def replace(self, data: bytes, text: bytes) -> bytes | None:
        """
        C{data} with C{text} in place of all that matches and is not empty.

        @return: C{None} where C{data} is too long for the pattern, or has more than L{PLACES}
            places.
        """
        if len(data) * int(self._program.programsize) > REPLACING_WORK:
            return None
        parts: list[bytes] = []
        done = 0
        for match in self._program.finditer(data):
            start, end = match.span()
            if end > start:
                parts += (data[done:start], text)
                done = end
                if len(parts) > 2 * PLACES:
                    return None
        return b"".join((*parts, data[done:]))

# -*- test-case-name: tests.model.test_patterns -*-
"""
Matching of users' patterns in linear time.

Python's C{re} backtracks: some patterns take exponential time.  So C{re} matches only
patterns that need linear time (L{isPlain}); it is the fastest for them.  RE2
(U{https://github.com/google/re2/wiki/Syntax}) matches all others in a time proportional to
the text.  L{vaurien_twisted.model.pattern_syntax} translates patterns for RE2.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from typing import Protocol

from vaurien_twisted.model.pattern_syntax import Unsupported, rewrite

#: The longest pattern, in characters.
PATTERN_LIMIT = 1000

#: The most patterns of one matcher of a rule.
LIST_LIMIT = 100

#: The most characters of a text, from its beginning, that RE2 searches.
TEXT_LIMIT = 65536

#: The most characters of a text, from its beginning, that C{re} searches.
PLAIN_TEXT_LIMIT = 16384

#: The longest pattern that C{re} may match, in characters.
PLAIN_LIMIT = 200

#: The largest product of a text's and a glob's length, in characters, that C{re} may match.
GLOB_WORK = 2**20

#: RE2 accepts every glob of up to this length, in characters.
SHORT_GLOB = 100

#: The largest product of a text's length, in characters, and RE2's program, in instructions.
#: RE2 takes about 15 ns for each unit in the worst case.
WORK = 2**21

#: The longest program of RE2, in instructions, for texts in Latin-1 and for other texts.
LATIN_PROGRAM_LIMIT, WIDE_PROGRAM_LIMIT = 2000, 8000

#: The most memory that RE2 may use for one pattern, in bytes.
MEMORY = 2**21

#: Returns whether a text matches.
Test = Callable[[str], bool]

#: The characters with a special meaning in a glob.
_SPECIAL = re.compile(r"[*?[]")

#: An escape or a set, which matches one character or position.
_ATOM = re.compile(r"\\.|\[\^?\]?(?>(?:\\.|[^\]\\])*)\]", re.DOTALL)
_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEATED_GROUP = re.compile(r"\)[*+{]")


def regex(pattern: str) -> Test:
    """
    A test whether a text contains a match of C{pattern}, regardless of case; C{.} matches
    line ends too.  It searches the first L{TEXT_LIMIT} characters, or L{PLAIN_TEXT_LIMIT} if
    the pattern L{isPlain}.

    @param pattern: a regular expression of Python's C{re}, up to L{PATTERN_LIMIT} characters.
    @raise Unsupported: it is not a regular expression, is too long, or RE2 rejects it.
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
    A test whether a whole text matches C{pattern}, in which C{*}, C{?} and C{[…]} have the
    meaning that they have in C{fnmatch}.  A text that is too long for the pattern does not match.

    @param pattern: up to L{PATTERN_LIMIT} characters.
    @raise Unsupported: it is too long, or RE2 rejects it.
    """
    _checkLength(pattern)
    beginning = pattern.rstrip("*")
    if not _SPECIAL.search(beginning):
        # Most patterns have this form, and a plan may have a thousand of them.
        if beginning != pattern:
            return lambda text: text.startswith(beginning)
        return lambda text: text == pattern
    translated = fnmatch.translate(pattern)
    try:
        match = re.compile(translated).match
    except re.error as error:
        raise Unsupported(str(error), "is not a pattern") from None
    # re tries each position of a star once, so this bounds the worst case.
    shortest = GLOB_WORK // max(1, len(pattern))

    def make() -> _Linear:
        return _Linear(rf"\A{translated}", fold=False, atomic=True)

    # RE2 rejects only long patterns.  For other patterns it is loaded with the first long text.
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
    Whether C{re} matches a regular expression in a time proportional to the text: the
    expression repeats nothing and has few alternatives, or it is anchored to the text's
    beginning and repeats one character or set.
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
            f"{len(pattern)} characters are too many: {PATTERN_LIMIT} at most; "
            "split it into a list of patterns"
        )


class _Linear:
    """
    A pattern compiled by RE2: a small program for texts in Latin-1, which are the most, and a
    larger one for other texts.

    @param fold: whether to ignore case.
    @param atomic: see L{rewrite}.
    """

    def __init__(self, pattern: str, fold: bool, atomic: bool = False) -> None:
        self._wide = _compile(rewrite(pattern, atomic, latin=False).encode(), fold, latin=False)
        narrow = rewrite(pattern, atomic, latin=True)
        # A pattern with characters beyond Latin-1 is always compared in UTF-8.
        self._latin = _compile(narrow.encode("ascii"), fold, True) if narrow.isascii() else None
        self._wideLimit = _limit(self._wide)
        self._latinLimit = self._wideLimit if self._latin is None else _limit(self._latin)

    def search(self, text: str) -> bool:
        """
        Whether the first L{TEXT_LIMIT} characters of C{text} contain a match.
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
        Whether the pattern matches the whole of C{text}.
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
    # RE2 is loaded when the first pattern needs it: most patterns do not.
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
        raise Unsupported("it repeats too often: write smaller numbers in {…}")
    return program


#: The largest product of a text's length, in bytes, and the program's, in instructions, for a
#: replacement: about a quarter of a second in the worst case.
REPLACING_WORK = 2**24

#: The most matches in a text that are replaced.
PLACES = 10_000


class Replacer:
    """
    Replaces all matches of a pattern in UTF-8 text, in linear time.  Case matters, and C{.}
    does not match a line end.

    @raise Unsupported: the pattern is not a regular expression, is too long, or RE2 rejects it.
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
        C{data} with C{text} in place of each match that is not empty.

        @return: C{None} if C{data} is too long for the pattern, or has more than L{PLACES}
            matches.
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

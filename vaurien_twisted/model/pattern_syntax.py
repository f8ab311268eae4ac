# -*- test-case-name: tests.model.test_patterns -*-
"""
Translation of regular expressions from Python's C{re} to RE2.

The meaning of C{$}, C{\\Z}, C{\\w}, C{\\d} and C{\\s} differs.  RE2 has neither look-around
nor references to groups, which cannot be matched in linear time.
"""

from __future__ import annotations

import re
import unicodedata

#: RE2's C{\s}, and the other characters for which C{str.isspace} is true.
_SPACE = r"\s\x0b\x1c-\x1f\x{85}\p{Z}"

#: All characters except spaces, in Latin-1 and beyond.
_NO_SPACE = r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-"
_NO_SPACE_LATIN = _NO_SPACE + r"\x{ff}"
_NO_SPACE_WIDE = _NO_SPACE + (
    r"\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}"
    r"\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"
)

#: Letters and digits.  Beyond Latin-1, all but combining marks, punctuation, symbols and
#: pictures: with every letter by itself (\p{L}) one \w would be 1,300 instructions.
_WORD_LATIN = r"\p{L}\p{N}_"
_WORD_WIDE = (
    r"0-9A-Z_a-z\x{aa}\x{b2}\x{b3}\x{b5}\x{b9}\x{ba}\x{bc}-\x{be}\x{c0}-\x{d6}\x{d8}-\x{f6}"
    r"\x{f8}-\x{2ff}\x{370}-\x{1fff}\x{2070}-\x{209f}\x{2100}-\x{218f}\x{2460}-\x{249b}"
    r"\x{2c00}-\x{2fff}\x{3005}-\x{3007}\x{3021}-\x{d7ff}\x{f900}-\x{fe0f}\x{fe70}-\x{fefe}"
    r"\x{ff10}-\x{ff19}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{ff66}-\x{ffdc}\x{10000}-\x{1efff}"
    r"\x{20000}-\x{3ffff}"
)

_CONTROLS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_DIGITS = {"x": 2, "u": 4, "U": 8}
_QUANTIFIER = re.compile(r"\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\}")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(-[a-zA-Z]*)?([:)])")
_NAMED = re.compile(r"\(\?P<\w+>")

#: Syntax that RE2 lacks: its first characters, and the error message with an alternative.
_REFUSED = (
    ("(?=", "look-ahead (?=…) is not available: write what follows without it"),
    ("(?!", "look-ahead (?!…) is not available: list what may follow instead"),
    ("(?<=", "look-behind (?<=…) is not available: write what precedes without it"),
    ("(?<!", "look-behind (?<!…) is not available: list what may follow instead"),
    ("(?P=", "references to groups are not available: write out what is meant, (?:a.*a|b.*b)"),
    ("(?(", "conditions (?(…)…) are not available: write both cases with |"),
    ("(?>", "atomic groups (?>…) are not available: write (?:…)"),
)


class Unsupported(ValueError):
    """
    A pattern cannot be used.  The message says why, and what to write instead.
    """

    def __init__(self, reason: str, what: str = "cannot be used") -> None:
        super().__init__(f"{what}: {reason}")


def rewrite(pattern: str, atomic: bool, latin: bool) -> str:
    """
    Translate C{pattern}, which C{re} accepts, for a search with RE2 that captures nothing.

    @param atomic: whether to translate atomic groups to plain groups; correct for the output
        of C{fnmatch}.
    @param latin: whether the text is in Latin-1.  Characters beyond ASCII in the result are
        then characters that no such text contains.
    @raise Unsupported: RE2 has no equivalent.
    """
    return _Rewriter(pattern, atomic, latin).run()


class _Rewriter:
    """
    Translates one pattern from left to right.
    """

    def __init__(self, pattern: str, atomic: bool, latin: bool) -> None:
        self._text = pattern
        self._at = 0
        self._atomic = atomic
        self._latin = latin
        self._lines = False
        self._out: list[str] = []

    def run(self) -> str:
        """
        The translated pattern; see L{rewrite}.
        """
        while self._at < len(self._text):
            self._out.append(self._next())
        return ("(?m)" if self._lines else "") + "".join(self._out)

    def _next(self) -> str:
        letter = self._text[self._at]
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._set()
        if letter == "\\":
            return self._escape()
        if letter == "{":
            return self._braces()
        self._at += 1
        if letter == "$":
            return "$" if self._lines else r"(?:\n?\z)"
        if letter in "*+?":
            self._refusePossessive()
            return letter + self._lazy()
        return letter if letter in "^.|)" else self._literal(letter)

    def _lazy(self) -> str:
        if self._text.startswith("?", self._at):
            self._at += 1
            return "?"
        return ""

    def _refusePossessive(self) -> None:
        if self._text.startswith("+", self._at):
            raise Unsupported("possessive repeats such as *+ are not available: write *")

    def _braces(self) -> str:
        match = _QUANTIFIER.match(self._text, self._at)
        if match is None or match[0] == "{}":
            self._at += 1
            return self._literal("{")
        self._at = match.end()
        self._refusePossessive()
        words = match[0].replace("{,", "{0,")
        return words + self._lazy()

    def _group(self) -> str:
        text, at = self._text, self._at
        if text.startswith("(?#", at):
            self._at = text.index(")", at) + 1
            return ""
        if text.startswith("(?!)", at):
            self._at += 4
            return r"(?:[^\x00-\x{ff}])" if self._latin else r"(?:[^\x00-\x{10ffff}])"
        named = _NAMED.match(text, at)
        if named is not None:
            self._at = named.end()
            return "(?:"
        if self._atomic and text.startswith("(?>", at):
            self._at += 3
            return "(?:"
        for beginning, reason in _REFUSED:
            if text.startswith(beginning, at):
                raise Unsupported(reason)
        flags = _FLAGS.match(text, at)
        if flags is None:
            self._at += 1
            return "(?:"
        self._at = flags.end()
        return self._flags(flags[1], flags[2] or "", flags[3])

    def _flags(self, on: str, off: str, end: str) -> str:
        for letter in on + off:
            if letter not in "imsu-" or (letter == "m" and end == ":"):
                raise Unsupported(f"the flag {letter!r} is not available here: remove it")
        self._lines = self._lines or "m" in on
        on = on.replace("u", "").replace("m", "")
        if end == ")":
            return f"(?{on})" if on else ""
        return f"(?{on}{off}:"

    def _escape(self) -> str:
        letter = self._text[self._at + 1]
        if letter in "AZzbB":
            self._at += 2
            return "\\" + letter.replace("Z", "z")
        if letter in "123456789" and not self._isOctal(self._at + 1):
            raise Unsupported(dict(_REFUSED)["(?P="])
        if letter in "dDwWsS":
            self._at += 2
            if letter in "WS":
                return f"[^{self._class(letter.lower())}]"
            return f"[{self._class(letter)}]"
        return self._literal(self._character())

    def _isOctal(self, at: int) -> bool:
        return re.compile("[0-3][0-7]{2}").match(self._text, at) is not None

    def _class(self, letter: str) -> str:
        """
        The characters that a letter after a backslash matches, written for use within a set.
        """
        return {
            "d": r"\p{Nd}",
            "D": r"\P{Nd}",
            "w": _WORD_LATIN if self._latin else _WORD_WIDE,
            "s": _SPACE,
            "S": _NO_SPACE_LATIN if self._latin else _NO_SPACE_WIDE,
        }[letter]

    def _set(self) -> str:
        self._at += 1
        parts = ["["]
        if self._text.startswith("^", self._at):
            self._at += 1
            parts.append("^")
        first = True
        while first or self._text[self._at] != "]":
            first = False
            letter = self._text[self._at]
            if letter != "\\":
                self._at += 1
                parts.append("-" if letter == "-" else self._literal(letter))
            elif self._text[self._at + 1] in "dDwsS":
                parts.append(self._class(self._text[self._at + 1]))
                self._at += 2
            elif self._text[self._at + 1] == "W":
                raise Unsupported(r"\W within […] is not available: write (?:[…]|\W)")
            else:
                parts.append(self._literal(self._character()))
        self._at += 1
        return "".join(parts) + "]"

    def _character(self) -> str:
        """
        The character that an escape denotes.
        """
        letter = self._text[self._at + 1]
        begin = self._at + 2
        if letter in _DIGITS:
            self._at = begin + _DIGITS[letter]
            return chr(int(self._text[begin : self._at], 16))
        if letter == "N":
            self._at = self._text.index("}", begin) + 1
            return unicodedata.lookup(self._text[begin + 1 : self._at - 1])
        octal = re.compile("0[0-7]{0,2}|[0-7]{1,3}").match(self._text, begin - 1)
        if octal is not None:
            self._at = octal.end()
            return chr(int(octal[0], 8))
        self._at = begin
        return chr(_CONTROLS[letter]) if letter in _CONTROLS else letter

    def _literal(self, letter: str) -> str:
        if letter.isascii() and (letter.isalnum() or letter in " _"):
            return letter
        if ord(letter) > 255 and self._latin:
            return letter
        if "\ud800" <= letter <= "\udfff":
            raise Unsupported("half a surrogate pair is not a character")
        return f"\\x{{{ord(letter):x}}}"

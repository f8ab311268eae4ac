"""
Tests for L{vaurien_twisted.model.patterns} and L{vaurien_twisted.model.pattern_syntax}.
"""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import warnings
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.lines import Lines
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import WORDS_LIMIT, condition
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.pattern_syntax import Unsupported
from vaurien_twisted.model.patterns import (
    LIST_LIMIT,
    PATTERN_LIMIT,
    TEXT_LIMIT,
    _Linear,
    glob,
    isPlain,
    regex,
)
from vaurien_twisted.rules.fault_header import OPTION
from vaurien_twisted.wire.redis.errors import FREE

#: Would take C{re} longer than anybody waits.
ENDLESS = (
    (r"VALUES.*,.*,.*RETURNING", "INSERT INTO t VALUES " + "(1, 'abc'), " * 1500),
    (r"^(\w+\s?)+$", "word " * 3000 + "!"),
    (r"(a+)+b", "a" * 16000),
    (r"(?:a|a)*b", "a" * 16000),
    (r"(a*)*\Z(?:b)", "a" * 16000),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 16000 + "1"),
    (r"a?" * 30 + "a" * 30 + "b", "a" * 16000),
    (r"x*" * 20 + "y", "x" * 16000),
    (r"(.*)*é", "ü" * 8000),
    (r"(\w+\s?)+\.$", "слово " * 2000 + "!"),
    (r"[ab]*a[ab]{100}c", "ab" * 8000),
)

PARTS = st.sampled_from(
    re.split(
        "  ?",
        r"a b ab A é ж . \. \w \W \d \D \s \S [ab] [^a] [a-c] [\w-] [\d.] [^\s,] [\S] []x] [[a] "
        r"ß_ \x41 \u0436 \n \t = ( ) | $ ^ \A \Z , ' - {x \101 \0 [\b] (?i) (?s:.) (?P<n>b) (?#no)",
    )
)
REPEATS = st.sampled_from(
    ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{,2}", "{1,}", "*?", "+?", "??"]
)
PATTERNS = st.lists(st.tuples(PARTS, REPEATS).map("".join), max_size=7).map("".join)
TEXTS = st.text(alphabet="abABcé1 _-.,\n\t=x'жß\u2003\x1c{", max_size=14)


def expected(pattern: str) -> Any:
    """
    The pattern compiled by C{re}; C{None} if C{re} refuses it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, re.IGNORECASE | re.DOTALL)
        except re.error:
            return None


class RegexTests(SynchronousTestCase):
    """
    Regular expressions.
    """

    def test_pitfall37_endless(self) -> None:
        """
        Patterns for which C{re} needs exponential time take linear time.
        """
        for pattern, text in ENDLESS:
            self.assertFalse(isPlain(pattern), pattern)
            self.assertFalse(regex(pattern)(text), pattern)

    @settings(deadline=None, max_examples=300)
    @given(PATTERNS, TEXTS)
    @example("a$", "a\n")
    @example("a$\n", "a\n")
    @example(r"\w", "ж")
    @example("[^a]", "\n")
    @example(r"\b\w+é\b", "é")
    def test_pitfall37_same(self, pattern: str, text: str) -> None:
        """
        Patterns match as in C{re}, with upper and lower case, lines, sets and letters beyond ASCII.
        """
        compiled = expected(pattern)
        # How long a line's end is matters to nobody but here.
        if compiled is None or re.search(r"\$[^)|]", pattern):
            return
        wanted = compiled.search(text) is not None
        self.assertEqual(regex(pattern)(text), wanted)
        try:
            linear = _Linear(pattern, True)
        except Unsupported:
            self.assertIn("(?", pattern)
        else:
            self.assertEqual(linear.search(text), wanted)

    def test_pitfall37_plain(self) -> None:
        """
        Usual patterns stay with C{re}, look-around and all.
        """
        for pattern in (
            "^UPDATE orders",
            "paid",
            "^SELECT .*paid",
            r"^SELECT (?!1)",
            r"(['\"]).\1",
            r"\bprénom\b",
            "^(?!.*DELETE)",
            "from (a|b|c)",
            r"orders?\s",
        ):
            self.assertTrue(isPlain(pattern), pattern)
        self.assertTrue(regex(r"(['\"]).\1")('x = "y"'))
        self.assertFalse(regex("^(?!.*DELETE)")("SELECT 1; DELETE"))

    def test_pitfall37_refused(self) -> None:
        """
        Unsupported syntax is refused, and the message says what to write instead.
        """
        for pattern, word in (
            (r"a(?=.*b.*)c.*", "look-ahead"),
            (r"a.*(?!b).*", "list what"),
            (r".*(?<=a).*", "look-behind"),
            (r".*(?<!a).*", "look-behind"),
            (r"(.*)x.*\1", "references"),
            (r"(?P<a>.*)x.*(?P=a)", "references"),
            (r"(a)?.*.*(?(1)b|c)", "conditions"),
            (r"(?>a*)*", "atomic"),
            (r"a*+.*", "possessive"),
            (r"(?x) a* b*", "flag"),
            (r"[\W_]*.*", r"(?:[…]|\W)"),
            (r"a*b{2000}", "repeat"),
            (r"(?:a{900}b*){900}", "repeat"),
            ("(", "not a regular expression"),
            ("a" * (PATTERN_LIMIT + 1), "at most"),
        ):
            error = self.assertRaises(Unsupported, regex, pattern)
            self.assertIn(word, str(error), pattern)

    def test_pitfall37_surrogates(self) -> None:
        """
        Text with lone surrogates is matched too.
        """
        self.assertTrue(regex("a.*b.*c")("a\udc80bc"))

    def test_pitfall37_beginning(self) -> None:
        """
        Only the beginning of a text is looked at.
        """
        self.assertFalse(regex("z")("a" * TEXT_LIMIT + "z"))
        self.assertFalse(regex("z.*.*")("a" * TEXT_LIMIT + "z"))

    def test_pitfall37_lazy(self) -> None:
        """
        RE2 is loaded by the first pattern that needs it.
        """
        code = (
            "import sys; from vaurien_twisted.model.patterns import regex, glob; "
            "regex('^UPDATE .*x'); glob('a*b*'); assert 're2' not in sys.modules; "
            "regex('a.*b.*'); assert 're2' in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class GlobTests(SynchronousTestCase):
    """
    Globs.
    """

    def test_pitfall37_stars(self) -> None:
        """
        Many stars over a long key take linear time.
        """
        for pattern in ("*a*a*a*a*b", "*a" * 200 + "b", "*" * 999 + "b", "*" + "a" * 998 + "b"):
            for text in ("a" * 60, "a" * 5000, "a" * TEXT_LIMIT, "é" * 9000, "ж" * 9000):
                self.assertFalse(glob(pattern)(text), pattern)
        self.assertTrue(glob("*a*a*a*a*b")("a" * 60000 + "b"))

    @settings(deadline=None, max_examples=300)
    @given(
        st.text(alphabet="ab*?[]!-é.\\^ж\n", max_size=8),
        st.text(alphabet="abB]é.-ж\n\\", max_size=9),
    )
    def test_pitfall37_sameGlobs(self, pattern: str, text: str) -> None:
        """
        Short and long texts match as in C{fnmatch}.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = fnmatch.fnmatchcase(text, pattern)
        self.assertEqual(glob(pattern)(text), wanted)
        linear = _Linear(rf"\A{fnmatch.translate(pattern)}", False, True)
        self.assertEqual(linear.match(text), wanted)


class OwnPatternTests(SynchronousTestCase):
    """
    The package's own patterns, over users' text.
    """

    def test_pitfall37_ownPatterns(self) -> None:
        """
        A Redis error and a caller's fault header are read in a time proportional to their length.
        """
        self.assertIsNone(FREE.fullmatch("A " + "b" * 200_000 + "\n"))
        self.assertIsNone(FREE.fullmatch("A" + " " * 200_000 + "\n"))
        for beginning in (";a=", ";a", ";"):
            self.assertIsNone(OPTION.match(beginning + " " * 200_000 + '"'))


class ListTests(SynchronousTestCase):
    """
    How many there may be.
    """

    def test_pitfall37_lists(self) -> None:
        """
        Lists of patterns and of words have a bound.
        """
        for name, most in (("sql", LIST_LIMIT), ("key", LIST_LIMIT), ("command", WORDS_LIMIT)):
            condition({name: ["a"] * most}, Lines().targets, "lines")
            self.assertRaises(
                Refused, condition, {name: ["a"] * (most + 1)}, Lines().targets, "lines"
            )

    def test_pitfall37_target(self) -> None:
        """
        A rule's pattern goes that way.
        """
        matches = condition({"sql": ENDLESS[0][0]}, Lines().targets, "lines")
        self.assertFalse(matches(Connection(1, ""), Exchange(1, "QUERY", ENDLESS[0][1][:16384])))

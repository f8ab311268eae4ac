"""
Tests for the regular expressions of the package: they must match alike on every version of
Python that is supported.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from re import _constants, _parser
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import vaurien_twisted

#: What L{re} does with a pattern as its first argument.
FUNCTIONS = frozenset(
    ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
)

#: The places of users' patterns, which this test skips.
USERS = {"vaurien_twisted.model.patterns"}


def patterns() -> Iterator[tuple[str, Any]]:
    """
    All patterns that the package writes down, each with its module; C{None} where it is not
    known before it is used.
    """
    for found in pkgutil.walk_packages(vaurien_twisted.__path__, "vaurien_twisted."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        with open(str(module.__file__), encoding="utf-8") as file:
            tree = ast.parse(file.read())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in FUNCTIONS
            ):
                source = compile(ast.Expression(node.args[0]), found.name, "eval")
                try:
                    yield found.name, eval(source, vars(module))
                except NameError:
                    yield found.name, None


def possessive(pattern: str | bytes) -> bool:
    """
    Whether a pattern has a possessive quantifier, anywhere in it.
    """
    waiting: list[Any] = [_parser.parse(pattern)]
    while waiting:
        part = waiting.pop()
        if part is _constants.POSSESSIVE_REPEAT:
            return True
        if isinstance(part, (list, tuple, _parser.SubPattern)):
            waiting += part
    return False


class PatternTests(SynchronousTestCase):
    """
    The syntax that the package's patterns must not use.
    """

    def test_pitfall20_noPossessiveQuantifier(self) -> None:
        """
        Python 3.11.0 to 3.11.4 match possessive groups wrongly (CPython gh-106052): the
        patterns have none, but atomic groups, which all versions match rightly.
        """
        found = list(patterns())
        self.assertGreater(len(found), 40)
        for module, pattern in found:
            if pattern is None:
                self.assertIn(module, USERS)
            else:
                self.assertFalse(possessive(pattern), (module, pattern))

    def test_found(self) -> None:
        """
        Possessive quantifiers are found wherever they are, and only they.
        """
        for pattern in (r"a++", r"x(?:a|b{2,3}+)", rb"((?>a*+))", r"(?:a|(?=b?+))", r"(?i:a*+)b"):
            self.assertTrue(possessive(pattern), pattern)
        for plain in (r"[a*+]", r"(?>a+)b", r"\++", rb"a\*+", r"(?:a+)+"):
            self.assertFalse(possessive(plain), plain)

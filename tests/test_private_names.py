"""
The package stands on the public names of Twisted, and on none of its private ones.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from tests.test_structure import modules

#: What there is no public name for: the descriptor of the epoll object that Twisted's reactor
#: waits with.
ALLOWED = {"express.reactor": ["ExpressReactor._poller"]}

#: The public interface of a named tuple.
NAMED_TUPLE = {"_replace", "_asdict", "_fields", "_make"}


def isPrivate(name: str) -> bool:
    """
    Whether a name begins with one underscore.
    """
    return name.startswith("_") and not name.startswith("__")


def imported(tree: ast.AST) -> Iterator[str]:
    """
    The private modules and names of Twisted that are imported.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in found:
            if name.startswith("twisted.") and any(map(isPrivate, name.split("."))):
                yield name


def attributes(tree: ast.AST) -> set[str]:
    """
    The private attributes that are read, set or defined, whatever they belong to.
    """
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return set(filter(isPrivate, found))


@cache
def source(cls: type) -> ast.AST:
    """
    A class as it is written.
    """
    return ast.parse(textwrap.dedent(inspect.getsource(cls)))


def inherited(cls: type) -> set[str]:
    """
    The private attributes that the Twisted classes among the bases of a class have.
    """
    bases = [base for base in cls.__mro__ if base.__module__.startswith("twisted.")]
    return set[str]().union(*map(privateOf, bases))


@cache
def privateOf(base: type) -> set[str]:
    """
    The private attributes of one class.
    """
    return set(filter(isPrivate, vars(base))) | attributes(source(base))


def shared(module: ModuleType) -> Iterator[str]:
    """
    The private attributes that a module's classes have in common with their Twisted bases.
    """
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            for name in sorted(attributes(source(cls)) & inherited(cls)):
                yield f"{cls.__name__}.{name}"


def defined(tree: ast.Module) -> set[str]:
    """
    The attributes and functions that a module defines.
    """
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in ("self", "cls")
    }
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    # Fields of attrs classes.
    own |= {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return own


def foreign(tree: ast.Module, own: set[str]) -> Iterator[str]:
    """
    The private attributes that are read of other objects, but for those named in C{own}.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isPrivate(node.attr) and node.attr not in own:
            yield ast.unparse(node)


class PrivateNamesTests(SynchronousTestCase):
    """
    Twisted may change what is private without a word.
    """

    def test_imports(self) -> None:
        """
        No private module or name of Twisted is imported.
        """
        found = {name: list(imported(ast.parse(path.read_text()))) for name, path in modules()}
        self.assertEqual({name: each for name, each in found.items() if each}, {})

    def test_inherited(self) -> None:
        """
        No class uses, or happens to define, a private attribute of a Twisted class that it
        inherits from.
        """
        found = {}
        for name, _ in modules():
            if name != "__main__":
                module = importlib.import_module(f"vaurien_twisted.{name}".rstrip("."))
                found[name] = list(shared(module))
        self.assertEqual({name: each for name, each in found.items() if each}, ALLOWED)

    def test_others(self) -> None:
        """
        No private attribute is used that the package does not define.
        """
        trees = {name: ast.parse(path.read_text()) for name, path in modules()}
        own = NAMED_TUPLE.union(*map(defined, trees.values()))
        found = {name: list(foreign(tree, own)) for name, tree in trees.items()}
        self.assertEqual({name: each for name, each in found.items() if each}, {})

    def test_scan(self) -> None:
        """
        The scan finds what it looks for.
        """
        tree = ast.parse(
            "import twisted.protocols._sni\n"
            "from twisted.protocols.haproxy._v1parser import V1Parser\n"
            "from twisted.internet.ssl import _hidden\n"
            "from twisted.internet.ssl import shown\n"
            "connection = transport._tlsConnection\n"
        )
        self.assertEqual(len(list(imported(tree))), 3)
        self.assertEqual(list(foreign(tree, set())), ["transport._tlsConnection"])

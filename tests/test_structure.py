"""
Tests of the package's structure: rooms, sizes, and the direction of imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import vaurien_twisted

PACKAGE = Path(vaurien_twisted.__file__).parent

#: Rooms, each of which imports only from those below it (and from itself).
LAYERS = (
    ("testing",),
    ("app",),
    ("control",),
    ("metrics",),
    ("proxies",),
    ("relays",),
    ("rules",),
    ("behaviors", "wire"),
    ("transports",),
    ("record", "express"),
    ("interfaces",),
    ("model",),
)

#: Rooms that import nothing of the server but values.
APART = {"chaostoolkit", "client", "ctl", "experiments", "mcp", "pytest_plugin"}

#: Modules of these rooms that read declarations of the server, when they are called.
READING = {"experiments.names"}

#: What the top of the package may hold beside rooms.
TOP = {"__init__.py", "__main__.py", "arguments.py", "stdio.py", "testing.py", "py.typed"}

#: The most lines of a module.
LINES = 350

#: The most uses of C{Any} in annotations and aliases.  Each stands where no type says what is
#: meant: options of a class of their own, methods that are replaced, JSON of another process.
ANY = 40

#: Imports that point up and are still there.
LATE: set[tuple[str, str]] = set()

#: Groups of modules that import each other where imports for types count.  Those of
#: C{interfaces} and C{model} may stay; the others leave this list once they are undone.
TYPE_CIRCLES = {
    "interfaces",
}


def modules() -> Iterator[tuple[str, Path]]:
    """
    The package's modules by their dotted names, without C{vaurien_twisted}.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path, runtime: bool) -> Iterator[str]:
    """
    What a module imports of the package, names included.

    @param runtime: leave out what stands under C{TYPE_CHECKING}.
    """

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if runtime and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.ImportFrom) and (child.module or "").startswith(
                "vaurien_twisted"
            ):
                base = (child.module or "").removeprefix("vaurien_twisted").lstrip(".")
                for alias in child.names:
                    yield f"{base}.{alias.name}".lstrip(".")
            yield from walk(child)

    yield from walk(ast.parse(path.read_text()))


def atTheTop(path: Path) -> Iterator[str]:
    """
    What a module imports of the package as it is loaded.
    """
    for child in ast.parse(path.read_text()).body:
        if isinstance(child, ast.ImportFrom) and (child.module or "").startswith("vaurien_twisted"):
            base = (child.module or "").removeprefix("vaurien_twisted").lstrip(".")
            for alias in child.names:
                yield f"{base}.{alias.name}".lstrip(".")


def untyped(path: Path) -> int:
    """
    How often a module says C{Any} in annotations and in aliases of types.
    """
    tree = ast.parse(path.read_text())
    said: list[ast.expr | None] = [
        each.value for each in tree.body if isinstance(each, (ast.Assign, ast.AnnAssign))
    ]
    for node in ast.walk(tree):
        if isinstance(node, (ast.arg, ast.AnnAssign)):
            said.append(node.annotation)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            said.append(node.returns)
    return sum(
        isinstance(name, ast.Name) and name.id == "Any"
        for annotation in said
        if annotation is not None
        for name in ast.walk(annotation)
    )


def graph(imported: Callable[[Path], Iterable[str]]) -> dict[str, set[str]]:
    """
    Which modules of the package each of them imports.

    @param imported: gives the names that a file imports.
    """
    known = dict(modules())
    return {
        name: {
            module
            for wanted in imported(path)
            if (module := wanted if wanted in known else wanted.rpartition(".")[0]) in known
            and module not in ("", name)
        }
        for name, path in known.items()
    }


def circles(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    """
    The groups of modules that import each other, sorted; by Tarjan's algorithm.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            at = stack.index(name)
            group = sorted(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for name in sorted(edges):
        if name not in number:
            visit(name)
    yield from found


class StructureTests(SynchronousTestCase):
    """
    A newcomer finds the room by its name.
    """

    def test_top(self) -> None:
        """
        Few files stand at the top.
        """
        files = {each.name for each in PACKAGE.iterdir() if each.is_file()}
        self.assertLessEqual(files, TOP)

    def test_sizes(self) -> None:
        """
        No module is longer than its bound.
        """
        long = {
            name: count
            for name, path in modules()
            if (count := len(path.read_text().splitlines())) > LINES
        }
        self.assertEqual(long, {})

    def test_types(self) -> None:
        """
        C{Any} stands only where no type can be said.
        """
        found = {name: count for name, path in modules() if (count := untyped(path))}
        self.assertLessEqual(sum(found.values()), ANY, found)

    def test_layers(self) -> None:
        """
        Imports point down, also those that are made late or for types only.
        """
        level = {room: depth for depth, layer in enumerate(LAYERS) for room in layer}
        wrong = []
        for name, path in modules():
            room = name.partition(".")[0]
            for wanted in imports(path, runtime=True):
                other = wanted.partition(".")[0]
                if other == room or room not in level or other not in level:
                    continue
                if level[other] <= level[room] and (name, other) not in LATE:
                    wrong.append(f"{name} imports {wanted}")
        self.assertEqual(wrong, [])

    def test_apart(self) -> None:
        """
        Clients and the shell command know nothing of the server.
        """
        wrong = []
        for name, path in modules():
            room = name.partition(".")[0]
            for wanted in imports(path, runtime=True):
                other = wanted.partition(".")[0]
                allowed = APART | {"", "__version__", "arguments", "model", "stdio"}
                if room in APART and other not in allowed and name not in READING:
                    wrong.append(f"{name} imports {wanted}")
                if room not in APART | {"", "testing", "__main__", "app"} and other in APART:
                    wrong.append(f"{name} imports {wanted}")
        self.assertEqual(wrong, [])

    def test_testing(self) -> None:
        """
        What test suites use is made by the application.
        """
        wanted = imports(PACKAGE / "testing.py", runtime=True)
        rooms = {name.partition(".")[0] for name in wanted}
        self.assertEqual(rooms, {"app", "client", "pytest_plugin"})

    def test_circles(self) -> None:
        """
        No module is imported, directly or through others, by what it imports as it is loaded.
        """
        self.assertEqual(list(circles(graph(atTheTop))), [])

    def test_typeCircles(self) -> None:
        """
        Nor where imports that are made late or for types count, except between interfaces and
        values.
        """
        found = circles(graph(lambda path: imports(path, runtime=False)))
        self.assertEqual([each for each in found if each[0] not in TYPE_CIRCLES], [])

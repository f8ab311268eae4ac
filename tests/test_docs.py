"""
Tests for README and C{docs}: the pages build, and what they show is true.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs
from docutils.core import publish_doctree
from twisted.trial.unittest import SynchronousTestCase

from tests.pytest_plugin import PLUGIN
from tests.test_extending import ROOT, childEnvironment, memoRegistry, run
from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import readConfig
from vaurien_twisted.app.tap import Options
from vaurien_twisted.ctl import main as ctl
from vaurien_twisted.experiments.command import addArguments
from vaurien_twisted.model.options import Refused, specs
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.registry import loadRegistry

DOCS = ROOT / "docs"
SUITES = DOCS / "examples" / "suites"
REFERENCE = DOCS / "reference"
PAGES = [
    ROOT / "README.rst",
    ROOT / "CHANGES.rst",
    *sorted(DOCS.glob("*.rst")),
    *sorted(REFERENCE.glob("*.rst")),
]

_DIRECTIVE = re.compile(r"(?P<indent> *)\.\. code-block:: (?P<argument>.+)")


@attrs.frozen
class Block:
    """
    What a page shows of a program.

    @ivar place: the page and the line, for a failure's message.
    @ivar kind: the language.
    """

    place: str
    kind: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """
    The blocks of a page's source, in order.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        match = _DIRECTIVE.fullmatch(line)
        if match is None:
            continue
        own, margin = [], len(match["indent"]) + 3
        for following in lines[number:]:
            if following.strip() and not following.startswith(" " * margin):
                break
            own.append(following[margin:])
        while own and (not own[0] or own[0].startswith(":")):
            del own[0]
        yield Block(
            f"{page.parent.name}/{page.name}:{number}", match["argument"], "\n".join(own).rstrip()
        )


def every(kind: str) -> list[Block]:
    """
    The blocks of one kind on all pages.
    """
    return [block for page in PAGES for block in blocks(page) if block.kind == kind]


def commands(text: str) -> Iterator[list[str]]:
    """
    The words of each command in a console block, without where its output goes; C{&&}
    joins several.
    """
    for line in re.sub(r"\\\n *", "", text).splitlines():
        if line.startswith("$ "):
            words: list[str] = []
            for word in [*shlex.split(line[2:], comments=True), "&&"]:
                if word == "&&":
                    yield words[: words.index(">")] if ">" in words else words
                    words = []
                else:
                    words.append(word)


def told(blocks: list[Block], program: str) -> list[tuple[str, list[str]]]:
    """
    The places and arguments of all calls of C{program}, also behind other words.
    """
    calls = []
    for block in blocks:
        for words in commands(block.text):
            names = [word.rpartition("/")[2] for word in words]
            if program in names[:3] and "pip" not in names:
                calls.append((block.place, words[names.index(program) + 1 :]))
    return calls


@contextmanager
def at(place: str) -> Iterator[None]:
    """
    Says of whatever goes wrong where on the pages it stands.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise AssertionError(f"{place}: {type(error).__name__}: {error}") from error


class ExampleTests(SynchronousTestCase):
    """
    Everything that can be pasted is accepted.
    """

    def setUp(self) -> None:
        """
        The files of the pages are there, under their names.
        """
        self.registry = memoRegistry()
        self.files = {"vaurien.ini": every("ini")[0].text}
        lists = [block.text for block in every("json") if block.text[0] == "["]
        self.files["proxies.json"] = next(text for text in lists if '"upstream"' in text)
        for name, text in self.files.items():
            self.files[name] = self.mktemp()
            Path(self.files[name]).write_text(text, encoding="utf-8")

    def parseVaurien(self, place: str, words: list[str]) -> None:
        """
        Parse a command line of C{vaurien}.
        """
        if words[:1] == ["run"]:
            parser = argparse.ArgumentParser(exit_on_error=False)
            addArguments(parser, fleet=False)
            with at(place):
                parser.parse_args(words[1:])
            return
        options = Options(self.registry)
        with at(place):
            options.parseOptions([self.files.get(word, word) for word in words])

    def parseCtl(self, place: str, words: list[str]) -> None:
        """
        Parse a command line of C{vaurienctl}, and make the plan that it asks for.
        """
        if words[0] == "help":
            # It prints, and ends with status 0.
            with redirect_stdout(io.StringIO()), self.assertRaises(SystemExit) as ended:
                ctl.parse(words)
            self.assertEqual(ended.exception.code, 0, place)
            return
        with at(place):
            parsed = ctl.parse(words)
            if parsed.command == "set-behavior" and not parsed.name.startswith("$"):
                self.plan(parsed.name, parsed.options)

    def plan(self, name: str, given: dict[str, Any]) -> None:
        """
        Make a plan of any protocol that takes it.
        """
        refusals = []
        for wire in self.registry.wires.values():
            try:
                RuleBuilder(self.registry, wire=wire).one(name, given)
            except Refused as refused:
                refusals.append(refused)
            else:
                return
        raise refusals[0]

    def test_vaurien(self) -> None:
        """
        Every C{vaurien} line parses.
        """
        calls = told(every("console"), "vaurien")
        self.assertGreater(len(calls), 12)
        for place, words in calls:
            self.parseVaurien(place, words)

    def test_vaurienctl(self) -> None:
        """
        Every C{vaurienctl} line parses, and names a behavior and options that exist.
        """
        calls = told(every("console"), "vaurienctl")
        self.assertGreater(len(calls), 12)
        for place, words in calls:
            self.parseCtl(place, words)

    def test_builds(self) -> None:
        """
        The pages build without a warning, and name no folder of the machine that builds them.
        """
        place = Path(self.mktemp()).resolve()
        words = ["-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(place / "trees")]
        run(*words, str(DOCS), str(place / "html"), env=childEnvironment())
        built = [path.read_text("utf-8") for path in place.glob("html/**/*.html")]
        # All but README and the list of changes.
        self.assertGreaterEqual(len(built), len(PAGES) - 2)
        for text in built:
            self.assertNotIn(str(ROOT), text)

    def test_reference(self) -> None:
        """
        The reference has every behavior and protocol of ours, with all options and errors.
        """
        registry = loadRegistry()
        for page, kind, items in (
            ("behaviors", "behavior", registry.behaviors),
            ("protocols", "protocol", registry.wires),
        ):
            text = (REFERENCE / f"{page}.rst").read_text(encoding="utf-8")
            for name, item in items.items():
                label = f".. _{kind}-{name}:\n"
                self.assertIn(label, text)
                section = text.partition(label)[2].partition(f".. _{kind}-")[0]
                for word in [*specs(item.options), *getattr(item, "errors", ())]:
                    self.assertIn(f"``{word}``", section)

    def test_current(self) -> None:
        """
        What C{docs/generate.py} writes is up to date.  If this fails, run it and commit the
        pages: C{python docs/generate.py}.
        """
        run("docs/generate.py", "--check", env=childEnvironment(), cwd=ROOT)

    def test_ini(self) -> None:
        """
        Every ini file is accepted.
        """
        self.assertTrue(every("ini"))
        for block in every("ini"):
            path = self.mktemp()
            Path(path).write_text(block.text, encoding="utf-8")
            with at(block.place):
                configure(self.registry, readConfig(path))

    def test_json(self) -> None:
        """
        Every JSON example is valid: blocks, and bodies given to curl.
        """
        found = [(block.place, block.text) for block in every("json")]
        for place, words in told(every("console"), "curl"):
            found += [(place, body) for flag, body in pairwise(words) if flag == "-d"]
            if "-d" in words:
                self.assertIn("Content-Type: application/json", words, place)
        self.assertGreater(len(found), 5)
        for place, text in found:
            with at(place):
                self.assertIsInstance(json.loads(text), dict | list)

    def test_python(self) -> None:
        """
        Python blocks and example files compile.
        """
        examples = [path for path in sorted(DOCS.rglob("*.py")) if "_build" not in path.parts]
        sources = [(block.place, block.text) for block in every("python")]
        sources += [(path.name, path.read_text(encoding="utf-8")) for path in examples]
        self.assertGreater(len(sources), 12)
        for place, text in sources:
            compile(text, place, "exec")


class ReadmeTests(SynchronousTestCase):
    """
    The first page.
    """

    def test_links(self) -> None:
        """
        What it links to is there.
        """
        links = re.findall(r"<([^>]+)>`_", (ROOT / "README.rst").read_text(encoding="utf-8"))
        self.assertGreater(len(links), 8)
        for link in links:
            self.assertTrue((ROOT / link).is_file(), link)

    def test_renders(self) -> None:
        """
        It and the list of changes are sound for tools that know nothing of Sphinx.
        """
        strict = {"halt_level": 2, "report_level": 2, "warning_stream": ""}
        for page in PAGES[:2]:
            with at(page.name):
                publish_doctree(page.read_text(encoding="utf-8"), settings_overrides=strict)

    def test_first(self) -> None:
        """
        The first two commands are what they are said to be.
        """
        first, second = [block.text for block in blocks(ROOT / "README.rst")][:2]
        self.assertEqual(
            first,
            "$ python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/vaurien --demo",
        )
        self.assertEqual(second, "$ bash tests/run")

    def test_suite(self) -> None:
        """
        Its test is the one on the testing page, and passes.
        """
        shown = next(b.text for b in blocks(ROOT / "README.rst") if b.kind == "python")
        source = (SUITES / "test_with_unittest.py").read_text(encoding="utf-8")
        self.assertEqual(shown, source.rstrip())
        output = run("-m", "unittest", "test_with_unittest", env=childEnvironment(), cwd=SUITES)
        self.assertIn("Ran 1 test", output)
        self.assertIn("\nOK\n", output)

    def test_pytest(self) -> None:
        """
        Its test for pytest passes before something that only accepts: the fault answers.
        """
        shown = [b.text for b in blocks(ROOT / "README.rst") if b.kind == "python"][1]
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        backend = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(backend.close)
        place = f"127.0.0.1:{backend.getsockname()[1]}"
        suite = shown.replace("localhost:5000", place)
        (folder / "test_shop.py").write_text(suite + "\n", encoding="utf-8")
        words = ["-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", "test_shop.py"]
        output = run(*words, env=childEnvironment(), cwd=folder)
        self.assertIn("1 passed", output)

    def test_trial(self) -> None:
        """
        The suite for trial on the testing page passes.
        """
        place = str(Path(self.mktemp()).resolve())
        words = ["-m", "twisted.trial", "--temp-directory", place, "test_with_trial"]
        output = run(*words, env=childEnvironment(), cwd=SUITES)
        self.assertIn("PASSED (successes=2)", output)


class ExtractorTests(SynchronousTestCase):
    """
    L{told} and L{blocks} see what is there: else the tests above would see nothing.
    """

    def test_calls(self) -> None:
        """
        Continued lines, joined commands, paths and words before the program.
        """
        text = "$ cd x && .venv/bin/vaurien --a \\\n  --b > f\nvaurien --c\n$ twistd -n vaurien --d"
        calls = told([Block("here", "console", text)], "vaurien")
        self.assertEqual(calls, [("here", ["--a", "--b"]), ("here", ["--d"])])

    def test_blocks(self) -> None:
        """
        Blocks in the margin and in lists, with options and empty lines.
        """
        path = Path(self.mktemp())
        path.write_text(
            ".. code-block:: json\n\n   {\n\n   }\n\ntext\n\n"
            "* x\n\n  .. code-block:: ini\n     :caption: x\n\n     [a]\n",
            encoding="utf-8",
        )
        found = [(block.kind, block.text) for block in blocks(path)]
        self.assertEqual(found, [("json", "{\n\n}"), ("ini", "[a]")])

    def test_wrong(self) -> None:
        """
        A line that is not accepted fails, and says where it stands.
        """
        with patch("sys.stderr"), self.assertRaises(AssertionError) as caught, at("page:1"):
            ctl.parse(["set-behaviour", "x"])
        self.assertIn("page:1", str(caught.exception))

"""
The package as it is installed: a wheel, in an environment that knows nothing of this folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import vaurien_twisted

#: The folder that C{setup.cfg} is in.
ROOT = Path(vaurien_twisted.__file__).resolve().parents[1]

#: How long one command may take, in seconds.
LIMIT = 600

#: What of the root is no part of a source tree: leaving it out keeps copying quick.
ELSEWHERE = (".*", "build", "dist", "*.egg-info", "_trial_temp*", "__pycache__", "dropin.cache")


class PackagingTests(SynchronousTestCase):
    """
    One wheel is built, installed, and asked.
    """

    folder: ClassVar[Path]
    wheel: ClassVar[Path | None] = None

    def setUp(self) -> None:
        if not (ROOT / "setup.cfg").exists():
            raise SkipTest("only the source tree can be built")
        if PackagingTests.wheel is None:
            PackagingTests.folder = Path(self.mktemp()).resolve()
            PackagingTests.wheel = self.build()

    def run_(self, *command: str | Path, cwd: Path | None = None) -> str:
        """
        Run a command in an environment without this folder; its output.
        """
        unwanted = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH")
        clean = {name: value for name, value in os.environ.items() if name not in unwanted}
        ended = subprocess.run(
            [str(word) for word in command],
            cwd=cwd or self.folder,
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout

    def source(self, name: str) -> Path:
        """
        A copy of the source tree, so that building leaves nothing in ours.
        """
        copy = self.folder / name
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*ELSEWHERE))
        return copy

    def build(self) -> Path:
        """
        The wheel of this source tree.
        """
        self.folder.mkdir()
        words = ("wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w", "wheels")
        self.run_(sys.executable, "-m", "pip", *words, self.source("source"))
        [wheel] = (self.folder / "wheels").iterdir()
        return wheel

    def environment(self, name: str, *what: str | Path) -> Path:
        """
        The folder of commands of a new virtual environment with C{what} installed,
        which borrows our dependencies but not our package.
        """
        place = self.folder / name
        venv.create(place, with_pip=False, symlinks=True)
        borrowed = self.folder / "borrowed"
        if not borrowed.exists():
            borrowed.mkdir()
            for kind in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
                for each in Path(kind).iterdir():
                    ours = "vaurien" in each.name or each.suffix == ".pth"
                    if not ours and not (borrowed / each.name).exists():
                        (borrowed / each.name).symlink_to(each)
        [site] = place.glob("lib/python*/site-packages")
        (site / "borrowed.pth").write_text(f"{borrowed}\n")
        words = ("install", "-q", "--no-deps", "--no-index", "--no-build-isolation")
        python = place / "bin" / "python"
        self.run_(sys.executable, "-m", "pip", "--python", python, *words, *what)
        return place / "bin"

    def twistd(self, commands: Path) -> str:
        """
        What C{twistd --help} says in an environment, in another folder.
        """
        elsewhere = Path(self.mktemp()).resolve()
        elsewhere.mkdir()
        words = ("-c", "from twisted.scripts.twistd import run; run()", "--help")
        return self.run_(commands / "python", *words, cwd=elsewhere)

    def test_contents(self) -> None:
        """
        The wheel has the package, the plugin, the licence and the marker of types, and
        nothing of tests, documentation or caches; and every module of ours is in it.
        """
        assert self.wheel is not None
        names = set(zipfile.ZipFile(self.wheel).namelist())
        self.assertIn("vaurien_twisted/py.typed", names)
        self.assertIn("twisted/plugins/vaurien_plugin.py", names)
        self.assertTrue(any(name.endswith("LICENSE") for name in names))
        # These would hide Twisted itself.
        self.assertNotIn("twisted/__init__.py", names)
        self.assertNotIn("twisted/plugins/__init__.py", names)
        tops = {name.split("/")[0] for name in names}
        tops = {top for top in tops if not top.endswith(".dist-info")}
        self.assertEqual(tops, {"vaurien_twisted", "twisted"})
        # By this, Chaos Toolkit finds what to import for the distribution's name.
        [top] = [name for name in names if name.endswith(".dist-info/top_level.txt")]
        self.assertEqual(zipfile.ZipFile(self.wheel).read(top), b"vaurien_twisted\n")
        modules = {str(path.relative_to(ROOT)) for path in (ROOT / "vaurien_twisted").rglob("*.py")}
        self.assertEqual(
            {n for n in names if n.startswith("vaurien") and n.endswith(".py")}, modules
        )
        self.assertEqual([n for n in names if n.endswith((".pyc", "dropin.cache"))], [])

    def test_installed(self) -> None:
        """
        From the wheel: C{twistd} lists the plugin, and both commands are there.
        """
        assert self.wheel is not None
        commands = self.environment("installed", self.wheel)
        self.assertRegex(self.twistd(commands), r"(?m)^ +vaurien +A TCP proxy")
        said = self.run_(commands / "vaurien", "--version")
        self.assertEqual(said, f"{vaurien_twisted.__version__}\n")
        self.assertIn("set-behavior", self.run_(commands / "vaurienctl", "--help"))
        words = ("-c", "import vaurien_twisted; print(vaurien_twisted.__file__)")
        self.assertIn(str(commands.parent), self.run_(commands / "python", *words))

    def test_editable(self) -> None:
        """
        The same for an installation that can be edited.
        """
        commands = self.environment("editable", "-e", self.source("edited"))
        self.assertRegex(self.twistd(commands), r"(?m)^ +vaurien +A TCP proxy")
        words = ("-c", "import vaurien_twisted; print(vaurien_twisted.__file__)")
        self.assertIn("/edited/", self.run_(commands / "python", *words))


class LayoutTests(SynchronousTestCase):
    """
    What the source tree keeps to.
    """

    def test_pluginIsLazy(self) -> None:
        """
        Listing plugins does not import the whole of Vaurien, let alone a reactor.
        """
        words = (
            "import sys; sys.path.insert(0, {!r}); import twisted.plugins;"
            "from twisted.plugins import vaurien_plugin;"
            "print('vaurien_twisted.app.tap' in sys.modules,"
            "      'twisted.internet.reactor' in sys.modules)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", words.format(str(ROOT))],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        self.assertEqual(ended.stdout, "False False\n")

    def test_testCaseNames(self) -> None:
        """
        Where a module says which tests are its own, they are there.
        """
        if not (ROOT / "tests").exists():
            raise SkipTest("only the source tree has tests")
        missing = []
        for path in sorted((ROOT / "vaurien_twisted").rglob("*.py")):
            first = path.read_text().partition("\n")[0]
            if first.startswith("# -*- test-case-name: "):
                names = first.removeprefix("# -*- test-case-name: ").removesuffix(" -*-")
                for name in names.split(","):
                    place = ROOT.joinpath(*name.strip().split("."))
                    if not place.is_dir() and not place.with_suffix(".py").exists():
                        missing.append(f"{path.relative_to(ROOT)}: {name}")
        self.assertEqual(missing, [])

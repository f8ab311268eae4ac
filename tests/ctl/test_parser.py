"""
Tests for the command line of vaurienctl: help, wrong words, completion.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import mock

from tests.ctl.test_main import Shown
from vaurien_twisted.ctl.commands import COMMANDS


class HelpTests(Shown):
    """
    C{help}, C{-h} and C{--help}.
    """

    def test_everywhere(self) -> None:
        """
        Every command has help, in three forms that are the same.
        """
        for name in set(COMMANDS) - {"help"}:
            with self.subTest(name):
                said = [
                    self.run_(*words) for words in (("help", name), (name, "--help"), (name, "-h"))
                ]
                self.assertEqual(said[0][0], 0, said)
                self.assertTrue(said[0][1].startswith(f"usage: vaurienctl {name}"), said)
                self.assertEqual(said[0], said[1])
                self.assertEqual(said[0], said[2])

    def test_toxic(self) -> None:
        """
        The actions of C{toxic} begin with the proxy, as they are written.
        """
        for name in ("add", "update", "remove"):
            _, out, _ = self.run_("help", "toxic", name)
            self.assertTrue(out.startswith(f"usage: vaurienctl toxic {name} NAME... -"), out)
            self.assertIn(f"example: vaurienctl toxic {name} db -", out)

    def test_whole(self) -> None:
        """
        Without a command it is that of C{--help}; words of a command may follow.
        """
        self.assertEqual(self.run_("help"), self.run_("--help"))
        self.assertEqual(self.run_("--http-port", "1", "help"), self.run_("--help"))
        self.assertEqual(self.run_("help", "toxic", "add"), self.run_("toxic", "add", "-h"))
        self.assertIn("--attribute", self.run_("help", "toxic", "add")[1])

    def test_unknown(self) -> None:
        """
        The nearest command is named.
        """
        status, _, err = self.run_("help", "jurnal")
        self.assertEqual(status, 2)
        self.assertIn("did you mean 'journal'?", err)


class UnknownTests(Shown):
    """
    Options that a command does not have.
    """

    def assertError(self, line: str, *words: str) -> None:
        """
        The command line is wrong, in these words.
        """
        status, out, err = self.run_(*line.split())
        self.assertEqual((status, out), (2, ""))
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_empty(self) -> None:
        """
        A proxy without a name.
        """
        for words in (("inspect", ""), ("toggle", "db", ""), ("toxic", "add", "", "-t", "x")):
            status, _, err = self.run_(*words)
            self.assertEqual(status, 2)
            self.assertIn("a proxy's name is empty", err)

    def test_reports(self) -> None:
        """
        A report that cannot be written is refused before the experiment runs.
        """
        path = self.mktemp()
        Path(path).write_text("proxies: {db: }\nmethod: [{hold: 2s}]")
        report = f"{self.mktemp()}/report.html"
        status, _, err = self.run_("experiment", "run", path, "--html", report)
        self.assertEqual(status, 1)
        self.assertIn(f"--html: cannot write {report}: its folder is not there", err)

    def test_misspelled(self) -> None:
        """
        The error is about a misspelled option, not about the one that is missing because of it.
        """
        self.assertError("create db --upsteam a:1", "did you mean --upstream?")
        self.assertError("toxic add db --tpye latency", "toxic add: ", "did you mean --type?")
        self.assertError("experiment run --htlm x", "experiment run: ", "did you mean --html?")

    def test_allAndOne(self) -> None:
        """
        One proxy cannot be chosen together with all.
        """
        reason = "--all chooses all proxies: remove --all or --proxy"
        self.assertError("normal --all --proxy db", reason)

    def test_optionOfABehavior(self) -> None:
        """
        The error says what to write instead, with the value.
        """
        self.assertError("set-behavior delay --sleep 2", "there is no option --sleep", "sleep=2")
        self.assertError("set-behavior delay --sleep=2", "write sleep=2\n")
        self.assertError("set-behavior error --retry-after --all", "retry_after=VALUE")
        self.assertError("toxic add db -t latency --latency 9", "write -a latency=9\n")

    def test_near(self) -> None:
        """
        A name that is nearly one of the command's.
        """
        self.assertError("set-behavior delay --prxoy db", "did you mean --proxy?")
        self.assertError("journal --lst 3", "did you mean --last?")
        self.assertError("state --xyz", "see vaurienctl state --help")
        self.assertError(
            "toxic remove db -n x --xyz",
            "vaurienctl toxic remove: ",
            "see vaurienctl toxic remove --help",
        )
        self.assertError("--hots http://x list", "there is no option --hots: did you mean --host?")
        self.assertError("--url http://x list", "there is no option --url: pick one of: --host, ")
        self.assertError("--json lits", "did you mean 'list'?")
        self.assertError("state more", "there is no argument for 'more': remove it")

    def test_nearAction(self) -> None:
        """
        A word that is nearly an action of a command, or a shell.
        """
        self.assertError("toxic ad db -t latency", "ACTION is not 'ad': did you mean 'add'?")
        self.assertError("--http-port 1 toxic --host a remve db", "did you mean 'remove'?")
        self.assertError("experiment chek a.toml", "ACTION is not 'chek': did you mean 'check'?")
        self.assertError("completion bsh", "SHELL is not 'bsh': did you mean 'bash'?")
        self.assertError("toxic", "ACTION is missing: pick one of: add, update, remove")
        self.assertError("help toxic nonsense", "ACTION is not 'nonsense'")
        self.assertError("completion xyw", "pick one of: bash, fish, zsh")


class JSONTests(Shown):
    """
    C{--json} of commands that ask no service.
    """

    def test_experiments(self) -> None:
        """
        A checked file, and its timeline; C{--json} may come before or after.
        """
        path = self.mktemp()
        Path(path).write_text("proxies: {db: }\nmethod: [{hold: 2s}]")
        checked = {"file": path, "title": "", "phases": 1, "conditions": 0}
        for words in (("--json", "experiment", "check"), ("experiment", "check", "--json")):
            self.assertEqual(json.loads(self.run_(*words, path)[1]), checked)
        [entry] = json.loads(self.run_("--json", "experiment", "run", path, "--dry-run")[1])
        self.assertEqual((entry["name"], entry["seconds"]), ("hold 1", 2.0))

    def test_without(self) -> None:
        """
        C{--json} causes a warning for a command without JSON.
        """
        status, _, err = self.run_("--json", "completion", "bash")
        self.assertEqual((status, err.count("\n")), (0, 1), err)
        self.assertIn("warning: --json has no effect", err)


class CompletionTests(Shown):
    """
    C{completion}.
    """

    def test_scripts(self) -> None:
        """
        Each shell has a script that knows every command.
        """
        for shell in ("bash", "zsh", "fish"):
            status, out, err = self.run_("completion", shell)
            self.assertEqual((status, err), (0, ""))
            for name in COMMANDS:
                self.assertIn(name, out)
        self.assertEqual(self.run_("completion", "tcsh")[0], 2)

    def test_missing(self) -> None:
        """
        Without the library the error says what to install.
        """
        with mock.patch.dict(sys.modules, {"shtab": None}):
            status, _, err = self.run_("completion", "bash")
        self.assertEqual(status, 1)
        self.assertIn("pip install shtab", err)

"""
Tests for L{vaurien_twisted.app.help}: the output of C{vaurien --help} and C{vaurien help}.
"""

from __future__ import annotations

import contextlib
import io

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.cli import main
from vaurien_twisted.app.tap import Options

#: The lines of two screens.
SCREENS = 80


class HelpTests(SynchronousTestCase):
    """
    Help for people.
    """

    def setUp(self) -> None:
        """
        A terminal of 80 columns.
        """
        self.patch(__import__("os"), "environ", {"COLUMNS": "80"})

    def said(self, *words: str) -> str:
        """
        The output of a command line that asks for help.
        """
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            done = self.assertRaises(SystemExit, Options().parseOptions, words)
        self.assertEqual(done.code, 0)
        return output.getvalue()

    def test_short(self) -> None:
        """
        It fits two screens, begins with examples, and has every option of the service.
        """
        text = self.said("--help")
        self.assertLessEqual(len(text.splitlines()), SCREENS)
        self.assertLess(text.index("vaurien --demo"), text.index("--protocol="))
        options = Options()
        for name, (place, _, _) in options.declared.items():
            if place == "settings":
                self.assertIn(f"--{name}", text)
        for words in (["help"], ["-h"], ["--http", "-h"]):
            self.assertEqual(self.said(*words), text)

    def test_topics(self) -> None:
        """
        Behaviors, protocols, one of each by any of its names, and everything.
        """
        options = Options()
        behaviors = self.said("help", "behaviors")
        for name in options.registry.behaviors:
            self.assertIn(f"\n  {name} ", behaviors)
        protocols = self.said("help", "protocols")
        for name in options.registry.wires:
            self.assertIn(f"\n  {name} ", protocols)
        self.assertIn("--behavior-delay-sleep=", self.said("help", "delay"))
        self.assertIn("It has no options.", self.said("help", "dummy"))
        self.assertIn("--protocol-mysql-tls=", self.said("help", "mysql"))
        everything = self.said("help", "all")
        for name in options.declared:
            self.assertIn(f"--{name}", everything)

    def test_commands(self) -> None:
        """
        Commands have the help that they show themselves.
        """
        for name in ("run", "mcp"):
            said = []
            for words in (["help", name], [name, "--help"]):
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    done = self.assertRaises(SystemExit, main, words, object())
                self.assertEqual(done.code, 0)
                said.append(output.getvalue())
            self.assertEqual(said[0], said[1])
            self.assertIn(f"usage: vaurien {name}", said[0])

    def refused(self, *words: str) -> str:
        """
        Why a command line is refused.
        """
        return str(self.assertRaises(UsageError, Options().parseOptions, words))

    def test_near(self) -> None:
        """
        Every misspelled topic gets the nearest.
        """
        for words, reason in (
            (["help", "dealy"], "there is no help about 'dealy': did you mean 'delay'?"),
            (["help", "behaviours"], "did you mean 'behaviors'?"),
            (["helpp"], "there is no command 'helpp': did you mean 'help'?"),
            (["delay"], "'delay' is not an option: write --behavior delay"),
            (
                ["--behavior", "delay", "--sleep", "2"],
                "there is no option --sleep: write --behavior-delay-sleep 2",
            ),
            (
                ["--behavior", "20:error,10:delay", "--sleep=2"],
                "there is no option --sleep: write --behavior-delay-sleep 2",
            ),
            (
                ["--behavior", "lifetime", "--jitter", "2"],
                "there is no option --jitter: write --behavior-lifetime-jitter 2",
            ),
            (
                ["--behavior", "delay", "sleep=2"],
                "'sleep=2' is not an option: write --behavior-delay-sleep 2",
            ),
            (["--proxi", "x"], "there is no option --proxi: did you mean '--proxy'?"),
        ):
            self.assertIn(reason, self.refused(*words))

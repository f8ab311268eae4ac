"""
Tests for L{vaurien_twisted.arguments}.
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.arguments import OneLineParser, checkOptions, optionsOf, parseAll


class OneLineTests(SynchronousTestCase):
    """
    Wrong command lines of a command with all kinds of arguments.
    """

    def setUp(self) -> None:
        """
        A command.
        """
        self.parser = OneLineParser("cook")
        self.parser.add_argument("dish")
        self.parser.add_argument("-s", "--spice", required=True)
        self.parser.add_argument("--minutes", type=int)
        self.parser.add_argument("--share", type=float)
        self.parser.add_argument("--with", nargs="+")
        heats = self.parser.add_mutually_exclusive_group()
        heats.add_argument("--hot", action="store_true")
        heats.add_argument("--cold", action="store_true")

    def refused(self, *words: str) -> str:
        """
        What is said about a command line, after the name of the command.
        """
        said = io.StringIO()
        with redirect_stderr(said):
            done = self.assertRaises(SystemExit, parseAll, self.parser, words)
        self.assertEqual(done.code, 2)
        name, _, line = said.getvalue().partition(": ")
        self.assertEqual((name, line.count("\n")), ("cook", 1))
        return line.strip()

    def test_lines(self) -> None:
        """
        Each has the cause and what to do, in one line.
        """
        fine = ("soup", "-s", "salt")
        for words, line in (
            ((), "dish and -s/--spice are missing: see cook --help"),
            (("soup",), "-s/--spice is missing: see cook --help"),
            (("soup", "-s"), "-s/--spice needs a value"),
            ((*fine, "--with"), "--with needs one or more values"),
            ((*fine, "--minutes", "ten"), "--minutes: 'ten' is not a whole number"),
            ((*fine, "--share", "half"), "--share: 'half' is not a number"),
            (
                (*fine, "--hot", "--cold"),
                "--cold cannot be given together with --hot: remove one",
            ),
            ((*fine, "now"), "there is no argument for 'now': remove it"),
            ((*fine, "--minuets=5"), "there is no option --minuets: did you mean --minutes?"),
            ((*fine, "--xyz"), "there is no option --xyz: see cook --help"),
            ((*fine, "-x"), "there is no option -x: see cook --help"),
        ):
            self.assertEqual(self.refused(*words), line, words)

    def test_misspelledBeforeMissing(self) -> None:
        """
        A misspelled option is told of rather than the one that is missing because of it.
        """
        self.assertEqual(
            self.refused("soup", "--spcie", "salt"),
            "there is no option --spcie: did you mean --spice?",
        )

    def test_colors(self) -> None:
        """
        Options are found in help that has colors, as that of Python 3.14 on a terminal.
        """
        plain = optionsOf(self.parser)
        self.assertIn("--minutes", plain)
        text = self.parser.format_help().replace("--minutes", "\x1b[1;36m--minutes\x1b[0m")
        self.patch(self.parser, "format_help", lambda: text)
        self.patch(self.parser, "format_usage", str)
        self.assertEqual(optionsOf(self.parser), plain)

    def test_fine(self) -> None:
        """
        What argparse takes is taken, values that look like options after C{--} included.
        """
        parsed = parseAll(self.parser, ("--spice=salt", "--min", "5", "--", "--spcie"))
        self.assertEqual((parsed.dish, parsed.minutes), ("--spcie", 5))
        checkOptions(self.parser, ("--help", "-s", "salt"))

# -*- test-case-name: tests.test_arguments -*-
"""
Command lines of C{vaurienctl}, C{vaurien run} and C{vaurien mcp}: a wrong one is refused in one
line, which has the cause and the nearest valid choice.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

#: The message of C{argparse} for missing arguments.
_REQUIRED = re.compile("the following arguments are required: (.*)")

#: Other messages of C{argparse}, and their replacements.
_WORDS = (
    (re.compile(r"argument ([^:]+): expected one argument", re.DOTALL), r"\1 needs a value"),
    (
        re.compile(r"argument ([^:]+): expected at least one argument", re.DOTALL),
        r"\1 needs one or more values",
    ),
    (
        re.compile(r"argument ([^:]+): invalid choice: (.*) \(choose from (.*)\)", re.DOTALL),
        r"\1 is not \2: pick one of: \3",
    ),
    (
        re.compile(r"argument ([^:]+): invalid int value: (.*)", re.DOTALL),
        r"\1: \2 is not a whole number",
    ),
    (
        re.compile(r"argument ([^:]+): invalid float value: (.*)", re.DOTALL),
        r"\1: \2 is not a number",
    ),
    (
        re.compile(r"argument ([^:]+): not allowed with argument (.*)", re.DOTALL),
        r"\1 cannot be given together with \2: remove one",
    ),
    (re.compile(r"argument ([^:]+): (.*)", re.DOTALL), r"\1: \2"),
)

#: The functions that complete file names, by shell (the documentation of C{shtab}, "FILE").
_FILES = {
    "bash": "_shtab_compgen_files",
    "zsh": "_files",
    "tcsh": "f",
    "fish": "(__fish_complete_path (commandline -ct))",
}

_COLOR = re.compile("\x1b\\[[0-9;]*m")

#: The least similarity of a suggested option, 0 to 1.
ALIKE = 0.75


class OneLineParser(argparse.ArgumentParser):
    """
    An C{ArgumentParser} whose errors are one line each, without the usage.
    """

    def error(self, message: str) -> NoReturn:
        """
        Print the error message, and exit with status 2.

        @raise SystemExit: always.
        """
        required = _REQUIRED.fullmatch(message)
        if required:
            *others, last = required[1].split(", ")
            missing = f"{', '.join(others)} and {last} are" if others else f"{last} is"
            message = f"{missing} missing: see {self.prog} --help"
        for theirs, ours in _WORDS:
            found = theirs.fullmatch(message)
            if found:
                message = found.expand(ours)
                break
        self.exit(2, f"{self.prog}: {message}\n")


def takesFile(action: argparse.Action) -> None:
    """
    Complete names of files for an argument.
    """
    # There shtab looks for it.
    vars(action)["complete"] = _FILES


def parseAll(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """
    Parse a command line without commands.

    @raise SystemExit: 2, it is wrong; 0, help was shown.
    """
    checkOptions(parser, arguments)
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(unknownWord(parser, unknown[0]))
    return parsed


def checkOptions(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """
    Refuse a misspelled option before C{argparse} reports missing arguments.

    @raise SystemExit: 2, there is one.
    """
    known = optionsOf(parser)
    for word in arguments:
        name = word.partition("=")[0]
        if word == "--":
            break
        if name.startswith("--") and not any(each.startswith(name) for each in known):
            close = nearOption(parser, name)
            if close:
                parser.error(f"there is no option {name}: did you mean {close}?")


def unknownWord(parser: argparse.ArgumentParser, word: str) -> str:
    """
    The error message for a word that the command line does not accept.
    """
    if not word.startswith("-"):
        return f"there is no argument for {word!r}: remove it"
    name = word.partition("=")[0]
    close = nearOption(parser, name)
    meant = f"did you mean {close}?" if close else f"see {parser.prog} --help"
    return f"there is no option {name}: {meant}"


def nearOption(parser: argparse.ArgumentParser, name: str) -> str:
    """
    The long option that is most similar to a name, C{""} if none is.
    """
    close = difflib.get_close_matches(name, optionsOf(parser), n=1, cutoff=ALIKE)
    return close[0] if close else ""


def optionsOf(parser: argparse.ArgumentParser) -> list[str]:
    """
    The long options of a parser.
    """
    # Python 3.14 colors the help on a terminal.
    text = _COLOR.sub("", parser.format_usage() + parser.format_help())
    words = re.split(r"[\s,\[\]|]+", text)
    return sorted({word for word in words if word.startswith("--")})
